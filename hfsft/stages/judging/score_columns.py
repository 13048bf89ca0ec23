"""The columns that a judge writes: its scores, how sure they are, what each judge of several gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hfsft.rows.columns import Column, Scale, column, lost_of, reason_of, score_of, spread_of
from hfsft.stages.judging import jury
from hfsft.stages.judging.bias import length_adjusted
from hfsft.stages.judging.rubric import SHARE, Rubric
from hfsft.stages.judging.verdict import Grade

AGGREGATES = ("mean", "min")  # of a row's scores; reserved as names of criteria
LOWEST = "turns"  # of the mean scores of a conversation's answers; reserved where these are asked for
UNSCORED = "unscored"  # why a row has no scores
NO_VERDICT = "judge.unscored"
"""The step that takes out the rows that could not be scored."""
SPREAD = "How far the probabilities of the score of {} lie apart: their standard deviation."
APART = "How far the judges' scores of {} lie apart: their standard deviation."
SPREAD_OF_ALL = "The mean of the spreads of all criteria, by their weights."
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
    def looked_at(self) -> dict[str, str]:
        """The columns whose biases are told, by what they are called there: criteria, their mean, each judge's mean."""
        names = [*self.rubric.criteria, *([AGGREGATES[0]] if len(self.rubric.criteria) > 1 else [])]
        judges = {f"{judge} (judge)": jury.by(judge, AGGREGATES[0]) for judge in self.judges}
        return {**{name: score_of(name) for name in names}, **judges}

    @property
    def adjusted(self) -> list[str]:
        """Whose scores have one without the length of the answer beside them."""
        return [*self.rubric.criteria, AGGREGATES[0]] if self.adjust else []

    @property
    def sure(self) -> list[Column]:
        """How sure a score is, where it is the mean of probabilities, or what the scores of several come to."""
        found = []
        for name in self.rubric.criteria if self.expected or self.judges else ():
            about = (APART if self.judges else SPREAD).format(name.replace("_", " "))
            found.append(Column(spread_of(name), "float64", "score", about, scale=Scale(0, self._widest(name))))
            about = LOST.format(name.replace("_", " "))
            lost = Column(lost_of(name), "float64", "score", about, scale=Scale(0, 1, "probabilities"))
            found += [lost] if self.expected else []
        if self.judges:
            return found + jury.columns(self.judges, self.rubric)
        low, high = self.rubric.scale_of_all[:2]
        of_all = Column(spread_of("mean"), "float64", "score", SPREAD_OF_ALL, scale=Scale(0, (high - low) / 2))
        return [*found, of_all] if self.expected else found

    @property
    def blank(self) -> dict[str, None]:
        """What stands in the columns that a verdict fills, where there is none: the reasons first, then numbers."""
        reasons = map(reason_of, self.rubric.criteria)
        return dict.fromkeys([*reasons, *self.scores, *(each.name for each in self.sure)])

    def filled(self, verdict: Mapping[str, Grade], earlier: Sequence[float]) -> dict[str, str | float | None]:
        """What stands there by a verdict; `earlier` are the means of a conversation's answers before the last."""
        scores = scores_of(verdict)
        mean = self.rubric.mean(scores)
        spreads = {name: grade.spread for name, grade in verdict.items() if grade.spread is not None}
        sure = {
            **{spread_of(name): grade.spread for name, grade in verdict.items()},
            **{lost_of(name): grade.lost for name, grade in verdict.items()},
            spread_of("mean"): self.rubric.spread(spreads),
            **(jury.given(verdict, self.judges, self.rubric) if self.judges else {}),
        }
        return {
            **{reason_of(name): grade.reason for name, grade in verdict.items()},
            **{score_of(name): score for name, score in scores.items()},
            **{each.name: sure[each.name] for each in self.sure},
            score_of("mean"): mean,
            score_of("min"): self.rubric.lowest(scores),
            **({score_of(LOWEST): min([mean, *earlier])} if self.turns else {}),
        }

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


def scores_of(verdict: Mapping[str, Grade]) -> dict[str, float]:
    """The scores of a verdict, by criterion."""
    return {name: grade.score for name, grade in verdict.items()}
