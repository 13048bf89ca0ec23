"""Of one reviewer the last verdict over a row and its text stands."""

from hfsft.verdicts import Verdicts
from tests.verdicts.helpers import said


def test_the_last_verdict_of_a_reviewer_stands_beside_those_of_others() -> None:
    found = Verdicts([said(verdict="accept"), said(by="bob"), said(verdict="reject")])
    assert {name: each.verdict for name, each in found.of("r1", "c1").items()} == {"bob": "accept", "ann": "reject"}
    assert (found.changed, len(found), found.reviewers) == (1, 2, ["ann", "bob"])


def test_a_verdict_of_another_text_says_nothing_of_this_one() -> None:
    found = Verdicts([said(content="c1")])
    assert not found.of("r1", "c2")
    assert not found.of("r2", "c1")


def test_what_was_taken_back_stands_no_more_and_counts_as_no_change() -> None:
    found = Verdicts([said(), said(verdict=None), said(verdict="reject"), said(verdict=None), said(verdict=None)])
    assert (found.standing, found.changed, found.reviewers) == ({}, 0, ["ann"])
