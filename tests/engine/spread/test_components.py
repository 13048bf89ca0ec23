"""Items that pairs join belong together, by rounds as by one process."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.spread import components as tested
from hfsft.engine.spread.components import COMPONENT, components
from hfsft.engine.spread.in_memory import AllHere
from hfsft.engine.spread.scattered import NUMBER
from hfsft.rows.features import arrow_schema
from hfsft.similarity import families
from tests.fuzz.bounds import tries

KINDS = {"one": "int64", "other": "int64"}
ITEMS = st.integers(0, 14)


def found(pairs: list[tuple[int, int]], few: int, cut: int | None = None) -> dict[int, int]:
    columns = list(zip(*pairs, strict=True)) or [(), ()]
    table = pa.table([list(each) for each in columns], schema=arrow_schema(KINDS))
    made = components(AllHere(table, KINDS, cut), few).collected()
    told = dict(zip(made[NUMBER].to_pylist(), made[COMPONENT].to_pylist(), strict=True))
    assert len(told) == made.num_rows, "one row for each item"
    return told


@given(st.lists(st.tuples(ITEMS, ITEMS), max_size=16), st.integers(1, 5))
@tries(200)
def test_by_rounds_as_by_one_process(pairs: list[tuple[int, int]], cut: int) -> None:
    root = families(15, pairs)
    wanted = {item: root[item] for one, other in pairs if one != other for item in (one, other)}
    assert found(pairs, few=100) == wanted
    assert found(pairs, few=0, cut=cut) == wanted


@pytest.mark.parametrize("few", [0, 10**6])
def test_a_long_chain(few: int) -> None:
    numbers = np.random.default_rng(1).permutation(3000).tolist()
    chain = list(pairwise(numbers))
    assert set(found(chain, few).values()) == {0}


def test_an_end_that_never_comes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tested, "MOST_ROUNDS", 1)
    with pytest.raises(tested.InternalError, match="not found in 1 rounds"):
        found([(number, number + 1) for number in range(50)], few=0)
