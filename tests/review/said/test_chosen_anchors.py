"""Anchors from people: which rows may be any, how they lie over the scale, and how they are written down."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.errors import ReleaseError
from hfsft.review.drawn.reviewed_rows import ReviewedRows
from hfsft.review.said.chosen_anchors import chosen_anchors
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.stages.judging.anchors import Anchor, faults
from hfsft.stages.judging.rubric import Criterion, Rubric
from hfsft.verdicts import Verdict, Verdicts
from tests.review.memory import a_row
from tests.review.rows import reviewed

USE = (PeoplesCriterion("use", "Does it help?"),)
BOTH = (*USE, PeoplesCriterion("full", "", {}, 0, 2, 2))
CALL = {"id": "c1", "name": "find", "arguments": '{"id": 7}'}
TALK = [
    {"role": "user", "content": "Where is order 7?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "On its way.", "tool_call_id": "c1"},
    {"role": "assistant", "content": "It was sent on Monday.", "reasoning": "Say when."},
]


def said(rows: ReviewedRows, *scores: float | tuple[float, ...] | None, **more: Any) -> Verdicts:
    """Verdicts over rows by their places: of a tuple one by each of so many reviewers."""
    found = []
    for row, given in zip(rows.candidates, scores, strict=False):
        for who, score in enumerate(given if isinstance(given, tuple) else (given,)):
            if score is not None:
                kept = {"use": score, "full": score / 4 - 0.25}
                verdict = {"verdict": "accept", "scores": kept, **more}
                found.append(Verdict(row.id, row.content, f"r{who}", "2026-01-01T00:00:00Z", **verdict))
    return Verdicts(found)


def ids(made: list[dict[str, Any]]) -> list[int]:
    return sorted(int(each["row_id"], 16) for each in made)


def test_the_few_that_there_are_lie_over_the_whole_scale() -> None:
    rows = reviewed([a_row(number) for number in range(60)])
    verdicts = said(rows, *(float(1 if n == 7 else 5 if n == 9 else 3 if n == 11 else 4) for n in range(60)))
    made = chosen_anchors(rows, verdicts, USE, 4)
    assert sorted(each["scores"]["use"] for each in made) == [1, 3, 4, 5]
    assert len(chosen_anchors(rows, verdicts, USE, 8)) == 8


def test_records_are_anchors_that_a_judge_takes_and_name_their_row() -> None:
    talk = a_row(2, messages=TALK, tools='[{"name": "find"}]', system="Be kind.")
    rows = reviewed([a_row(1, system="Be brief."), talk])
    made = chosen_anchors(rows, said(rows, 1, 5, note="Says when. "), BOTH, 8)
    rubric = Rubric({"use": Criterion(question="Does it help?"), "full": Criterion(checklist=["A?", "B?"])}, 1, 5)
    anchors = [Anchor.model_validate(each) for each in made]
    assert list(faults(anchors, rubric)) == []
    first, second = sorted(made, key=lambda each: each["row_id"])
    assert first == {
        "system": "Be brief.",
        "instruction": "Question 1: when is order 7 delivered?",
        "response": "Order 7 comes on day 2.",
        "scores": {"use": 1, "full": 0.0},
        "why": "Says when.",
        "row_id": f"{1:016x}",
    }
    assert second["messages"][1]["tool_calls"] == [CALL]
    assert second["tools"] == [{"name": "find"}]
    assert anchors[0].row()["response"]


def test_what_reviewers_differ_on_or_rewrote_or_gave_no_score_for_is_no_anchor() -> None:
    rows = reviewed([a_row(number) for number in range(6)])
    assert ids(chosen_anchors(rows, said(rows, (4, 5), (4, 4), None, 1, (2, 2, 2), 3), USE, 9)) == [1, 3, 4, 5]
    with pytest.raises(ReleaseError, match="no row has a score by each criterion"):
        chosen_anchors(rows, said(rows, 1, 2, edit={"response": "New."}), USE, 9)
    other = (*USE, PeoplesCriterion("tone", ""))
    with pytest.raises(ReleaseError, match=r"\(use, tone\) that all its reviewers agree on"):
        chosen_anchors(rows, said(rows, 1, 2), other, 9)


def test_a_row_that_asks_what_another_asks_is_none_wherever_that_other_one_is() -> None:
    twin = {"instruction": "May I  SING?"}
    fell = [a_row(9, instruction="may i sing?", fate="rejected", stage="filters[tokens]")]
    rows = reviewed([a_row(0, **twin), a_row(1), a_row(2)], fell)
    assert ids(chosen_anchors(rows, said(rows, 5, 1, 3), USE, 9)) == [1, 2]


def test_texts_that_changed_since_they_were_scored_are_none() -> None:
    before = reviewed([a_row(0, response="Old."), a_row(1), a_row(2)])
    rows = reviewed([a_row(0), a_row(1), a_row(2)])
    assert ids(chosen_anchors(rows, said(before, 5, 1, 3), USE, 9)) == [1, 2]


def test_one_level_alone_and_no_criteria_are_errors_that_help() -> None:
    rows = reviewed([a_row(number) for number in range(3)])
    with pytest.raises(ReleaseError, match=r"have 4 by use, and the judge learns from a difference"):
        chosen_anchors(rows, said(rows, 4, 4, 4), USE, 8)
    with pytest.raises(ReleaseError, match="no judge has criteria there"):
        chosen_anchors(rows, said(rows, 1, 2), (), 8)
