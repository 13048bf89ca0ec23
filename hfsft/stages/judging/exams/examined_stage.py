"""The part of the judge's section that measures the judge: its exam before any row, and controls among the rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from hfsft.engine.step import Step
from hfsft.hashing import digest
from hfsft.models.model import Turns
from hfsft.rows.batch import Row
from hfsft.rows.columns import score_of
from hfsft.stages.base import AskingStage, Context, Judging, Outcome, ShownTable
from hfsft.stages.judging.anchors import Anchor
from hfsft.stages.judging.exams.controls import AnyControl, controlled
from hfsft.stages.judging.exams.exam_result import Exam
from hfsft.stages.judging.jury import Jury
from hfsft.stages.judging.rubric import Rubric
from hfsft.stages.judging.score_columns import UNSCORED
from hfsft.stages.judging.verdict import Grader

if TYPE_CHECKING:
    from hfsft.engine.executor import Rows


NOT_OF_ONE = ("model", "models", "combine", "turns")
"""Of what a verdict depends on, what one judge's verdict on one answer does not."""


class ExaminedStage(AskingStage, ABC):
    """A judge that is measured by its anchors: what it says of them is compared with their right scores."""

    exam: Exam | bool | None = Field(
        None,
        description="What the judge must reach in an exam that it takes on its anchors before any row: bounds of its "
        "figures, or `false` for no exam. Left out: an exam where there are anchors, which is told and stops nothing.",
    )
    control: AnyControl | None = Field(
        None,
        description="Share of the rows that carry a control, or more: an anchor graded with them, and they themselves "
        "graded once more. So it is seen where in the run the judge drifts, and how far it agrees with itself.",
    )

    @property
    @abstractmethod
    def anchored(self) -> bool:
        """Whether it has anchors."""

    @property
    @abstractmethod
    def anchor_list(self) -> Sequence[Anchor]:
        """Its anchors."""

    @property
    @abstractmethod
    def measure(self) -> Rubric:
        """Its criteria, and the scale of their scores."""

    @property
    @abstractmethod
    def expected(self) -> bool:
        """Whether its scores are means of probabilities, which may lie between two of a scale."""

    @model_validator(mode="after")
    def _measured_on_something(self) -> ExaminedStage:
        for name in ("exam", "control"):
            if getattr(self, name) and not self.anchored:
                raise ValueError(f"{name}: is held on anchors, and there are none; give `anchors`, with right scores")
        return self

    @property
    def bounds(self) -> Exam | None:
        """What it must reach in its exam; None where it takes none."""
        if isinstance(self.exam, Exam):
            return self.exam
        return Exam() if self.anchored and self.exam is not False else None

    def ahead(self, context: Context) -> list[Step]:
        """Its exam."""
        if self.bounds is None:
            return []
        from hfsft.stages.judging.exams.exam_steps import exam_steps

        judge = next(step for step in self._without_controls.steps(context) if step.asks)
        assert judge.work is not None, "who asks has a function"
        graded_by = {name: value for name, value in judge.identity.items() if name not in NOT_OF_ONE}
        judges = {
            name: (context.models[name], digest({**graded_by, "model": context.models[name]})) for name in judge.models
        }
        return exam_steps(judge, self.bounds, list(self.measure.criteria), judge.work.arguments["section"], judges)

    def watched(self, judge: Step, scored: Step, scores: Sequence[str]) -> list[Step]:
        """The step that asks the judge and the one that takes out what it could not score, with those of controls."""
        if self.control is None:
            return [judge, scored]
        assert judge.work is not None, "who asks has a function"
        from hfsft.stages.judging.exams.exam_steps import controlled_step, drift_steps

        criteria = list(self.measure.criteria)
        steps = drift_steps(judge, criteria, scores, judge.work.arguments["section"], self.control)
        return [controlled_step(judge, criteria, self.control.share), scored, *steps]

    def controls(self, row: Row, grader: Grader | Jury, made: Mapping[str, Any]) -> Turns:
        """Ask for the control that a row carries, if any, of which the judge `made` these columns."""
        if self.control is None:
            return {}
        first = {name: made[score_of(name)] for name in self.measure.criteria if made[UNSCORED] is None}
        return (yield from controlled(row, grader, self.anchor_list, self.control.share, first))

    def judging(self, context: Context) -> Judging | None:
        """Scores that are given once more have no controls: those tell of the run over all rows."""
        return AskingStage.judging(self._without_controls, context)

    @property
    def _without_controls(self) -> ExaminedStage:
        found = self.model_copy(update={"control": None})
        found.model_fields_set.discard("control")  # as if nobody had written it
        return found

    def tells(self, step: Step, rows: Rows) -> Iterator[str | ShownTable]:
        """Its exam, before any row is asked for."""
        if self.bounds is None:
            return
        from hfsft.stages.judging.exams import exam_report
        from hfsft.stages.judging.exams.exam import ASKS

        if step.name == ASKS:
            yield from exam_report.tells(rows.to_list(), self.measure, self.bounds, between=self.expected)

    def figures(self, outcome: Outcome) -> dict[str, Any]:
        """Of its exam, and of the controls among the rows."""
        from hfsft.stages.judging.exams import exam_report

        rights = [anchor.scores for anchor in self.anchor_list]
        return exam_report.figures(outcome, self.measure, self.bounds, self.control, rights, between=self.expected)

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether it is a judge, and whether it remained one."""
        from hfsft.stages.judging.exams import exam_report

        yield from exam_report.notes(outcome, self.key, self.bounds)
