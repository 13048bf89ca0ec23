"""A verdict is one line of JSON, and a line that is none says what is wrong with it."""

from __future__ import annotations

import json
import re

import pytest

from hfsft.verdicts import Verdict
from tests.verdicts.helpers import said

LINE = (
    '{"row": "r1", "content": "c1", "reviewer": "ann", "at": "2026-11-26T12:00:00Z", "verdict": "reject", '
    '"reason": "style", "scores": {"usefulness": 4}, "note": "ö", "edit": {"response": "x"}, "drawn": "sample", '
    '"seconds": 12.3}'
)


def test_a_line_holds_what_is_said_in_a_fixed_order_and_comes_back_as_it_was() -> None:
    verdict = Verdict.from_line(LINE)
    assert verdict.to_line() == LINE
    assert Verdict.from_line(verdict.to_line()) == verdict


@pytest.mark.parametrize("word", ["accept", "skip", None])
def test_what_says_nothing_is_left_out_but_a_verdict_that_is_taken_back(word: str | None) -> None:
    keys = ["row", "content", "reviewer", "at", "verdict"]
    assert list(json.loads(said(verdict=word, note="", scores={}).to_line())) == keys


def test_keys_that_nobody_knows_are_kept() -> None:
    line = '{"row": "r", "content": "c", "reviewer": "a", "at": "t", "verdict": null, "tool": {"v": 2}}'
    assert Verdict.from_line(line).to_line() == line


@pytest.mark.parametrize("text", ["a\nb\u2028c\x85d", "\ud800 half of a pair", "\x00\x1b[31m", '"}{"'])
def test_any_text_stays_on_one_line_and_comes_back(text: str) -> None:
    line = said(note=text).to_line()
    assert b"\n" not in line.encode()
    assert Verdict.from_line(line).note == text


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ('"row": 3', "row is a text, not 3"),
        ('"row": " "', 'row is a text, not " "'),
        ('"verdict": "maybe"', 'verdict is one of accept, reject, skip, or null to take one back, not "maybe"'),
        ('"verdict": []', "verdict is one of"),
        ('"scores": [1]', "scores is a mapping"),
        ('"scores": {"a": true}', "scores is a mapping"),
        ('"scores": {"a": NaN}', "NaN is no number"),
        ('"edit": "x"', "edit is a mapping"),
        ('"note": {}', "note is a text"),
        ('"seconds": "x"', "seconds is a number"),
    ],
)
def test_a_line_that_is_no_verdict_says_why(change: str, fault: str) -> None:
    line = f"{said().to_line()[:-1]}, {change}}}"
    with pytest.raises(ValueError, match=re.escape(fault)):
        Verdict.from_line(line)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[]", "is not a JSON object"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"row": "r"}', "lacks content, reviewer, at, verdict"),
    ],
)
def test_a_line_of_something_else_says_so(line: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Verdict.from_line(line)


def test_an_edit_counts_with_the_verdict_that_accepts_it() -> None:
    edit = {"response": "x"}
    assert [said(verdict=word, edit=edit).edits for word in ("accept", "reject", "skip", None)] == [True, *[False] * 3]
