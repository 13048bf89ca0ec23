"""What verdicts come to: counts, the error rate beside its bound, and what counts for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.review.drawn.reviewer_walk import WantedSample, draw
from hfsft.review.said.summary import disputed_rows, summed_up, with_agreement
from hfsft.verdicts import Verdict, Verdicts
from tests.review.memory import a_row
from tests.review.rows import FELL, many, reviewed

ROWS = reviewed(many(40), [{**a_row(90), **FELL}])


def verdict(number: int, word: Any = "accept", reviewer: str = "ann", **more: Any) -> Verdict:
    row = ROWS.by_id.get(f"{number:016x}")
    content = row.content if row else "gone"
    kept = {"content": content, "drawn": "sample", **more}
    return Verdict(f"{number:016x}", reviewer=reviewer, at="2026-01-01T00:00:00Z", verdict=word, **kept)


def summary(*verdicts: Verdict, at_most: float | None = None) -> Any:
    return summed_up(ROWS, draw(ROWS, WantedSample(rows=20, eyes=0)), Verdicts(verdicts), at_most)


def test_words_reasons_edits_and_eyes_are_counted() -> None:
    found = summary(
        verdict(1), verdict(2, "reject", reason="style"), verdict(3, edit={"response": "New."}), verdict(4, "skip"),
        verdict(1, "reject", "bob", reason="style"), verdict(90, "reject", "bob", reason="off_topic"),
        verdict(6, "reject", drawn="bound", reason="unsafe"), verdict(7, drawn="bound"),
    )  # fmt: skip
    assert found.reviewers == {"ann": {"accept": 2, "reject": 2, "edit": 1, "skip": 1}, "bob": {"reject": 2}}
    assert found.reasons == {"disputed": 1, "style": 1, "off_topic": 1, "unsafe": 1}
    assert (found.edited, found.disputed, found.eyes) == (1, (f"{1:016x}",), {"bound": (2, 1)})
    assert (found.rate.looked_at, found.rate.wrong, found.looked_at) == (4, 4, 4)


@pytest.mark.parametrize(
    ("wrong", "at_most", "told"),
    [
        (0, None, "error rate 0.0% (0 of 20), between 0.0% and 16.8% in 95 of 100 cases"),
        (0, 0.2, "in 95 of 100 cases: within its bound of 20.0%"),
        (0, 0.05, "above the bound of 5.0%; 52 more rows with no larger share of wrong ones would do"),
        (1, 0.05, "is above the bound of 5.0%; too few rows yet to tell (90 more would do if all of these were right)"),
        (6, 0.05, "all of that is above the bound of 5.0%; more rows will not do"),
    ],
)
def test_the_error_rate_says_how_far_it_is_from_its_bound(wrong: int, at_most: float | None, told: str) -> None:
    words = [verdict(number, "reject" if number < wrong else "accept") for number in range(20)]
    assert summary(*words, at_most=at_most).rate_told.endswith(told)
    assert summary().rate_told == ""


def test_rows_of_the_sample_that_fell_at_a_bound_since_are_neither_sample_nor_eyes() -> None:
    fell = [{**row, "fate": "rejected", "stage": "filters[score].mean"} for row in many(40)[:10]]
    rows = reviewed(many(40)[10:], fell)
    said = Verdicts([verdict(number, "reject", reason="style") for number in (3, 15)])
    found = summed_up(rows, draw(rows, WantedSample(rows=20, eyes=0)), said)
    assert (found.eyes, found.rate.looked_at, found.looked_at) == ({}, 1, 1)


def test_where_every_row_was_looked_at_no_wrong_one_is_left() -> None:
    said = [verdict(number, "reject" if number < 9 else "accept") for number in [*range(40), 90]]
    assert summary(*said, at_most=0.05).rate_told.endswith("; every row was looked at, so no wrong one is left")


def test_verdicts_of_rows_that_are_gone_or_of_other_texts_count_for_nothing_and_are_told() -> None:
    found = summary(verdict(77), verdict(1, content="another"), verdict(2), verdict(2, "reject", reason="style"))
    assert (found.gone, found.changed, found.replaced) == (1, 1, 1)
    assert (found.rate.looked_at, found.rate.wrong) == (1, 1)
    assert found.as_dict()["reviewers"] == {"ann": {"reject": 1}}


def test_disputed_rows_are_those_with_both_words() -> None:
    said = [verdict(1), verdict(1, "reject", "bob"), verdict(2), verdict(2, "accept", "bob"), verdict(3, "skip", "bob")]
    assert disputed_rows(ROWS, Verdicts(said)) == [f"{1:016x}"]


def test_agreement_is_told_of_several_reviewers_alone() -> None:
    alone = Verdicts([verdict(1)])
    both = Verdicts([verdict(1), verdict(1, "accept", "bob")])
    assert with_agreement(summary(verdict(1)), ROWS, alone, (1, 5)).agreement == ()
    drawn = draw(ROWS, WantedSample(rows=20, eyes=0))
    assert with_agreement(summed_up(ROWS, drawn, both), ROWS, both, (1, 5)).agreement
