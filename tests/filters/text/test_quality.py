"""quality: the weighted mean of parts that need no model."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import ArgumentError
from hfsft.filters.text.quality import Quality

LONG = "# Opening\n\n" + " ".join(f"On day {day} we open at {day % 12} and close later." for day in range(1, 9))


def measured(text: str, **arguments: Any) -> float:
    (value,) = Quality(**arguments).measure({"response": [text]})["quality_response"]
    return float(value)


def test_without_weights_it_is_length_structure_and_phrases() -> None:
    assert measured(LONG) == 1
    assert measured("We open at nine.") == pytest.approx(0.4 * 4 / 50 + 0.3)
    assert measured(f"As an AI language model, I have no opinion.\n\n{LONG}") == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("part", "text", "value"),
    [
        ("length", "one two three four five", 0.1),
        ("length", "word " * 1600, 0.5),
        ("structure", "No dots", 0),
        ("structure", "One. Two.", 0.5),
        ("structure", "- one\n- two", 1),
        ("phrases", "I'm sorry, but I cannot help with that.", 0),
        ("phrases", "我们九点开门。", 1),
        ("repetition", "We open at nine.", 1),
        ("spelling", "The cafÃ© opens.", 0.5),
        ("spelling", "The cafÃ© op\u200bens.", 0.25),
    ],
)
def test_each_part_lies_between_0_and_1(part: str, text: str, value: float) -> None:
    assert measured(text, **{part: 2}) == pytest.approx(value)


def test_loops_take_from_it() -> None:
    assert measured("please wait " * 100, repetition=1) < 0.2


def test_bounds_of_length_are_ones_own() -> None:
    assert measured("We open at nine.", length=1, shortest=4) == 1
    with pytest.raises(ArgumentError, match="shortest 9 is above longest 3"):
        Quality(shortest=9, longest=3)


def test_the_ledger_is_told_the_parts() -> None:
    found = Quality().measure({"response": ["We open at nine."]})
    assert found["quality_response_found"] == ["length 0.08, structure 0, phrases 1"]
