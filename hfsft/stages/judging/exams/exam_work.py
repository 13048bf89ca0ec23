"""What the steps of the exam and of the controls do, made from the section as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hfsft.engine.resources import Work
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.models.model import Turns
from hfsft.rows.batch import Batch, Row
from hfsft.stages.judging.exams import controls, exam
from hfsft.stages.judging.judge import Judge


def items(section: Mapping[str, Any], judges: Mapping[str, str]) -> TwoWays:
    """What makes the table of things that each judge grades."""
    stage = Judge.model_validate(section)

    def made(batch: Batch) -> Batch:
        seen = [name for name in batch if name not in ("id", "origin")]
        return exam.items(batch, stage.anchor_list, list(stage.criteria), judges, seen)

    how = {"section": dict(section), "judges": dict(judges)}
    return TwoWays(made, Work("hfsft.stages.judging.exams.few_examples:made_of_few", how))


def asking(section: Mapping[str, Any], models: Sequence[str], reasoning: bool) -> Callable[[Row], Turns]:
    """What asks each judge about its things."""
    stage = Judge.model_validate(section)
    return partial(exam.ask, graders={name: replace(stage.grader(name, reasoning), at_once=True) for name in models})


def held(section: Mapping[str, Any], place: str) -> Callable[[Batch], Batch]:
    """What looks whether each judge keeps its bounds."""
    stage = Judge.model_validate(section)
    assert stage.bounds is not None, "no exam is held without bounds"
    return partial(exam.held, rubric=stage.measure, bounds=stage.bounds, between=stage.expected, place=place)


def watched(section: Mapping[str, Any], scores: Sequence[str]) -> TwoWays:
    """What takes the scores of rows in stretches that drifted."""
    stage = Judge.model_validate(section)
    assert stage.control is not None, "no run is watched without controls"
    how: dict[str, Any] = {"rubric": stage.measure, "control": stage.control, "anchors": stage.anchor_list}
    rounds = Work("hfsft.stages.judging.exams.watched_rounds:watched", {**how, "scores": scores})
    return TwoWays(partial(controls.watched_run, **how, scores=scores), rounds)
