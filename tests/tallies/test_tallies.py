"""Counts of very many values: the same as of all at once, and of bounded size."""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from statistics import median

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.tallies.column_values import ColumnValues, chained
from hfsft.tallies.distributions import Bars, Ranked, Span, bars, edges
from hfsft.tallies.frequent import Frequent, frequent
from hfsft.tallies.lowest import Lowest
from hfsft.tallies.middle import Middle

numbers = st.lists(st.floats(-1e6, 1e6) | st.integers(-50, 50).map(float), max_size=60)
parts = st.lists(numbers, max_size=6)


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=300), st.integers(1, 40), st.integers(1, 9))
def test_what_is_met_often_is_counted_exactly(values: list[int], most: int, at_once: int) -> None:
    found = Frequent[int](most)
    for start in range(0, len(values), at_once):
        found.update(values[start : start + at_once])
    every = Counter(values)
    assert found.total == len(values)
    assert found.exact == (found.counts == every)
    assert len(found.counts) <= 2 * most
    for value, count in every.items():
        assert count - len(values) / most <= found.counts[value] <= count
    again = frequent(lambda: values, most)
    assert all(again.counts[value] == every[value] for value in again.counts)
    assert {value for value, count in every.items() if count > len(values) / most} <= set(again.counts)


def test_all_that_are_met_often_stay_among_very_many_others() -> None:
    often = [number % 20 if number % 20 < 9 and number % 2_000 > 99 else 1_000 + number for number in range(200_000)]
    assert set(range(9)) - set(frequent(lambda: often, 24).counts) == set()


def test_the_lowest_of_very_many_keys_are_kept() -> None:
    keys = [(number * 7919 % 10_007).to_bytes(2, "big") for number in range(10_000)]
    drawn = Lowest(7)
    for place, key in enumerate(keys):
        drawn.add(key, place)
    assert [keys[place] for place in drawn.items()] == sorted(keys)[:7]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=60), max_size=5), st.integers(1, 40))
def test_counts_of_parts_are_put_together(parts: list[list[int]], most: int) -> None:
    whole, every = Frequent[int](most), Counter(value for part in parts for value in part)
    for part in parts:
        one = Frequent[int](most)
        one.update(part)
        whole.merge(one)
    assert whole.total == every.total()
    assert {value for value, count in every.items() if count > every.total() / most} <= set(whole.counts)
    assert whole.exact == (whole.counts == every)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=2), max_size=300), st.integers(0, 9))
def test_the_lowest_keys_are_kept(keys: list[bytes], count: int) -> None:
    drawn = Lowest(count)
    for place, key in enumerate(keys):
        drawn.add(key, place)
    assert drawn.items() == nsmallest(count, range(len(keys)), key=lambda place: (keys[place], place))
    assert drawn.added == len(keys)


@settings(deadline=None)
@given(parts, parts, st.integers(1, 50))
def test_numbers_in_parts_are_as_all_at_once(kept: list[list[float]], out: list[list[float]], few: int) -> None:
    stay, fell = (np.array([value for part in side for value in part]) for side in (kept, out))
    both, spans = np.concatenate([stay, fell]), (Span(few), Span(few))
    for side, span in zip((kept, out), spans, strict=True):
        for part in side:
            span.add(np.array(part))
    whole = spans[0]
    whole.merge(spans[1])
    assert whole.count == len(both)
    if not len(both):
        return
    assert (whole.low, whole.high, whole.whole) == (both.min(), both.max(), not (both % 1).any())
    values = np.unique(both)
    assert whole.values is None if len(values) > few else values.tolist() == (whole.values.tolist())  # type: ignore[union-attr]
    sides = edges(whole)
    counts = Bars(sides), Bars(sides)
    ranks = Ranked(values.tolist())
    for side, bar in zip((kept, out), counts, strict=True):
        for part in side:
            bar.add(np.array(part))
            ranks.add(np.array(part))
    found = bars(*counts)
    assert [each["kept"] for each in found] == np.histogram(stay, sides)[0].tolist()
    assert sum(each["kept"] + each["removed"] for each in found) == len(both)
    assert ranks.at_least.tolist() == [int((both >= value).sum()) for value in values]
    assert ranks.at_most.tolist() == [int((both <= value).sum()) for value in values]


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6) | st.integers(-9, 9).map(float), min_size=1, max_size=200), st.integers(1, 300))
def test_the_median_is_exact_of_few_and_near_of_many(values: list[float], most: int) -> None:
    found = Middle(most)
    for value in values:
        found.add(value)
    assert (found.low, found.high) == (min(values), max(values))
    if len(set(values)) <= most:
        assert found.median() == median(values)
    if most >= 200:
        assert len(found._counts) <= most


def test_the_median_of_very_many_different_numbers_has_four_digits() -> None:
    found = Middle()
    for number in range(100_001):
        found.add(number * 7919 % 100_003 / 100_003)
    assert abs(found.median() - 0.5) < 1e-4


def test_a_column_is_read_anew_each_time() -> None:
    read = []

    def values() -> list[int]:
        read.append(1)
        return [1, 2, 3]

    column = ColumnValues(values, 3)
    both = chained(column, [4])
    assert (len(both), bool(both), read) == (4, True, [])
    assert list(both) == list(both) == [1, 2, 3, 4]
    assert 2 in column
    assert 5 not in column
    assert (len(ColumnValues(values)), bool(ColumnValues(list))) == (3, False)
