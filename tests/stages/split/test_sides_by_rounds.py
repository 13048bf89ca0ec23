"""The sides of scattered rows are those of rows in one process."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.spread.scattered import Scattered
from hfsft.rows.batch import Batch
from hfsft.rows.features import arrow_schema
from hfsft.stages.selecting.twin import BOTH, CHOSEN, RANDOM, SELECTED
from hfsft.stages.split.draw import FREE, SEEN, Group, taken
from hfsft.stages.split.row_families import KEYS
from hfsft.stages.split.scattering import side_rounds
from hfsft.stages.split.sides import Giving
from tests.engine.spread.rounds import scattered, spread_out
from tests.fuzz.bounds import tries

KINDS = {KEYS: ["string"], "family": "string", "topic": "string", "level": "float64", CHOSEN: "string"}
SHARES = [(0.1, 0.0), (0.1, 0.05), (0.0, 0.2), (0.5, 0.4), (0.02, 0.01), (0.0, 0.0)]


def rows_of(
    draw: random.Random, count: int, families: int, topics: int, *, chosen: bool = False, large: bool = False
) -> Batch:
    numbers = [int(draw.paretovariate(0.6)) if large else draw.randrange(families) for _ in range(count)]
    numbers = [number % families for number in numbers]
    choice = [draw.choice([SELECTED, RANDOM, BOTH]) for _ in range(count)]
    return {
        KEYS: [[f"f{number}", f"q{place}"] for place, number in enumerate(numbers)],
        "family": [f"f{number}" for number in numbers],
        "topic": [draw.choice([None, "", *(f"é{each}" for each in range(topics))]) for _ in range(count)],
        "level": [draw.choice([None, 1.0, 2.5]) for _ in range(count)],
        **({CHOSEN: choice} if chosen else {}),
    }


def known_of(draw: random.Random, rows: Batch) -> dict[str, Any]:
    often = draw.choice([0, 0.05, 0.4, 1])
    there = dict.fromkeys(key for keys in rows[KEYS] for key in keys)
    return {key: draw.choice(SEEN) for key in (*there, "gone") if draw.random() < often}


def assert_given(giving: Giving, rows: Batch, cut: int | None = None, over: Scattered | None = None) -> Batch:
    wanted = giving(rows)
    assert spread_out(giving, scattered(rows, KINDS, cut, over), len(rows["family"]), {"split": "string"}) == wanted
    return wanted


@given(
    st.integers(0, 10**6),
    st.integers(1, 200),
    st.sampled_from([1, 2, 40, 300]),
    st.sampled_from([1, 5, 40]),
    st.sampled_from(SHARES),
    st.booleans(),
    st.sampled_from(["topic", "level"]),
    st.sampled_from([None, 13]),
)
@tries(60)
def test_sides_are_the_same(
    seed: int,
    count: int,
    families: int,
    topics: int,
    shares: tuple[float, float],
    chosen: bool,
    stratify: str,
    cut: int | None,
) -> None:
    draw = random.Random(seed)
    rows = rows_of(draw, count, families, topics, chosen=chosen, large=seed % 3 == 0)
    known = known_of(draw, rows)
    assert_given(Giving(lambda: known, shares[0], stratify, shares[1]), rows, cut)


@pytest.mark.parametrize("known", [0.0, 0.3])
def test_of_many_families_few_are_held_in_this_process(known: float, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def counted(free: Any, *told: Any) -> Any:
        drawn.append(len(free))
        return taken(free, *told)

    monkeypatch.setattr(side_rounds, "taken", counted)
    draw = random.Random(3)
    rows = rows_of(draw, 20_000, 9_000, 3)
    stood = {f"f{number}": draw.choice(SEEN) for number in range(9_000) if draw.random() < known}
    found = assert_given(Giving(lambda: stood, 0.1, "topic", 0.05), rows)
    assert len(drawn) == 2, "nobody had to look at all families"
    assert drawn[0] < 0.25 * 9_000
    if not known:
        assert Counter(found["split"])["test"] == 1_000


@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.3, 0.6]), st.sampled_from([0.05, 0.2, 0.5, 0.8]))
@tries(150)
def test_of_some_families_what_all_would_give_or_nothing(seed: int, share: float, given: float) -> None:
    draw = random.Random(seed)
    size = range(draw.randrange(2, 60))
    columns = [[f"f{place}" for place in size], [draw.choice(["=a", "=b"]) for _ in size]]
    columns += [[draw.choice([1, 1, 2, 9]) for _ in size], *([draw.random() for _ in size] for _ in range(2))]
    free = pa.table(columns, schema=arrow_schema(FREE))
    groups = {}
    for name in set(columns[1]):
        sizes = [size for size, group in zip(columns[2], columns[1], strict=True) if group == name]
        held = draw.choice([0, 0, 5])
        groups[name] = Group(sum(sizes) + held, held, sum(sizes), len(sizes))
    wanted = taken(free, groups, share, len(free) + 2, 1)
    assert wanted is not None
    found = taken(free.filter(pc.less(free["drawn"], given)), groups, share, len(free) + 2, 1)
    assert found is None or found == wanted


@pytest.mark.lasting
def test_sides_over_daft(tmp_path: Path) -> None:
    for number, chosen in enumerate((True, False)):
        draw = random.Random(number)
        rows = rows_of(draw, 400, 150, 5, chosen=chosen)
        known = {key: side for key, side in known_of(random.Random(2), rows).items() if draw.random() < 0.2}
        rounds = Rounds(WorkFolder.of(tmp_path), f"sides {number}")
        giving = Giving(lambda known=known: known, 0.1, "topic", 0.05)  # type: ignore[misc]
        assert_given(giving, rows, over=Shuffled(lambda _: None, {}, rounds))
