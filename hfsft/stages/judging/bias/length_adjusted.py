"""Scores without the part of them that goes with the length of an answer.

The score of a criterion is fitted by least squares as a + b * ln(words), over all rows that were scored; words are
those of all that the assistant says, and at least 1. The adjusted score is what the fit does not explain, moved to the
mean of the scores, so that bounds keep their meaning:

    adjusted = score - b * (ln(words) - mean of ln(words))

It has the mean of the scores and no linear correlation with ln(words). It is not rounded to the scale, and may lie a
little off it. A logarithm, as the tenth word says more than the thousandth. Dubois, Galambosi, Liang and Hashimoto
2024, "Length-Controlled AlpacaEval" (arXiv 2404.04475), section 3, take length out of a judge's verdicts in this way:
what would the judge say if all answers were as long? Where good answers are rightly longer, that part of their worth
is taken off too, which no fit can tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import fsum, log
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.engine.resources import Work
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Step
from hfsft.filters.text.tokens import words
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import Column, adjusted_of, score_of
from hfsft.rows.views import said

if TYPE_CHECKING:
    from hfsft.errors import Place

READS, OPTIONAL = ("id", "response"), ("messages", "dialect")
FEWEST = 3  # rows; a line goes through any two


class Fit(NamedTuple):
    """A line through scores, over the logarithm of the number of words."""

    slope: float  # points for each unit of ln(words)
    middle: float  # the mean of ln(words)
    rows: int

    @property
    def doubled(self) -> float:
        """By how many points an answer twice as long is scored higher."""
        return self.slope * log(2)

    def adjusted(self, score: float, length: float) -> float:
        """A score as it would be at the mean length."""
        return round(score - self.slope * (log(max(length, 1)) - self.middle), 6)


def answer_text(row: Mapping[str, Any]) -> str:
    """All that the assistant says in a row, without what it thinks and calls."""
    spoken = (each for each in said(row, reasoning=False) if each.role == "assistant" and each.kind == "text")
    return "\n\n".join(each.text for each in spoken if each.text)


def fitted(scores: Sequence[float], lengths: Sequence[float]) -> Fit:
    """The line through the scores of rows with so many words: the same to the last digit in whatever order they come.

    Its slope is 0 where there are fewer than 3 rows, or all are of one length.
    """
    rows = len(scores)
    if not rows:
        return Fit(0.0, 0.0, 0)
    middle, mean = (fsum(each) / rows for each in zip(*terms(scores, lengths), strict=True))
    over, together = (fsum(each) for each in zip(*products(scores, lengths, middle, mean), strict=True))
    return line(over, together, middle, rows)


def terms(scores: Sequence[float], lengths: Sequence[float]) -> list[tuple[float, float]]:
    """Of each row the logarithm of its words, and its score."""
    return [(log(max(length, 1)), score) for score, length in zip(scores, lengths, strict=True)]


def products(
    scores: Sequence[float], lengths: Sequence[float], middle: float, mean: float
) -> list[tuple[float, float]]:
    """Of each row how far it lies from the mean of logarithms, squared, and times how far its score does."""
    return [((each - middle) ** 2, (each - middle) * (score - mean)) for each, score in terms(scores, lengths)]


def line(over: float, together: float, middle: float, rows: int) -> Fit:
    """The line, by the sums of these."""
    return Fit(together / over if rows >= FEWEST and over > 1e-12 else 0.0, middle, rows)


def columns(criteria: Sequence[str]) -> list[Column]:
    """The columns of adjusted scores; they lie on no scale, as a fit may lead a little beyond it."""
    about = "The judge's score of {}, without the part that goes with the length of the answer."
    names = [(adjusted_of(each), each.replace("_", " ")) for each in criteria]
    return [Column(name, "float64", "score", about.format(said)) for name, said in names]


def adjusting_step(name: str, criteria: Sequence[str], place: Place | None = None) -> Step:
    """The step that writes the adjusted score of each criterion."""
    return Step(
        name,
        sees="all",
        reads=(*READS, *map(score_of, criteria)),
        optional=OPTIONAL,
        writes={each.name: each.type for each in columns(criteria)},
        role="score",
        known=tuple(columns(criteria)),
        identity={"adjust": "length"},
        work=Work("hfsft.stages.judging.bias.length_adjusted:adjusting", {"criteria": list(criteria)}),
        place=place,
    )


def adjusting(criteria: Sequence[str]) -> TwoWays:
    """What adjusts scores."""
    rounds = Work("hfsft.stages.judging.bias.length_rounds:adjusted", {"criteria": list(criteria)})
    return TwoWays(partial(_adjusted, criteria=criteria), rounds)


def lengths_of(batch: Batch) -> list[int]:
    """How many words each answer has."""
    given = (*READS, *OPTIONAL)
    return [words(answer_text(row)) for row in rows_of({name: batch[name] for name in given if name in batch})]


def _adjusted(batch: Batch, *, criteria: Sequence[str]) -> Batch:
    lengths = lengths_of(batch)
    made: Batch = {}
    for name in criteria:
        scores = batch[score_of(name)]
        known = [(score, length) for score, length in zip(scores, lengths, strict=True) if score is not None]
        fit = fitted([score for score, _ in known], [length for _, length in known])
        made[adjusted_of(name)] = [
            None if score is None else fit.adjusted(score, length)
            for score, length in zip(scores, lengths, strict=True)
        ]
    return made
