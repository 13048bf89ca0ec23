"""spread: how far the scores of several judges, or the probabilities of one judge's score, lie apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from hfsft.engine.step import Bound
from hfsft.errors import Problem
from hfsft.filters.base import Around
from hfsft.filters.score import Score
from hfsft.rows.columns import score_of, spread_of


class Spread(Score):
    """How unsure a score is, compared in the order given: `spread: {usefulness: {at_most: 1}, mean: {at_most: 0.8}}`.

    Keys are criteria of the rubric, or `mean`. With several judges it is the standard deviation of their scores, with
    `judge: {score: expected}` that of the probabilities that a score is the mean of. Where none is known, as no server
    gave probabilities, a row fails `at_least` and passes `at_most`.
    """

    name: ClassVar[str] = "spread"
    values: ClassVar[str] = "0 to half of the judge's scale"
    blind: ClassVar[str] = "A judge that is sure and wrong, and judges that all err alike."
    example: ClassVar[str] = """\
    judge:
      score: expected
    filters:
      - spread: {mean: {at_most: 1}}
    """

    others: ClassVar[str] = " or mean"
    likely: ClassVar[str] = "{at_most: 1}"

    @classmethod
    def column_of(cls, criterion: str) -> str:
        """The column that is compared."""
        return spread_of(criterion)

    def bounds(self) -> list[Bound]:
        """One comparison for each criterion."""
        return [replace(bound, missing="keep" if bound.at_least is None else "reject") for bound in super().bounds()]

    def problems(self, around: Around) -> Iterator[Problem]:
        """What any filter tells, and a judge that says nothing of how sure it is."""
        unsure = [name for name in self.limits if score_of(name) in around.columns]
        if unsure and not any(spread_of(name) in around.columns for name in unsure):
            said = f"filters[{self.name}] reads {spread_of(unsure[0])}, and one judge that writes digits has no spread"
            yield Problem(around.place(), said, "add `score: expected` to the judge, or name several models")
            return
        yield from super().problems(around)
