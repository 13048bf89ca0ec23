"""A jury: several models that judge the same rows, each by itself, and what their scores come to together.

Its use is where they differ: rows that judges do not agree on are doubtful. It is no more right than its best judge.
Kohli 2026, "Nine Judges, Two Effective Votes" (arXiv 2605.29800): judges err on the same rows, so that nine count as
two. How many these count as is worked out as there, by Kish 1965, "Survey Sampling": of n votes with a
mean correlation r between the errors of two of them

    effective votes = n / (1 + (n - 1) * r)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, sqrt
from statistics import fmean, median, pstdev
from typing import Literal, NamedTuple

from hfsft.errors import UNREADABLE, AnswerError
from hfsft.models.model import Answer, Request
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, Scale, spread_of
from hfsft.stages.judging.rubric import Rubric
from hfsft.stages.judging.verdict import Grade, Grader

Combine = Literal["median", "mean", "min"]
FEWEST = 3  # items, below which nothing is known of how the errors of two judges go together
_COMBINED: Mapping[Combine, Callable[[Sequence[float]], float]] = {"median": median, "mean": fmean, "min": min}


def by(judge: str, criterion: str) -> str:
    """The column of what one judge of a jury gives by a criterion: `by_<its name under models>_<criterion>`."""
    return f"by_{slug(judge)}_{criterion}"


def slug(judge: str) -> str:
    """A name under `models` as a part of the name of a column: small letters, digits and _."""
    return re.sub(r"[^a-z0-9]+", "_", judge.lower()).strip("_") or "judge"


@dataclass(frozen=True)
class Jury:
    """Several judges that are asked one after the other, in place of one: it grades as a `Grader` does."""

    judges: Mapping[str, Grader]  # by their names under `models:`
    combine: Combine

    @property
    def rubric(self) -> Rubric:
        """What all of them grade by."""
        return next(iter(self.judges.values())).rubric

    def grade(
        self, row: Row, *, without: int | None = None, again: int = 0
    ) -> Generator[Request, Answer, dict[str, Grade]]:
        """Ask each judge for its grades of a row; by each criterion what they come to, with the grades in `by`.

        A judge whose verdict cannot be read counts for nothing. Raises `AnswerError("unreadable")` where more than half
        of them gave no verdict; what keeps a judge from answering at all is raised as it is.
        """
        verdicts: dict[str, dict[str, Grade]] = {}
        unread: dict[str, AnswerError] = {}
        for name, judge in self.judges.items():
            found = yield from _read(judge.grade(row, without=without, again=again))
            if isinstance(found, AnswerError):
                unread[name] = found
            else:
                verdicts[name] = found
        if 2 * len(unread) > len(self.judges):
            said = "; ".join(f"{name}: {error}" for name, error in unread.items())
            raise AnswerError("unreadable", f"{len(unread)} of {len(self.judges)} judges gave no verdict ({said})")
        (criteria, *_) = verdicts.values()
        return {name: self.combined({judge: verdict[name] for judge, verdict in verdicts.items()}) for name in criteria}

    def combined(self, grades: Mapping[str, Grade]) -> Grade:
        """What the grades of several judges by one criterion come to; the spread is that of their scores."""
        scores = [grade.score for grade in grades.values()]
        lost = [grade.lost for grade in grades.values() if grade.lost is not None]
        reasons = [f"{judge}: {grade.reason}" for judge, grade in grades.items() if grade.reason]
        return Grade(
            float(_COMBINED[self.combine](scores)),
            "\n".join(reasons),
            pstdev(scores),
            fmean(lost) if lost else None,
            by=dict(grades),
        )


def _read(
    grading: Generator[Request, Answer, dict[str, Grade]],
) -> Generator[Request, Answer, dict[str, Grade] | AnswerError]:
    """The grades of one judge, or why they could not be read."""
    try:
        return (yield from grading)
    except AnswerError as error:
        if error.cause not in UNREADABLE:
            raise
        return error


def check(judges: Sequence[str], criteria: Sequence[str]) -> None:
    """Raise `ValueError` for judges that are named twice, or whose columns have the same names."""
    taken: dict[str, str] = {}
    for place, judge in enumerate(judges):
        if judge in judges[:place]:
            raise ValueError(f"model[{place}]: `{judge}` is named twice")
        own = [by(judge, name) for name in criteria]
        if alike := next((each for each in own if each in taken), None):
            said = f"`{taken[alike]}` and `{judge}` both make the column {alike}; call one of them otherwise"
            raise ValueError(f"model[{place}]: {said}")
        taken |= dict.fromkeys(own, judge)


def columns(judges: Sequence[str], rubric: Rubric) -> list[Column]:
    """The columns of what each judge gives, and of how far the means of all lie apart."""
    scales = {**{name: rubric.scale(name) for name in rubric.criteria}, "mean": rubric.scale_of_all}
    low, high = rubric.scale_of_all[:2]
    apart = "How far the means of the judges' scores lie apart: their standard deviation."
    return [
        *(
            Column(by(judge, name), "float64", "score", f"What `{judge}` gives: {name}.", scale=scale)
            for judge in judges
            for name, scale in scales.items()
        ),
        Column(spread_of("mean"), "float64", "score", apart, scale=Scale(0, (high - low) / 2)),
    ]


def given(verdict: Mapping[str, Grade], judges: Sequence[str], rubric: Rubric) -> dict[str, float | None]:
    """What stands in these columns: None of a judge that gave no verdict."""
    found: dict[str, float | None] = {}
    means = []
    for judge in judges:
        scores = {name: grade.by[judge].score for name, grade in verdict.items() if judge in grade.by}
        found |= {by(judge, name): scores.get(name) for name in rubric.criteria}
        found[by(judge, "mean")] = rubric.mean(scores) if scores else None
        means += [rubric.mean(scores)] if scores else []
    return {**found, spread_of("mean"): pstdev(means)}


class Votes(NamedTuple):
    """As how many independent votes those of a jury count, from 1 to the number of its judges."""

    votes: float
    correlation: float  # in the mean of all pairs of judges
    items: int  # that were judged by at least two


def effective_votes(errors: Iterable[Sequence[Sequence[float | None]]]) -> Votes | None:
    """Effective votes by Kish's formula; None where nothing is known, as with judges that never err.

    `errors` are for each criterion those of each judge, over the same items; None of an item that it gave no verdict
    on. The correlation is the mean of Pearson's over all pairs and criteria; a negative one counts as none.
    """
    pairs: list[float] = []
    most = items = 0
    for of_judges in errors:
        most = max(most, len(of_judges))
        for one, other in combinations(of_judges, 2):
            both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
            items = max(items, len(both))
            if (found := _correlation(both)) is not None:
                pairs.append(found)
    if not pairs:
        return None
    correlation = fsum(pairs) / len(pairs)
    return Votes(most / (1 + (most - 1) * max(correlation, 0.0)), correlation, items)


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's correlation; None of fewer than 3 pairs, and where one side is the same throughout."""
    if len(pairs) < FEWEST:
        return None
    first, second = (fsum(each[at] for each in pairs) / len(pairs) for at in (0, 1))
    over = fsum((a - first) ** 2 for a, _ in pairs) * fsum((b - second) ** 2 for _, b in pairs)
    return fsum((a - first) * (b - second) for a, b in pairs) / sqrt(over) if over > 1e-18 else None
