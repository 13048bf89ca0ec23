"""What the steps of the exam and of the controls do, made from the section as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.engine.spread.by_rounds import ByRounds
from hfsft.models.model import Turns
from hfsft.rows.batch import Batch, Row
from hfsft.stages.judging.exams import controls, exam
from hfsft.stages.judging.judge import Judge

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered


def items(section: Mapping[str, Any], judges: Mapping[str, str]) -> Callable[[Batch], Batch]:
    """What makes the table of things that each judge grades."""
    stage = Judge.model_validate(section)

    def made(batch: Batch) -> Batch:
        seen = [name for name in batch if name not in ("id", "origin")]
        return exam.items(batch, stage.anchor_list, list(stage.criteria), judges, seen)

    return made


def asking(section: Mapping[str, Any], models: Sequence[str], reasoning: bool) -> Callable[[Row], Turns]:
    """What asks each judge about its things."""
    stage = Judge.model_validate(section)
    return partial(exam.ask, graders={name: replace(stage.grader(name, reasoning), at_once=True) for name in models})


def held(section: Mapping[str, Any], place: str) -> Callable[[Batch], Batch]:
    """What looks whether each judge keeps its bounds."""
    stage = Judge.model_validate(section)
    assert stage.bounds is not None, "no exam is held without bounds"
    return partial(exam.held, rubric=stage.measure, bounds=stage.bounds, between=stage.expected, place=place)


def watched(section: Mapping[str, Any], scores: Sequence[str]) -> ByRounds:
    """What takes the scores of rows in stretches that drifted."""
    stage = Judge.model_validate(section)
    assert stage.control is not None, "no run is watched without controls"
    how = {"rubric": stage.measure, "control": stage.control, "anchors": stage.anchor_list, "scores": scores}
    return ByRounds(partial(controls.watched_run, **how), partial(_watched, **how))


def _watched(rows: Scattered, **how: Any) -> Scattered:
    """The same of scattered rows."""
    from hfsft.stages.judging.exams.watched_rounds import watched

    return watched(rows, **how)
