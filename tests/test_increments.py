"""Steps that compare all rows, when rows come, go and move: the same as from nothing, and only what is new is made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.filters import ExactDuplicate, NearDuplicate
from hfsft.filters.duplicates.common import Duplicates
from hfsft.rows.batch import Batch, Row
from hfsft.rows.columns import COLUMNS
from hfsft.rows.row import new_row
from hfsft.stages.split import Split
from hfsft.stages.split.row_families import Sketching
from tests.engine.held import held
from tests.engine.test_engine import Echo
from tests.similarity.lexical.test_packed import framed
from tests.stages.helpers import CONTEXT

SLOW = [HealthCheck.function_scoped_fixture]


def rows_of(draw: random.Random, count: int) -> list[Row]:
    """Questions of a few frames, near copies and copies of some, under two system prompts, some with a context."""
    texts = framed(draw, count)
    texts += [text.replace(" ", f" {draw.choice(['please', 'now'])} ", 1) for text in texts[::4]]
    texts += [text.upper() for text in texts[::7]]
    found = {}
    for text in texts:
        row = {"instruction": text, "response": "Yes.", "system": draw.choice([None, None, "Be brief."])}
        made = new_row("example", {**row, "context": draw.choice([None, None, text[:40], texts[0]])})
        found[made["id"]] = made
    return list(found.values())


def source(rows: list[Row], name: str = "source") -> Step:
    def read() -> Iterator[Row]:
        for row in rows:
            yield {column: row.get(column) for column in COLUMNS}

    return Step(name, rows="source", writes=COLUMNS, identity={"rows": [row["id"] for row in rows]}, work=held(read))


def steps(at_most: float = 0.8) -> list[Step]:
    return [*ExactDuplicate().steps(), *NearDuplicate(at_most=at_most).steps(), *Split(validation=0.3).steps(CONTEXT)]


def built(folder: Path, rows: list[Row], at_most: float = 0.8) -> tuple[list[Row], list[Row], dict[str, bool]]:
    ledger = Ledger()
    left = engine.run(Plan("toy", (source(rows), *steps(at_most))), Echo(), folder, ledger)
    gone = [entry for removal in ledger.removals for entry in removal.entries()]
    return left.to_list(), gone, {line.step: line.cached for line in ledger.funnel}


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even ten rows are all compared."""
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)


@pytest.mark.usefixtures("many")
@settings(deadline=None, max_examples=8, suppress_health_check=SLOW)
@given(data=st.data())
def test_rows_that_come_go_and_move_leave_what_a_build_from_nothing_leaves(
    data: st.DataObject, tmp_path_factory: Any
) -> None:
    draw = random.Random(data.draw(st.integers(0, 10**6)))
    folder, other = tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("cold")
    pool = rows_of(draw, data.draw(st.integers(20, 120)))
    rows = draw.sample(pool, len(pool) // 2)
    for turn in range(data.draw(st.integers(2, 4))):
        at_most = data.draw(st.sampled_from([0.7, 0.8]))
        assert built(folder, rows, at_most)[:2] == built(other / str(turn), rows, at_most)[:2]
        kept = draw.sample(rows, draw.randint(1, len(rows)))  # some are gone, the others stand elsewhere
        rows = [*kept, *draw.sample([row for row in pool if row not in kept], draw.randint(0, len(pool) - len(kept)))]
        if draw.random() < 0.5:
            rows = rows[::-1]


@pytest.mark.usefixtures("many")
def test_waves_leave_what_one_build_of_all_rows_leaves(tmp_path: Path) -> None:
    rows = rows_of(random.Random(5), 150)
    waves = iter([source(rows[80:120], "second"), source(rows[120:], "third"), None])
    plan = Plan("toy", (source(rows[:80]), *steps()))
    found = engine.run(plan, Echo(), tmp_path / "waves", Ledger(), more=lambda _: next(waves)).to_list()
    assert found == built(tmp_path / "cold", rows)[0]


@pytest.mark.usefixtures("many")
def test_only_rows_that_are_new_are_sketched_and_only_what_may_be_alike_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of(random.Random(6), 300)
    built(tmp_path, rows[:-4])
    looked: dict[str, list[int]] = {}

    def counting(kind: type, name: str) -> None:
        method = getattr(kind, name)

        def counted(self: Any, batch: Batch) -> Any:
            looked.setdefault(name, []).append(len(next(iter(batch.values()))))
            return method(self, batch)

        monkeypatch.setattr(kind, name, counted)

    for kind, name in ((ExactDuplicate, "keys"), (NearDuplicate, "sketches"), (Sketching, "__call__")):
        counting(kind, name)
    wanted = built(tmp_path / "cold", rows)
    looked.clear()
    assert built(tmp_path, rows)[:2] == wanted[:2]
    assert looked == {"keys": [4], "sketches": [4]}, "what was sketched for near copies is a sketch for families"
    looked.clear()
    counting(Duplicates, "compared")
    built(tmp_path, [row for row in rows if row != rows[7]])
    assert sum(looked["compared"]) < len(rows)


def test_near_copies_and_families_share_what_they_look_at(tmp_path: Path) -> None:
    rows = rows_of(random.Random(7), 60)
    assert built(tmp_path, rows)[2]["split.sketch"], "made by the filter before"
    near, split = NearDuplicate().steps()[0], Split().steps(CONTEXT)[1]
    assert near.fingerprint("x") == split.fingerprint("x")
    assert near.fingerprint("x") != Split(similarity=0.7).steps(CONTEXT)[1].fingerprint("x")
    assert near.fingerprint("x") != NearDuplicate(column="response").steps()[0].fingerprint("x")


@pytest.mark.usefixtures("many")
def test_a_wave_writes_what_is_new(tmp_path: Path) -> None:
    rows = rows_of(random.Random(8), 2000)

    def size() -> int:
        return sum(path.stat().st_size for path in tmp_path.iterdir())

    start = len(rows) * 9 // 10
    built(tmp_path, rows[:start])
    first = size()
    built(tmp_path, rows)
    assert size() - first < 0.17 * first, "a ninth of the rows, and how the others stand now"
    second = size()
    built(tmp_path, [*rows, new_row("example", {"instruction": "Where is the key of the hut?", "response": "Here."})])
    assert size() - second < 0.03 * first
