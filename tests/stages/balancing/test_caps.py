"""Caps: shares and numbers hold in the end for all columns together, and no more rows go than must."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.stages.balancing.caps import Caps, Groups, possible, taken

VALUES = st.lists(st.sampled_from("abcdef") | st.none(), min_size=1, max_size=80)


def left(values: list[list[str | None]], *caps: Caps) -> list[int]:
    groups = [Groups.of(column, each.values) for column, each in zip(values, caps, strict=True)]
    rank = np.arange(len(values[0]))
    return np.flatnonzero(taken(caps, groups, [rank] * len(caps)) < 0).tolist()


@settings(max_examples=200, deadline=None)
@given(VALUES, st.sampled_from([0.1, 0.2, 0.25, 0.4, 0.5, 0.9]))
def test_no_value_has_more_than_its_share_and_as_many_rows_stay_as_can(values: list[str | None], share: float) -> None:
    found = Counter(values[row] for row in left([values], Caps(share_at_most=share)))
    sizes = Counter(values)
    named = [value for value in sizes if value]
    if not possible(Caps(share_at_most=share), np.array([sizes[each] for each in named]), len(values)):
        assert found == sizes
        return
    total = sum(found.values())
    assert all(found[each] <= share * total + 1e-6 for each in named)
    best = max(
        (
            sum(min(sizes[each], cap) for each in named) + sizes[None]
            for cap in range(len(values) + 1)
            if all(
                min(sizes[each], cap) <= share * (sum(min(sizes[v], cap) for v in named) + sizes[None]) + 1e-6
                for each in named
            )
        ),
        default=0,
    )
    assert total == best


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), min_size=1, max_size=60),
    st.sampled_from([0.25, 0.4, 0.6]),
    st.integers(1, 20),
)
def test_two_columns_hold_together(rows: list[tuple[str, str]], share: float, most: int) -> None:
    columns: Any = [list(each) for each in zip(*rows, strict=True)]
    caps = (Caps(share_at_most=share), Caps(rows_at_most=most))
    stay = left(columns, *caps)
    first, second = (Counter(column[row] for row in stay) for column in columns)
    assert all(count <= most for count in second.values())
    if possible(caps[0], np.array(list(first.values())), len(stay)):
        assert all(count <= share * len(stay) + 1e-6 for count in first.values())


def test_the_first_by_rank_stay() -> None:
    assert left([list("aaabab")], Caps(rows_at_most=2)) == [0, 1, 3, 5]


def test_only_the_values_that_are_named_are_bound() -> None:
    assert left([list("aaabbb")], Caps(rows_at_most=1, values=("b",))) == [0, 1, 2, 3]


def test_a_row_without_a_value_is_counted_and_never_goes() -> None:
    assert left([["a"] * 6 + [None] * 4], Caps(share_at_most=0.5)) == [0, 1, 2, 3, 6, 7, 8, 9]


@pytest.mark.parametrize("least", [Caps(rows_at_least=3), Caps(share_at_least=0.5)])
def test_no_rule_takes_what_another_needs(least: Caps) -> None:
    rows = list(product("ab", "xxx"))
    columns: Any = [[a for a, _ in rows], [f"{a}{x}" for a, x in rows]]
    stay = left(columns, least, Caps(rows_at_most=2))
    assert Counter(columns[0][row] for row in stay)["a"] >= 2
    kept = Counter(columns[0][row] for row in stay)
    assert kept["a"] >= 3 or least.share_at_least


def test_a_share_that_cannot_be_takes_no_row() -> None:
    assert left([list("aaaabc")], Caps(share_at_most=0.2)) == [0, 1, 2, 3, 4, 5]
