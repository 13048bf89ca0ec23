"""What a browser sends as a verdict is checked before it is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hfsft.review.verdict_fields import checked
from tests.review.memory import CRITERIA, REASONS

EDITABLE = ("instruction", "response")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"verdict": "accept"}, {"verdict": "accept"}),
        ({"verdict": "skip", "note": "  ", "scores": {}, "edit": {}, "reason": ""}, {"verdict": "skip"}),
        ({"verdict": "reject", "reason": "style"}, {"verdict": "reject", "reason": "style"}),
        ({"verdict": "accept", "scores": {"relevance": 1}}, {"verdict": "accept", "scores": {"relevance": 1}}),
        ({"verdict": "accept", "edit": {"response": ""}}, {"verdict": "accept", "edit": {"response": ""}}),
        ({"verdict": "accept", "seconds": 0}, {"verdict": "accept", "seconds": 0.0}),
        ({"verdict": "accept", "note": "naïve \u202e\n"}, {"verdict": "accept", "note": "naïve \u202e"}),
    ],
)
def test_what_is_said_is_kept(sent: Any, kept: Any) -> None:
    assert checked(sent, CRITERIA, REASONS, EDITABLE) == kept


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (None, "a JSON object"),
        ([], "a JSON object"),
        ({}, "verdict is one of accept, reject, skip"),
        ({"verdict": "maybe"}, "verdict is one of"),
        ({"verdict": None}, "verdict is one of"),
        ({"verdict": "accept", "reviewer": "bob"}, "has no reviewer"),
        ({"verdict": "accept", "saw_scores": False}, "has no saw_scores"),
        ({"verdict": "accept", "reason": "style"}, "only a row that is rejected has a reason"),
        ({"verdict": "reject"}, "reason is one of wrong_answer"),
        ({"verdict": "reject", "reason": "ugly"}, "reason is one of"),
        ({"verdict": "reject", "reason": ["style"]}, "reason is one of"),
        ({"verdict": "accept", "scores": [5]}, "scores is a mapping"),
        ({"verdict": "accept", "scores": {"wit": 5}}, "no criterion wit (there are relevance, usefulness)"),
        ({"verdict": "accept", "scores": {"relevance": 6}}, "a whole number from 1 to 5"),
        ({"verdict": "accept", "scores": {"relevance": 0}}, "a whole number from 1 to 5"),
        ({"verdict": "accept", "scores": {"relevance": 2.5}}, "a whole number from 1 to 5"),
        ({"verdict": "accept", "scores": {"relevance": True}}, "a whole number from 1 to 5"),
        ({"verdict": "accept", "note": 5}, "note is a text"),
        ({"verdict": "accept", "note": "x" * 20_001}, "longer than 20,000 characters"),
        ({"verdict": "accept", "note": "\ud800"}, "half of a character"),
        ({"verdict": "accept", "edit": "new"}, "what instruction, response of the row shall say"),
        ({"verdict": "accept", "edit": {"id": "other"}}, "and not id"),
        ({"verdict": "accept", "edit": {"response": 5}}, "response is a text"),
        ({"verdict": "accept", "edit": {"response": "\udfff"}}, "half of a character"),
        ({"verdict": "reject", "reason": "style", "edit": {"response": "a"}}, "take the edit back"),
        ({"verdict": "accept", "seconds": -1}, "seconds is a number"),
        ({"verdict": "accept", "seconds": float("inf")}, "seconds is a number"),
        ({"verdict": "accept", "seconds": "3"}, "seconds is a number"),
        ({"verdict": "accept", "seconds": True}, "seconds is a number"),
    ],
)
def test_anything_else_is_refused_in_words(sent: Any, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        checked(sent, CRITERIA, REASONS, EDITABLE)


def test_without_reasons_a_rejection_needs_none() -> None:
    assert checked({"verdict": "reject", "reason": "style"}, CRITERIA, (), EDITABLE) == {"verdict": "reject"}
