"""A step that sees all rows is given what it made before, and comes to the same as over all rows at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfsft.engine import run as engine
from hfsft.engine.adding import Before, Columns
from hfsft.engine.ledger import Ledger
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Step, compare
from hfsft.rows.batch import Batch, Row
from tests.engine.held import held
from tests.engine.test_engine import Echo

KINDS = {"id": "string", "word": "string", "size": "int64"}


class Copies:
    """How many rows have the same word, and the smallest id of them; what is dear about a word is worked out once."""

    def __init__(self) -> None:
        self.worked: list[str] = []

    def __call__(self, batch: Batch) -> Batch:
        return self._counted(batch["id"], [self._dear(word) for word in batch["word"]])

    def add(self, batch: Columns, before: Before) -> Batch:
        assert len(before.gone) + (before.number >= 0).sum() == len(before.rows)
        known, new = before.rows["dear"], np.flatnonzero(before.number < 0)
        dear = [known[then] for then in before.number]
        for number, word in zip(new.tolist(), batch.of(new)["word"], strict=True):
            dear[number] = self._dear(word)
        return self._counted(batch["id"], dear)

    def _dear(self, word: str) -> str:
        self.worked.append(word)
        return word.upper()

    def _counted(self, ids: list[str], dear: list[str]) -> Batch:
        members = defaultdict(list)
        for row_id, word in zip(ids, dear, strict=True):
            members[word].append(row_id)
        return {
            "dear": dear,
            "copies": [len(members[word]) for word in dear],
            "first": [min(members[word]) for word in dear],
        }


def source(rows: list[tuple[str, str, int]], name: str = "source") -> Step:
    def read() -> Iterator[Row]:
        for row_id, word, size in rows:
            yield {"id": row_id, "word": word, "size": size}

    return Step(name, rows="source", writes=KINDS, identity={"rows": [list(row) for row in rows]}, work=held(read))


def steps(copies: Copies, at_most: int) -> tuple[Step, ...]:
    writes = {"dear": "string", "copies": "int64", "first": "string"}
    return (
        compare("small", Bound("small", "size", at_most=at_most)),
        Step("copies", sees="all", reads=("word",), optional=("id",), writes=writes, work=held(copies)),
    )


def build(folder: Path, rows: list[tuple[str, str, int]], copies: Copies, at_most: int = 9) -> list[Row]:
    return engine.run(Plan("toy", (source(rows), *steps(copies, at_most))), Echo(), folder, Ledger()).to_list()


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_added_to_comes_to_the_same_as_all_at_once(data: st.DataObject, tmp_path_factory: Any) -> None:
    folder, other = tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("cold")
    pool = [(f"r{number:02}", "abcde"[number % 5] * (number % 3 + 1), number % 10) for number in range(30)]
    for turn in range(data.draw(st.integers(2, 4))):
        rows = data.draw(st.lists(st.sampled_from(pool), min_size=1, unique=True))
        at_most = data.draw(st.sampled_from([3, 6, 9]))
        assert build(folder, rows, Copies(), at_most) == build(other / str(turn), rows, Copies(), at_most)


def test_only_what_is_new_is_worked_out(tmp_path: Path) -> None:
    rows = [(f"r{number}", f"w{number % 7}", number % 10) for number in range(50)]
    copies = Copies()
    build(tmp_path, rows, copies, 8)
    assert len(copies.worked) == 45
    for now, at_most, new in (
        ([*rows, ("s", "w9", 0)], 8, ["w9"]),  # a row more
        ([("s", "w9", 0), *rows[5:]], 8, []),  # rows less, and another order
        (rows, 9, [f"w{number % 7}" for number in range(9, 50, 10)]),  # rows that a bound let through
        (rows, 5, []),
    ):
        copies.worked.clear()
        build(tmp_path, now, copies, at_most)
        assert copies.worked == new


def test_another_version_makes_all_anew(tmp_path: Path) -> None:
    from dataclasses import replace

    rows = [("a", "x", 1), ("b", "y", 2)]
    copies = Copies()
    for version in (1, 2):
        small, all_rows = steps(copies, 9)
        plan = Plan("toy", (source([*rows, ("c", "z", version)]), small, replace(all_rows, version=version)))
        engine.run(plan, Echo(), tmp_path, Ledger())
    assert copies.worked == ["x", "y", "z", "x", "y", "z"]


def test_without_what_was_made_all_is_made_anew(tmp_path: Path) -> None:
    rows = [(f"r{number}", f"w{number % 7}", 0) for number in range(50)]
    first = build(tmp_path, rows, Copies())
    kept = [path for path in tmp_path.glob("*.arrow") if path.stat().st_size]
    build(tmp_path, [*rows, ("s", "w9", 0)], Copies())  # beside the first
    for path in kept:
        path.unlink()
    copies = Copies()
    assert build(tmp_path, rows, copies) == first
    assert len(copies.worked) == 50


@pytest.mark.parametrize("drop", [0, 7])
def test_a_wave_is_given_to_the_step_as_rows_that_are_new(tmp_path: Path, drop: int) -> None:
    rows = [(f"r{number}", f"w{number % 7}", number % 10) for number in range(60)]
    copies = Copies()
    waves = iter([source(rows[20:40], "second"), source(rows[40:], "third"), None])
    plan = Plan("toy", (source(rows[:20]), *steps(copies, 9 - drop)))
    ledger = Ledger()
    found = engine.run(plan, Echo(), tmp_path / "waves", ledger, more=lambda _: next(waves)).to_list()
    assert len(copies.worked) == len(found), "each row once"
    assert found == build(tmp_path / "cold", rows, Copies(), 9 - drop)
