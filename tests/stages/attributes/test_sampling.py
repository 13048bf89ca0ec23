"""Combinations of attributes: within one row of their shares at every count, whatever the weights."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.stages.attributes import sampling
from hfsft.stages.attributes.sampling import FairTurns, Sampler
from hfsft.stages.attributes.shares import AttributeShares


def shares_of(*attributes: Any) -> AttributeShares:
    """Attributes as `(name, weights)`, or `(name, the one it depends on, weights by its values)`."""
    told = [(each[0], None, {"": each[1]}) if len(each) == 2 else each for each in attributes]
    return AttributeShares.of([{"name": name, "given": on, "weights": weights} for name, on, weights in told])


TONE = ("tone", {"casual": 3, "urgent": 1, "formal": 1})
INTENT = ("intent", {"book": 1, "move": 1, "cancel": 1, "ask": 1})
SECTOR = ("sector", {"retail": 0.7, "banking": 0.3})
TOPIC = ("topic", "sector", {"retail": {"returns": 1, "sizes": 2}, "banking": {"cards": 1, "loans": 5, "returns": 3}})
MANY = [(f"n{place}", {str(value): 1 + value % 3 for value in range(8)}) for place in range(4)]


def off(drawn: list[tuple[str, ...]], shares: AttributeShares) -> Fraction:
    """The most that any combination is off its share, over all counts of rows."""
    wanted, has, most = shares.combinations(), Counter[tuple[str, ...]](), Fraction(0)
    for count, combination in enumerate(drawn, 1):
        has[combination] += 1
        most = max(most, *(abs(has[each] - count * share) for each, share in wanted.items()))
    return most


@pytest.mark.parametrize(
    "shares", [shares_of(TONE), shares_of(TONE, INTENT), shares_of(TOPIC, SECTOR), shares_of(TONE, SECTOR, TOPIC)]
)
def test_every_combination_is_within_one_row_of_its_share_at_every_count(shares: AttributeShares) -> None:
    assert off(Sampler(shares, "a").slots(0, 400), shares) < 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0.1, 0.5, 1, 2, 3, 7, 0.333]), min_size=1, max_size=4), min_size=1, max_size=3)
)
def test_so_it_is_for_whatever_weights(weights: list[list[float]]) -> None:
    shares = shares_of(*((f"a{at}", {str(n): w for n, w in enumerate(each)}) for at, each in enumerate(weights)))
    assert off(Sampler(shares, "a").slots(0, 150), shares) < 1


def test_values_and_pairs_are_met_while_there_are_fewer_rows_than_combinations() -> None:
    shares = shares_of(*MANY)
    drawn = Sampler(shares, "a").slots(0, 120)
    for place, attribute in enumerate(shares.attributes):
        has = Counter(each[place] for each in drawn)
        assert all(abs(has[value] - 120 * share) < 3 for value, share in attribute.shares[""].items())
    assert max(Counter(each[:2] for each in drawn).values()) <= 6  # 120 rows over 64 pairs of weights 1 to 9


def test_more_combinations_than_are_listed_are_within_a_row_for_each_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = shares_of(TONE, SECTOR, TOPIC)
    monkeypatch.setattr(sampling, "FLAT", 1)
    assert off(Sampler(listed, "a").slots(0, 400), listed) < 3
    huge = shares_of(*((f"n{place}", {str(value): 1 for value in range(10)}) for place in range(12)))
    drawn = Sampler(huge, "a").slots(0, 200)
    assert len(set(drawn)) == 200
    assert all(
        abs(Counter(each[place] for each in drawn)[value] - 20) <= 3 for place in range(12) for value in "0123456789"
    )


def test_more_rows_change_none_and_another_source_has_another_order() -> None:
    shares = shares_of(TONE, INTENT)
    first = Sampler(shares, "a").slots(0, 50)
    assert Sampler(shares, "a").slots(0, 20) == first[:20]
    assert Sampler(shares, "a").slots(20, 50) == first[20:]
    assert Sampler(shares, "b").slots(0, 50) != first
    turned = shares_of(("tone", dict(reversed(TONE[1].items()))), INTENT)
    assert Sampler(turned, "a").slots(0, 50) == first


def test_the_combination_that_lacks_most_of_what_was_accepted_comes_next() -> None:
    shares = shares_of(INTENT)
    assert Sampler(shares, "a").slots(4, 5, {("book",): 3, ("move",): 3, ("ask",): 3}) == [("cancel",)]
    refilled = Counter(Sampler(shares, "a").slots(9, 20, {("book",): 3, ("move",): 3, ("ask",): 3}))
    assert refilled == {("cancel",): 5, ("book",): 2, ("move",): 2, ("ask",): 2}
    both = shares_of(TONE, INTENT)
    have = {each: 12 if each[0] == "casual" else 4 for each in both.combinations()}
    have["urgent", "ask"] = 0
    assert set(Sampler(both, "a").slots(100, 103, have)) == {("urgent", "ask")}


def test_waves_over_more_combinations_than_are_listed_fill_what_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FLAT", 1)
    shares = shares_of(TONE, INTENT)
    have = {each: 12 if each[0] == "casual" else 4 for each in shares.combinations() if each != ("urgent", "ask")}
    drawn = Sampler(shares, "a").slots(100, 103, {**have, ("unknown", "ask"): 5})
    assert drawn.count(("urgent", "ask")) >= 2


def test_what_may_be_drawn_is_never_nothing() -> None:
    turns = FairTurns([Fraction(1, 3), Fraction(1, 6), Fraction(1, 2)])
    for _ in range(200):
        turns.draw(int(turns.may().nonzero()[0][-1]))
    assert turns._drawn == [67, 33, 100] or turns._drawn == [66, 34, 100] or sum(turns._drawn) == 200
