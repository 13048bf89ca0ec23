"""What an exam says of a judge: its scores against the right ones, criterion by criterion, and against themselves.

Pure figures: no request, no row, no section. Each is None where there is nothing to reckon it from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import log2, sqrt
from statistics import fmean
from typing import NamedTuple

SLACK = 1e-9  # of sums of fractions: half a level is half a level


class Levels(NamedTuple):
    """The scores that a criterion knows: from `low` to `high`, `step` apart; `between` where they may lie anywhere."""

    low: float
    high: float
    step: float = 1.0
    between: bool = False

    def place(self, score: float) -> int:
        """Where a score counts, by a number: with others of its level, or of its tenth of the scale."""
        return round((score - self.low) / ((self.high - self.low) / 10 if self.between else self.step))

    @property
    def level(self) -> float:
        """What is one level: a step, and of few steps no more than a third of the scale."""
        return min(self.step, (self.high - self.low) / 3)

    @property
    def adjacent(self) -> float:
        """How far off a score may be that still hits: one level, and on scales of more than ten a tenth of them."""
        return max(self.level, (self.high - self.low) / 10)


class ExamFigures(NamedTuple):
    """What an exam says of a judge by one criterion."""

    error: float | None  # mean absolute difference from the right score
    bias: float | None  # mean difference: above 0 where it is too kind
    rank: float | None  # Kendall's tau-b with the right scores; None where either has one score alone
    adjacent: float | None  # share of scores that are right or one level off
    consistency: float | None  # share of what was graded twice that got the same score
    entropy: float | None  # of the levels given, in bits: 0 where all are one
    commonest: float | None  # share of the level given most often; None of one alone
    right: float | None  # the same share of the right scores, of all anchors
    unscored: float | None  # share of gradings without a score


class Twice(NamedTuple):
    """The scores of one thing that was graded two times; None where a verdict could not be read."""

    first: float | None
    second: float | None


def exam_figures(
    graded: Sequence[tuple[float, float | None]],
    twice: Sequence[Twice],
    levels: Levels,
    scores: Sequence[float | None] = (),
) -> ExamFigures:
    """The figures of one criterion: `graded` are right scores, each with the one that was given, None for none.

    `scores` are those of all gradings, of which `unscored` tells the share without one.

    Entropy and the share of the commonest are of the scores of anchors alone, whose right scores differ: ten good rows
    would be given one score by the best of judges.
    """
    found = [(right, score) for right, score in graded if score is not None]
    off = [score - right for right, score in found]
    given = Counter(levels.place(score) for _, score in found)
    both = [(each.first, each.second) for each in twice if each.first is not None and each.second is not None]
    return ExamFigures(
        error=fmean(map(abs, off)) if off else None,
        bias=fmean(off) if off else None,
        rank=kendall([right for right, _ in found], [score for _, score in found]),
        adjacent=_share([abs(each) <= levels.adjacent + SLACK for each in off]),
        consistency=_share([abs(first - second) <= levels.level / 2 + SLACK for first, second in both]),
        entropy=entropy(given) if given else None,
        commonest=max(given.values()) / len(found) if len(found) > 1 else None,
        right=max(Counter(levels.place(right) for right, _ in graded).values()) / len(graded) if graded else None,
        unscored=_share([score is None for score in scores]),
    )


def kendall(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Kendall's rank correlation tau-b, -1 to 1, which counts ties (Kendall 1945, "The treatment of ties in ranking
    problems"): pairs in the same order less those in the other one, over the root of the pairs that each side tells
    apart. None where one side tells none apart.
    """
    agree = apart_x = apart_y = 0
    for (x, y), (other_x, other_y) in combinations(zip(xs, ys, strict=True), 2):
        by_x, by_y = (x > other_x) - (x < other_x), (y > other_y) - (y < other_y)
        agree += by_x * by_y
        apart_x += by_x != 0
        apart_y += by_y != 0
    return agree / sqrt(apart_x * apart_y) if apart_x and apart_y else None


def entropy(counts: Counter[int]) -> float:
    """Shannon's entropy of how often each level was given, in bits: 0 where there is one, log2 of n for n as often."""
    total = counts.total()
    return abs(sum(times / total * log2(total / times) for times in counts.values()))


def _share(holds: Sequence[bool]) -> float | None:
    return sum(holds) / len(holds) if holds else None
