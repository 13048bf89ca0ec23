"""The part of the judge's section that says who judges, what their scores come to, and what is told of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from hfsft.rows.columns import ADJUSTED
from hfsft.stages.base import Asks, Outcome, Panel
from hfsft.stages.judging import jury
from hfsft.stages.judging.bias.adjusted_stage import AdjustedStage
from hfsft.stages.judging.exams.examined_stage import ExaminedStage
from hfsft.stages.judging.jury import Combine
from hfsft.stages.judging.score_columns import AGGREGATES, ScoreColumns

if TYPE_CHECKING:
    from hfsft.stages.judging.judge_report import Judged


class JuryStage(AdjustedStage, ExaminedStage, ABC):
    """One judge or several, with what their scores go along with beside the worth of an answer."""

    model: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        None,
        description="Name under `models`; `judge` if there is one, else `writer`. Of several each scores all rows: "
        "`by_<name>_<criterion>` is what one of them gives, `spread_<criterion>` how far they lie apart. A model that "
        "gives numbers (`task: score`, `rerank` or `classify`, as reward models do) scores by one criterion, `reward`.",
    )
    combine: Combine = Field(
        "median", description="What the scores of several judges come to: their `median`, their `mean`, or the lowest."
    )
    adjust: Literal["length"] | None = Field(
        None,
        description="`length`: beside each score one without the part that goes with the length of the answer, as "
        "`adjusted_<criterion>` and `adjusted_mean` for the filter `score` and the choice of the best.",
    )

    @property
    @abstractmethod
    def columns(self) -> ScoreColumns:
        """The columns of scores, and of what goes with them."""

    @model_validator(mode="after")
    def _judges_differ(self) -> JuryStage:
        names = self.model if isinstance(self.model, list) else []
        jury.check(names, [*self.measure.criteria, AGGREGATES[0]])
        if self.combine != "median" and len(names) < 2:
            raise ValueError("combine: there is one judge; name several models")
        if self.adjust and (taken := [name for name in self.measure.criteria if name.startswith(ADJUSTED)]):
            raise ValueError(f"rubric.{taken[0]}: cannot name a criterion where scores are adjusted")
        return self

    @property
    def several(self) -> list[str]:
        """The judges, where there is more than one."""
        return self.model if isinstance(self.model, list) and len(self.model) > 1 else []

    def judges(self, models: Collection[str]) -> list[str]:
        """The names under `models` of all who judge."""
        return [each.name for each in self.asks(models)]

    def asks(self, models: Collection[str]) -> list[Asks]:
        """Each of the judges."""
        if not isinstance(self.model, list):
            return super().asks(models)
        return [Asks(("model", place), name) for place, name in enumerate(self.model)]

    @property
    def adjusted(self) -> Sequence[str]:
        """The scores of which there is one without the length of the answer."""
        return self.columns.adjusted

    def figures(self, outcome: Outcome) -> dict[str, Any]:
        """Of its exam and its controls, of what its scores go along with, of how several judges agree."""
        from hfsft.stages.judging import calibrated, jury_report
        from hfsft.stages.judging.bias import measured
        from hfsft.stages.judging.exams.exam import TABLE, errors

        erred = errors(outcome.table(TABLE), self.several, list(self.measure.criteria))
        found = {
            **super().figures(outcome),
            "scores": self.judged(outcome, expected=self.expected).read_as,
            "bias": measured.figures(outcome, self.columns.looked_at),
            "jury": jury_report.figures(outcome, self.several, self.measure, self.combine, erred),
            **calibrated.figures(outcome),
        }
        return {name: figures for name, figures in found.items() if figures}

    def judged(self, outcome: Outcome, *, expected: bool) -> Judged:
        """What the build came to, for whoever tells it; `expected` says whether scores are means of probabilities."""
        from hfsft.stages.judging.judge_report import Judged

        return Judged(
            outcome,
            self.measure,
            len(self.anchor_list),
            {name: outcome.models[name] for name in self.judges(outcome.models)},
            expected=expected,
            adjusted=bool(self.adjust),
        )

    def panel(self, outcome: Outcome) -> Panel | None:
        """What was measured of the judge itself."""
        from hfsft.stages.judging import calibrated, judge_report
        from hfsft.stages.judging.exams import exam_report

        figures = outcome.figures.get(self.key, {})
        pieces = [
            *exam_report.pieces(outcome, self.key),
            *calibrated.pieces(figures),
            *judge_report.pieces(figures),
        ]
        title = "The judge, examined" if figures.keys() & {"exam", "control"} else "The judge"
        return Panel("judge", title, pieces) if pieces else None
