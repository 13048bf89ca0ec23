"""score: what the judge gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import ConfigDict, model_validator

from hfsft.engine.step import Bound
from hfsft.errors import Problem
from hfsft.filters.base import Around, Filter
from hfsft.rows.columns import adjusted_of, score_of
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
    others: ClassVar[str] = ", mean or min"  # what may stand in place of a criterion
    likely: ClassVar[str] = "{at_least: 4}"  # bounds that somebody may want

    @model_validator(mode="before")
    @classmethod
    def _keyed(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and THRESHOLDS & value.keys():
            raise ValueError(f"bounds stand under a criterion{cls.others}: {{mean: {cls.likely}}}")
        return value

    @model_validator(mode="after")
    def _some(self) -> Score:
        if not self.limits:
            raise ValueError(f"needs a criterion of the rubric{self.others}: {{mean: {self.likely}}}")
        return self

    @property
    def limits(self) -> dict[str, Limits]:
        """Criterion -> its bounds, in the order given."""
        return self.__pydantic_extra__

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the judge writes."""
        return tuple(map(self.column_of, self.limits))

    @classmethod
    def column_of(cls, criterion: str) -> str:
        """The column that is compared."""
        return score_of(criterion)

    def bounds(self) -> list[Bound]:
        """One comparison for each criterion."""
        return [
            Bound(criterion, self.column_of(criterion), limits.at_least, limits.at_most)
            for criterion, limits in self.limits.items()
        ]

    def problems(self, around: Around) -> Iterator[Problem]:
        """As of each filter; of adjusted scores that nobody works out, what does."""

        def lacking(name: str) -> tuple[str, str]:
            if name.startswith(adjusted_of("")) and score_of("mean") in around.columns:
                return "but scores are not adjusted", "write `adjust: length` in the judge section"
            return around.lacking(name)

        return super().problems(replace(around, lacking=lacking))

    def path_of(self, bound: Bound) -> tuple[str, ...]:
        """The criterion, which the comparison is called by."""
        return (bound.rule,)
