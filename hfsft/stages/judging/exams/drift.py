"""Drift: where in a run a judge scores the same control anchors otherwise than in the rest of it.

Controls are graded all along the run. So many of them in a row make a stretch; what a stretch's scores differ by from
those of the same anchors elsewhere is its drift. A steady judge may be as noisy as it likes: what its noise explains is
none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import fmean
from typing import Any

STRETCH = 8  # controls in one: so many that their mean is steadier than one score, so few that a place is found
ONCE_IN = 2_000  # runs by each criterion a steady judge may be taken for one that drifts
ENOUGH = 12  # degrees of freedom by which noise is known from scores of the same anchor in the same stretch
ROUNDS = 5  # at most, to find the stretches that the others are compared with


@dataclass(frozen=True)
class Graded:
    """A control anchor as it was graded in a stretch."""

    stretch: int
    anchor: int
    score: float
    right: float


def stretches(carries: Sequence[bool]) -> list[int]:
    """For each row the number of its stretch, `carries` says whether a control was graded with it.

    A stretch ends with its last control, the last one with the last row: none has fewer controls than `STRETCH`, unless
    there are not as many at all.
    """
    last = max(sum(carries) // STRETCH - 1, 0)
    found, before = [], 0
    for carried in carries:
        found.append(min(before // STRETCH, last))
        before += carried
    return found


def drifts(controls: Sequence[Graded], at_most: float) -> tuple[dict[int, float], set[int]]:
    """For each stretch how far its scores lie from those of the same anchors in steady stretches, and which drifted.

    Scores are fitted by least squares as a sum of what their anchor and what their stretch gives, so that stretches are
    compared whichever anchors they have; 0 for one that shares none with the others. A stretch drifted where it lies
    further off than `at_most`, and than noise explains: that many standard errors that a steady judge has one stretch
    of all that far off `ONCE_IN` so many runs (by the bound exp(-z²/2) of a normal tail, and with the first term of
    Peiser's expansion of Student's t for few controls). Which are the steady stretches is found by leaving out those
    that drifted until no more do; where two groups stand against each other, it is the one that is nearer to the right
    scores.
    """
    numbers = sorted({each.stretch for each in controls})
    if len(numbers) < 2:
        return dict.fromkeys(numbers, 0.0), set()
    fit = _Fit(controls, numbers)
    steady: Collection[int] = numbers
    found: dict[int, float] = {}
    drifted: set[int] = set()
    for _ in range(ROUNDS):
        found, drifted = fit.against(steady, at_most)
        groups = [
            [number for number in numbers if number not in drifted],
            [number for number in drifted if found[number] > 0],
            [number for number in drifted if found[number] < 0],
        ]
        best = min(filter(None, groups), key=lambda group: _error(group, controls))
        if set(best) == set(steady):
            break
        steady = best
    return found, drifted


class _Fit:
    """The scores of controls as anchor + stretch + noise, by least squares.

    The anchors are few and the stretches may be thousands, so these are taken out of the equations first.
    """

    def __init__(self, controls: Sequence[Graded], numbers: Sequence[int]) -> None:
        import numpy as np

        place = {number: at for at, number in enumerate(numbers)}
        anchors = {anchor: at for at, anchor in enumerate(sorted({each.anchor for each in controls}))}
        of_anchor = np.array([anchors[each.anchor] for each in controls])
        of_stretch = np.array([place[each.stretch] for each in controls])
        scores = np.array([each.score for each in controls], dtype=float)
        self._numbers = np.array(numbers)
        self._together = np.zeros((len(anchors), len(numbers)))
        np.add.at(self._together, (of_anchor, of_stretch), 1.0)
        self._sums = np.zeros_like(self._together)
        np.add.at(self._sums, (of_anchor, of_stretch), scores)
        self._sizes = self._together.sum(axis=0)
        self._means = self._sums.sum(axis=0) / self._sizes
        self._shares = self._together / self._sizes  # of each anchor, among the controls of each stretch
        self._all = self._solved(np.ones(len(numbers), dtype=bool))
        (by_anchor, effects), inverse = self._all[:2], self._all[2]
        rest = scores - by_anchor[of_anchor] - effects[of_stretch]
        freedom = len(controls) - len(numbers) - int(np.linalg.matrix_rank(inverse, hermitian=True))
        self._noise, self._freedom = _own_noise(controls) or (float(rest @ rest) / max(freedom, 1), freedom)

    def _solved(self, steady: Any) -> tuple[Any, Any, Any, Any]:
        """What each anchor gives by some stretches alone, what each stretch of all gives, and the equations."""
        import numpy as np

        together, shares = self._together[:, steady], self._shares[:, steady]
        left = np.diag(together.sum(axis=1)) - shares @ together.T
        inverse = np.linalg.pinv(left, hermitian=True)
        by_anchor = inverse @ (self._sums[:, steady].sum(axis=1) - together @ self._means[steady])
        return by_anchor, self._means - self._shares.T @ by_anchor, inverse, left

    def against(self, steady: Collection[int], at_most: float) -> tuple[dict[int, float], set[int]]:
        """How far each stretch lies from the steady ones, and which lie too far.

        What an anchor gives is told by the steady stretches, for a stretch that has others too by all of them.
        """
        import numpy as np

        among = np.isin(self._numbers, list(steady))
        weights = np.where(among, self._sizes, 0.0)
        weights = weights / weights.sum()
        apart = self._shares - (self._shares @ weights)[:, None]
        alone = (1 - 2 * weights) / self._sizes + weights**2 @ (1 / self._sizes)
        off, errors = np.zeros(len(self._numbers)), np.full(len(self._numbers), np.inf)
        for _, effects, inverse, left in (self._all, self._solved(among)):
            known = np.isclose(left @ inverse @ apart, apart, atol=1e-6).all(axis=0)
            variance = alone + np.einsum("as,ab,bs->s", apart, inverse, apart)
            off = np.where(known, effects - effects @ weights, off)
            errors = np.where(known, np.sqrt(self._noise * np.maximum(variance, 0)), errors)
        normal = sqrt(2 * log(ONCE_IN * len(self._numbers)))
        sure = normal + (normal**3 + normal) / (4 * max(self._freedom, 1))
        far = (self._freedom > 0) & (abs(off) > np.maximum(at_most, sure * errors) + 1e-9)
        return dict(zip(self._numbers.tolist(), off.tolist(), strict=True)), set(self._numbers[far].tolist())


def _own_noise(controls: Sequence[Graded]) -> tuple[float, int] | None:
    """How scores of one anchor in one stretch vary, with its degrees of freedom; None where too few anchors were graded
    more than once in a stretch. No fit adds to it, as one does where a drift ends at the end of the scale.
    """
    cells: dict[tuple[int, int], list[float]] = defaultdict(list)
    for each in controls:
        cells[each.stretch, each.anchor].append(each.score)
    freedom = sum(len(scores) - 1 for scores in cells.values())
    squares = sum((score - fmean(scores)) ** 2 for scores in cells.values() for score in scores)
    return (squares / freedom, freedom) if freedom >= ENOUGH else None


def _error(group: Collection[int], controls: Sequence[Graded]) -> float:
    """How far the scores of some stretches lie from the right ones."""
    return fmean(abs(each.score - each.right) for each in controls if each.stretch in group)
