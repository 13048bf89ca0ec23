"""What people score by: the judge's criteria, as a resolved recipe says them."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.review.said.criteria import criteria_of

LISTED = {"checklist": ["Each question?", "The time?"], "question": "Is it whole?"}


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ({}, []),
        ({"judge": None}, []),
        ({"judge": {"model": "reward"}}, []),
        (
            {"judge": {"rubric": {"use": "Does it help?"}, "scale": [0, 3]}},
            [{"name": "use", "question": "Does it help?", "levels": {}, "scale": (0, 3)}],
        ),
        (
            {"judge": {"rubric": {"tone": {"question": "Kind?", "levels": {5: "Kind.", 1: "Rude."}, "weight": 2}}}},
            [{"name": "tone", "question": "Kind?", "levels": {"1": "Rude.", "5": "Kind."}, "scale": (1, 5)}],
        ),
    ],
)
def test_criteria_are_told_as_the_page_reads_them(recipe: dict[str, Any], told: list[dict[str, Any]]) -> None:
    assert [each.asked() for each in criteria_of(recipe)] == told


def test_of_a_checklist_people_say_how_many_and_the_share_is_kept() -> None:
    (full,) = criteria_of({"judge": {"rubric": {"full": LISTED}}})
    assert full.asked()["scale"] == (0, 2)
    assert full.asked()["question"].splitlines()[1:] == [
        "How many of these are answered yes?", "1. Each question?", "2. The time?"
    ]  # fmt: skip
    assert [full.kept(score) for score in (0, 1, 2)] == [0, 0.5, 1]
    assert [full.chosen(score) for score in (0, 0.5, 1)] == [0, 1, 2]


def test_without_a_judge_one_criterion_may_be_asked_for() -> None:
    assert [each.name for each in criteria_of({}, quality=True)] == ["quality"]
    assert [each.name for each in criteria_of({"judge": {"rubric": {"use": "?"}}}, quality=True)] == ["use"]


@pytest.mark.parametrize("score", [0, 6, 2.5, True, "4", None, float("nan")])
def test_only_whole_numbers_on_the_scale_are_scores(score: Any) -> None:
    (use,) = criteria_of({"judge": {"rubric": {"use": "?"}}})
    assert not use.takes(score)
    assert use.takes(3)
