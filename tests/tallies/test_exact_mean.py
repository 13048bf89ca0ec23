"""The mean of numbers of which none is held."""

from __future__ import annotations

from statistics import fmean

from hypothesis import given
from hypothesis import strategies as st

from hfsft.tallies.exact_mean import ExactMean

NUMBERS = st.lists(st.integers(-9, 9) | st.floats(-1e200, 1e200, allow_nan=False), max_size=40)


@given(NUMBERS)
def test_it_is_the_mean_to_the_last_bit(numbers: list[float]) -> None:
    found = ExactMean()
    for number in numbers:
        found.add(number)
    assert (found.mean, found.count) == (fmean(numbers) if numbers else None, len(numbers))
