"""Rubrics: what criteria may be, how their scores become one, and the ready ones."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.rows.columns import Scale
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.rubric import READY, Criterion, Rubric, ready

LIST = {"checklist": ["Does it name a time?", "Does it name a person?"]}


@pytest.mark.parametrize(
    ("criterion", "message"),
    [
        ({}, "needs a question, levels or a checklist"),
        ({"question": " "}, "needs a question, levels or a checklist"),
        ({"question": "a", "levels": {1: "b"}}, "one alone tells nothing"),
        ({**LIST, "levels": {1: "a", 2: "b"}}, "a checklist has none"),
        ({"checklist": ["Is it?", " is  it?"]}, r"checklist\[1\]: asks what question 1 asks"),
        ({"checklist": [""]}, r"checklist\[0\]: must not be empty"),
        ({"question": "a", "weight": 0}, "greater than 0"),
        ({"levels": {1: "a", 9: "b"}}, r"levels.9: is off the scale 1 to 5"),
    ],
)
def test_a_criterion_that_asks_nothing_of_use_is_refused(criterion: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Judge.model_validate({"rubric": {"use": criterion}})


def test_a_rubric_is_named_or_written_and_a_slip_of_its_name_is_told() -> None:
    assert list(Judge().criteria) == ["relevance", "factual_consistency", "format_quality", "usefulness"]
    assert list(Judge(rubric="agent").criteria) == ["tool_choice", "arguments", "grounding"]
    with pytest.raises(ValidationError, match=r"no rubric `helpfull` .*did you mean `helpful`"):
        Judge(rubric="helpfull")
    assert set(READY) >= {"sft", "helpful", "agent", "conversation"}
    for name in READY:
        assert all(set(each.levels) in (set(), {1, 2, 3, 4, 5}) for each in ready(name).values())


def test_a_released_recipe_says_the_rubric_itself() -> None:
    section = Judge(rubric="helpful")
    again = Judge.model_validate(section.standing_alone())
    assert again.criteria == section.criteria
    assert Judge.model_validate({"rubric": {"use": "Is it?"}}).standing_alone() == {"rubric": {"use": "Is it?"}}


@pytest.mark.parametrize(
    ("criteria", "scores", "mean", "lowest", "scale"),
    [
        ({"a": {"question": "?"}, "b": {"question": "?"}}, {"a": 2, "b": 5}, 3.5, 2, (1, 5)),
        ({"a": {"question": "?", "weight": 3}, "b": {"question": "?"}}, {"a": 2, "b": 4}, 2.5, 2, (1, 5)),
        ({"a": {"question": "?"}, "b": LIST}, {"a": 4, "b": 0.5}, 3.5, 3, (1, 5)),
        ({"a": LIST, "b": {**LIST, "weight": 3}}, {"a": 0.0, "b": 1.0}, 0.75, 0, (0, 1)),
    ],
)
def test_scores_become_one_by_their_weights_and_shares_stand_on_the_scale(
    criteria: dict[str, Any], scores: dict[str, float], mean: float, lowest: float, scale: tuple[int, int]
) -> None:
    rubric = Rubric({name: Criterion.model_validate(each) for name, each in criteria.items()}, 1, 5)
    assert rubric.mean(scores) == mean
    assert rubric.lowest(scores) == lowest
    assert rubric.scale_of_all[:2] == scale
    columns = {each.name: each.scale for each in Judge.model_validate({"rubric": criteria}).writes()}
    assert isinstance(found := columns["score_mean"], Scale)
    assert found[:2] == scale
