"""Numbers are shown as a recipe writes them."""

from __future__ import annotations

import pytest

from hfsft.plain import digits


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
