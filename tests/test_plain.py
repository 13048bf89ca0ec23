"""Numbers are shown as a recipe writes them."""

from __future__ import annotations

from math import nextafter

import pytest

from hfsft.plain import beside, digits, limits


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1_000_000, "1000000"),
        (1e6, "1000000"),
        (0.8, "0.8"),
        (2.0, "2"),
        (0.87878788, "0.878788"),
        (-0.0, "0"),
        (-3, "-3"),
    ],
)
def test_numbers_are_shown_in_digits(number: float, shown: str) -> None:
    assert digits(number) == shown


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ((None, 0.7), "at_most 0.7"),
        ((2, 5.0), "at_least 2 at_most 5"),
        ((None, nextafter(0.7, 0)), "below 0.7"),
        ((nextafter(3.0, 4), None), "above 3"),
        ((None, 0.1 + 0.2), "at_most 0.3"),
        ((None, None), ""),
    ],
)
def test_bounds_are_told_with_what_they_exclude(bounds: tuple[float | None, float | None], told: str) -> None:
    assert limits(*bounds) == told


def test_a_number_is_told_from_the_bound_that_it_passes() -> None:
    assert beside("at_most 0.7", 0.70000001, "0.7") == "0.70000001"
    assert beside("below 0.7", 0.7, "0.7") == "0.7"
    assert beside("at_most 0.7", 0.9, "0.9") == "0.9"
