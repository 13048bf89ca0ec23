"""score: what the judge gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, model_validator

from hfsft.engine.step import Bound
from hfsft.filters.base import Filter
from hfsft.rows.columns import score_of
from hfsft.rows.limits import THRESHOLDS, Limits


class Score(Filter):
    """The judge's scores, compared in the order given: `score: {usefulness: {at_least: 4}, mean: {at_least: 3.5}}`.

    Keys are criteria of the rubric, `mean` (their average) or `min` (the lowest of them); where the judge has `adjust`
    also `adjusted_mean` and `adjusted_` before a criterion. A row that the judge could not score is unscored and falls:
    it is never taken as 0 and never as a pass.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Limits]

    name: ClassVar[str] = "score"
    values: ClassVar[str] = "the scale of the judge"
    blind: ClassVar[str] = (
        "All that the judge does not see: nothing is known of how right its scores are until people have compared some."
    )
    example: ClassVar[str] = """\
    filters:
      - score: {usefulness: {at_least: 4}, mean: {at_least: 3.5}}
    """

    deciding: ClassVar[frozenset[str]] = frozenset()  # it measures nothing

    @model_validator(mode="before")
    @classmethod
    def _keyed(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and THRESHOLDS & value.keys():
            raise ValueError("bounds stand under a criterion, mean or min: {mean: {at_least: 4}}")
        return value

    @model_validator(mode="after")
    def _some(self) -> Score:
        if not self.limits:
            raise ValueError("needs a criterion of the rubric, mean or min: {mean: {at_least: 4}}")
        return self

    @property
    def limits(self) -> dict[str, Limits]:
        """Criterion -> its bounds, in the order given."""
        return self.__pydantic_extra__

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the judge writes."""
        return tuple(score_of(criterion) for criterion in self.limits)

    def bounds(self) -> list[Bound]:
        """One comparison for each criterion."""
        return [
            Bound(criterion, score_of(criterion), limits.at_least, limits.at_most)
            for criterion, limits in self.limits.items()
        ]

    def path_of(self, bound: Bound) -> tuple[str, ...]:
        """The criterion, which the comparison is called by."""
        return (bound.rule,)
