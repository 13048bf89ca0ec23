"""Rubrics: the criteria by which rows are scored, what each asks, and how their scores become one.

Sources: a text for each level as in Kim et al. 2024, "Prometheus", section 3.1; checklists of yes/no questions as in
Lee et al. 2024, "CheckEval", arXiv 2403.18771, section 3, where the score is the share of yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import fsum
from statistics import fmean
from typing import Annotated, Any, ClassVar

import yaml
from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from hfsft.marks import PROSE
from hfsft.prompts import templates
from hfsft.rows.columns import Scale
from hfsft.stages.base import Section

SHARE = Scale(0, 1, "shares of yes")
"""Where the scores of checklists lie."""


class Criterion(Section):
    """One criterion: a question, with a text for each level of the scale, or with a checklist in place of the scale."""

    example: ClassVar[str] = """\
    judge:
      rubric:
        tone: Is it as calm and friendly as our desk?
        usefulness:
          question: Would it help a real person act?
          levels:
            1: Nobody could act on it.
            3: The way is clear but for a step.
            5: Every step is there.
          weight: 2
        completeness:
          checklist:
            - Does it answer each question of the message?
            - Does it name the time that it takes?
    """

    question: Annotated[str, PROSE] = Field("", description="What the judge is asked of a row.")
    levels: Annotated[dict[int, str], PROSE] = Field(
        {}, description="What scores mean: a text for some or all scores of the scale, by the score."
    )
    checklist: Annotated[list[str], PROSE] = Field(
        [], description="Questions that are answered yes or no, yes for what is good; the score is the share of yes."
    )
    weight: float = Field(1.0, gt=0, description="How much it counts in the mean of all criteria.")

    @model_validator(mode="after")
    def _asks(self) -> Criterion:
        if self.levels and self.checklist:
            raise ValueError("levels: a checklist has none, its score is the share of yes; keep one of both")
        if self.levels and len(self.levels) < 2:
            raise ValueError("levels: one alone tells nothing from it; give two at least")
        if not self.question.strip() and not self.levels and not self.checklist:
            raise ValueError("needs a question, levels or a checklist")
        said = [" ".join(question.split()).casefold() for question in self.checklist]
        for number, question in enumerate(said):
            if not question:
                raise ValueError(f"checklist[{number}]: must not be empty")
            if question in said[:number]:
                raise ValueError(f"checklist[{number}]: asks what question {said.index(question) + 1} asks")
        return self

    @property
    def text(self) -> str:
        """All that it asks, in lines; of a criterion with a question alone this question."""
        levels = [f"{score}: {text}" for score, text in sorted(self.levels.items())]
        questions = [f"{number}. {question}" for number, question in enumerate(self.checklist, 1)]
        return "\n".join(filter(None, [self.question, *levels, *questions]))

    @property
    def about(self) -> str:
        """What it asks, in a line for people."""
        return " ".join(self.text.split())

    def written(self) -> str | dict[str, Any]:
        """The criterion as a recipe says it in the fewest words."""
        found = self.model_dump(mode="json", exclude_defaults=True)
        return self.question if found.keys() == {"question"} else found


def _from_text(value: Any) -> Any:
    return {"question": value} if isinstance(value, str) else value


AnyCriterion = Annotated[Criterion, BeforeValidator(_from_text, json_schema_input_type=str | Criterion)]
"""A criterion as a recipe writes it: its question, or more of it."""


@dataclass(frozen=True)
class Rubric:
    """Criteria and the scale of those that have no checklist."""

    criteria: Mapping[str, Criterion]
    low: int
    high: int

    def scale(self, name: str) -> Scale:
        """Where the scores of a criterion lie."""
        return SHARE if self.criteria[name].checklist else Scale(self.low, self.high, "scores")

    @property
    def scale_of_all(self) -> Scale:
        """Where the mean and the lowest of all scores lie: on the scale, or where all are shares from 0 to 1."""
        shares = all(criterion.checklist for criterion in self.criteria.values())
        return SHARE if shares else Scale(self.low, self.high, "scores")

    def mean(self, scores: Mapping[str, float]) -> float:
        """The mean of a row's scores by their weights; shares among them are put on the scale."""
        return self._weighted(self._alike(scores, self.low), scores)

    def spread(self, spreads: Mapping[str, float]) -> float | None:
        """The mean of standard deviations by the weights of their criteria, on the scale of all; None for none."""
        return self._weighted(self._alike(spreads, 0), spreads) if spreads else None

    def lowest(self, scores: Mapping[str, float]) -> float:
        """The lowest of a row's scores; shares among them are put on the scale."""
        return min(self._alike(scores, self.low))

    def of(self, names: Iterable[str]) -> Rubric:
        """Some of its criteria."""
        return Rubric({name: self.criteria[name] for name in names}, self.low, self.high)

    def _weighted(self, values: Sequence[float], names: Iterable[str]) -> float:
        weights = [self.criteria[name].weight for name in names]
        if len(set(weights)) == 1:
            return fmean(values)
        return fsum(value * weight for value, weight in zip(values, weights, strict=True)) / fsum(weights)

    def _alike(self, scores: Mapping[str, float], zero: float) -> list[float]:
        """Scores of which shares stand on the scale of the others, from `zero` on."""
        if self.scale_of_all == SHARE:
            return list(scores.values())
        return [
            zero + score * (self.high - self.low) if self.criteria[name].checklist else score
            for name, score in scores.items()
        ]


DEFAULT = "sft"
"""The rubric where a recipe names none."""
FOLDER = "rubrics"  # in templates/
READY = tuple(sorted(path.stem for path in (templates() / FOLDER).glob("*.yaml")))
"""The rubrics that come with hfsft."""


@cache
def ready(name: str) -> dict[str, Criterion]:
    """The criteria of a rubric that comes with hfsft."""
    said = yaml.safe_load((templates() / FOLDER / f"{name}.yaml").read_text("utf-8"))
    return TypeAdapter(dict[str, AnyCriterion]).validate_python(said)
