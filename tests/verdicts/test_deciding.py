"""What becomes of a row by several verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.verdicts import Verdict, Verdicts, decided
from tests.verdicts.helpers import said

EDIT, OTHER = {"response": "new"}, {"response": "newer"}


def of(*verdicts: Verdict) -> Any:
    return decided(Verdicts(verdicts).of("r1", "c1"))


@pytest.mark.parametrize(
    ("words", "what", "reason", "disputed"),
    [
        ("a", "accept", "", False),
        ("r", "reject", "style", False),
        ("as", "accept", "", False),
        ("rs", "reject", "style", False),
        ("aar", "accept", "", True),
        ("arr", "reject", "style", True),
        ("ar", "reject", "disputed", True),
        ("ra", "reject", "disputed", True),
    ],
)
def test_the_majority_decides_and_a_tie_falls(words: str, what: str, reason: str, disputed: bool) -> None:
    told = {"a": ("accept", None), "r": ("reject", "style"), "s": ("skip", None)}
    said_so = [said(verdict=told[word][0], reason=told[word][1], by=f"p{place}") for place, word in enumerate(words)]
    found = of(*said_so)
    assert (found.what, found.reason, found.disputed) == (what, reason, disputed)


def test_nobody_or_skips_alone_decide_nothing() -> None:
    assert of() is None
    assert of(said(verdict="skip")) is None


def test_an_edit_accepts_the_new_text_and_the_last_one_stands_whatever_the_order_of_lines() -> None:
    late = said(by="ann", edit=OTHER, at="2026-11-26T13:00:00Z", note="why")
    lines = [late, said(by="bob", edit=EDIT), said(by="cat")]
    for order in (lines, lines[::-1]):
        found = of(*order)
        assert (found.what, found.edit, found.edits_differ, found.note) == ("edit", OTHER, True, "why")
    assert not of(said(by="ann", edit=EDIT), said(by="bob", edit=EDIT)).edits_differ
    assert of(said(by="ann", edit=EDIT), said(by="bob", verdict="reject")).reason == "disputed"


def test_of_several_reasons_that_of_most_stands_with_its_note() -> None:
    reasons = [("p1", "style", "dull"), ("p2", "unsafe", ""), ("p3", "style", ""), ("p4", None, "")]
    found = of(*(said(verdict="reject", by=by, reason=why, note=note) for by, why, note in reasons))
    assert (found.reason, found.note) == ("style", "dull")
    assert of(said(verdict="reject")).reason == "other"
    assert of(said(verdict="reject", reason="unsafe"), said(by="zoe", verdict="reject")).reason == "unsafe"
