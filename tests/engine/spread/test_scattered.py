"""Rows that lie somewhere are worked on as they would be in one list of this process."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.resources import Work
from hfsft.engine.spread.in_memory import AllHere
from hfsft.engine.spread.scattered import Scattered, starts
from hfsft.errors import InternalError
from hfsft.rows.features import arrow_schema
from tests.engine.spread.works import SIZES, WORKS
from tests.fuzz.bounds import tries

KINDS = {"a": "string", "n": "int64"}
rows = st.lists(st.tuples(st.sampled_from(["x", "y", "", None]), st.integers(0, 5)), max_size=12)


def here(values: list[tuple[Any, ...]], cut: int | None = None, kinds: dict[str, Any] = KINDS) -> Scattered:
    columns = zip(*values, strict=True) if values else [()] * len(kinds)
    return AllHere(pa.table(list(map(list, columns)), schema=arrow_schema(kinds)), kinds, cut)


def said(scattered: Scattered) -> list[tuple[Any, ...]]:
    """The rows, in an order that does not hang on where they lie."""
    assert scattered.collected().schema == arrow_schema(scattered.kinds)
    return sorted((tuple(row.values()) for row in scattered.collected().to_pylist()), key=repr)


@given(rows, st.sampled_from([None, 1, 3]))
@tries(50)
def test_each_row_and_each_group_comes_to_the_same_however_rows_are_cut(
    values: list[tuple[Any, ...]], cut: int | None
) -> None:
    table = here(values, cut)
    made = table.through(Work(WORKS + "doubling"), {"twice": "int64", "a": "string"})
    assert said(made) == sorted(((2 * n, a) for a, n in values for _ in range(n % 3)), key=repr)
    groups = defaultdict(list)
    for a, n in values:
        groups[a].append(n)
    told = sorted(((a, len(each), min(each)) for a, each in groups.items()), key=repr)
    assert said(table.grouped(["a"], Work(WORKS + "sizes"), SIZES)) == told
    assert said(table.told(["a"], {"size": ("count", "a"), "smallest": ("min", "n")})) == told
    assert said(table.distinct()) == sorted(set(values), key=repr)
    assert said(table.also(table)) == sorted(values * 2, key=repr)
    assert table.kept("again").count() == len(values)


@given(rows, rows)
@tries(50)
def test_rows_stand_beside_those_with_the_same_key(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> None:
    other = here(right).only({"a": "a", "m": "n"})
    beside = [(a, n, m) for a, n in left for b, m in right if a == b and a is not None]
    alone = [(a, n, None) for a, n in left if a is None or a not in {b for b, _ in right}]
    assert said(here(left).joined(other, ["a"])) == sorted(beside, key=repr)
    assert said(here(left).joined(other, ["a"], "left")) == sorted(beside + alone, key=repr)


@given(rows)
@tries(50)
def test_a_group_begins_where_a_key_is_another_one(values: list[tuple[Any, ...]]) -> None:
    values = sorted(values, key=repr)
    told = [number for number, row in enumerate(values) if number == 0 or row != values[number - 1]]
    assert starts(here(values).collected(), list(KINDS)).tolist() == told


def test_what_is_done_wrong_is_told() -> None:
    with pytest.raises(InternalError, match="made the columns \\['a'\\], not \\['b'\\]"):
        here([("x", 1)]).through(Work(WORKS + "fewer"), {"b": "string"})
    with pytest.raises(InternalError, match="both have the columns \\['n'\\]"):
        here([]).joined(here([]), ["a"])
