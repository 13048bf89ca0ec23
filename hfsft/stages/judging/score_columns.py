"""The columns that a judge writes: its scores, how sure they are, what each judge of several gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hfsft.rows.columns import Column, Scale, column, lost_of, score_of, spread_of
from hfsft.stages.judging import jury
from hfsft.stages.judging.bias import length_adjusted
from hfsft.stages.judging.rubric import SHARE, Rubric

AGGREGATES = ("mean", "min")  # of a row's scores; reserved as names of criteria
LOWEST = "turns"  # of the mean scores of a conversation's answers; reserved where these are asked for
SPREAD = "How far the probabilities of the score of {} lie apart: their standard deviation."
APART = "How far the judges' scores of {} lie apart: their standard deviation."
LOST = "The probability that the judge gives to what is no score of {}."


@dataclass(frozen=True)
class ScoreColumns:
    """Which columns there are, by what is judged and how."""

    rubric: Rubric
    turns: bool  # whether each answer of a conversation is judged too
    expected: bool  # whether scores are means of probabilities
    judges: Sequence[str] = ()  # where there are several
    adjust: bool = False  # whether there are scores without the length of the answer

    @property
    def scores(self) -> list[str]:
        """The names of the columns of scores."""
        return [score_of(name) for name in (*self.rubric.criteria, *AGGREGATES, *([LOWEST] if self.turns else []))]

    @property
    def adjusted(self) -> list[str]:
        """Whose scores have one without the length of the answer beside them."""
        return [*self.rubric.criteria, AGGREGATES[0]] if self.adjust else []

    @property
    def sure(self) -> list[Column]:
        """How sure a score is, where it is the mean of probabilities, or what the scores of several come to."""
        found = []
        for name in self.rubric.criteria if self.expected or self.judges else ():
            about = (APART if self.judges else SPREAD).format(name)
            found.append(Column(spread_of(name), "float64", "score", about, scale=Scale(0, self._widest(name))))
            lost = Column(lost_of(name), "float64", "score", LOST.format(name), scale=Scale(0, 1, "probabilities"))
            found += [lost] if self.expected else []
        return found + (jury.columns(self.judges, self.rubric) if self.judges else [])

    def all(self, said_by: str) -> list[Column]:
        """All of them, with the scales that their values lie on; `said_by` is the key that says which scale."""
        scales = {score_of(name): self.rubric.scale(name) for name in self.rubric.criteria}
        found = []
        for name in self.scores:
            scale = scales.get(name, self.rubric.scale_of_all)
            told = scale if scale == SHARE else scale._replace(said_by=said_by)
            found.append(replace(column(name, "float64"), scale=told))
        return [*found, *self.sure, *length_adjusted.columns(self.adjusted)]

    def _widest(self, name: str) -> float:
        """The largest standard deviation that scores can have: half of them at either end."""
        low, high = self.rubric.scale(name)[:2]
        return (high - low) / 2
