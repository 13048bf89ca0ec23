"""Drift: where in a run a judge scores the same control anchors otherwise than in the rest of it.

Controls are graded all along the run. So many of them in a row make a stretch; what a stretch's scores differ by from
those of the same anchors elsewhere is its drift. A steady judge may be as noisy as it likes: what its noise explains is
none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import fmean

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

    A stretch drifted where it lies further off than `at_most`, and than noise explains: that many standard errors that
    a steady judge has one stretch of all that far off `ONCE_IN` so many runs (by the bound exp(-z²/2) of a normal tail,
    and with the first term of Peiser's expansion of Student's t for few controls). The standard error is worked out
    from how scores of one anchor differ within a stretch. Which are the steady stretches is found by leaving out those
    that drifted until no more do; where two groups stand against each other, it is the one that is nearer to the right
    scores.
    """
    numbers = sorted({each.stretch for each in controls})
    if len(numbers) < 2:
        return dict.fromkeys(numbers, 0.0), set()
    steady: Collection[int] = numbers
    found: dict[int, float] = {}
    drifted: set[int] = set()
    for _ in range(ROUNDS):
        found, drifted = _against(steady, controls, at_most)
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


def _against(steady: Collection[int], controls: Sequence[Graded], at_most: float) -> tuple[dict[int, float], set[int]]:
    """How far each stretch lies from the steady ones, and which lie too far."""
    usual = _means(controls, steady)
    known = _means(controls, {each.stretch for each in controls})  # of anchors that no steady stretch graded
    by_stretch: dict[int, list[Graded]] = defaultdict(list)
    for each in controls:
        by_stretch[each.stretch].append(each)
    off = {number: [each.score - (usual.get(each.anchor) or known[each.anchor])[0] for each in mine]
           for number, mine in by_stretch.items()}  # fmt: skip
    found = {number: fmean(each) for number, each in off.items()}
    noise, freedom = _noise(off, len(known)) if (told := _own_noise(controls)) is None else told
    normal = sqrt(2 * log(ONCE_IN * len(by_stretch)))
    sure = normal + (normal**3 + normal) / (4 * freedom)
    drifted = set()
    for number, mine in by_stretch.items():
        shares: dict[int, float] = defaultdict(float)
        for each in mine:
            shares[each.anchor] += 1 / len(mine)
        of_usual = sum(share**2 / (usual.get(anchor) or known[anchor])[1] for anchor, share in shares.items())
        error = sqrt(noise * (1 / len(mine) + of_usual))
        if abs(found[number]) > max(at_most, sure * error):
            drifted.add(number)
    return found, drifted


def _own_noise(controls: Sequence[Graded]) -> tuple[float, int] | None:
    """How scores of one anchor in one stretch vary, which no drift adds to, with its degrees of freedom; None where too
    few anchors were graded more than once in a stretch.
    """
    cells: dict[tuple[int, int], list[float]] = defaultdict(list)
    for each in controls:
        cells[each.stretch, each.anchor].append(each.score)
    freedom = sum(len(scores) - 1 for scores in cells.values())
    squares = sum((score - fmean(scores)) ** 2 for scores in cells.values() for score in scores)
    return (squares / freedom, freedom) if freedom >= ENOUGH else None


def _noise(off: Mapping[int, Sequence[float]], anchors: int) -> tuple[float, int]:
    """How scores vary around the mean of their stretch, with its degrees of freedom."""
    freedom = max(sum(map(len, off.values())) - len(off) - anchors + 1, 1)
    return sum((value - fmean(values)) ** 2 for values in off.values() for value in values) / freedom, freedom


def _means(controls: Sequence[Graded], among: Collection[int]) -> dict[int, tuple[float, int]]:
    """By anchor the mean of its scores in some stretches, and how many these are."""
    scores: Mapping[int, list[float]] = defaultdict(list)
    for each in controls:
        if each.stretch in among:
            scores[each.anchor].append(each.score)
    return {anchor: (fmean(values), len(values)) for anchor, values in scores.items()}


def _error(group: Collection[int], controls: Sequence[Graded]) -> float:
    """How far the scores of some stretches lie from the right ones."""
    return fmean(abs(each.score - each.right) for each in controls if each.stretch in group)
