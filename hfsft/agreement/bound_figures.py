"""Precision and recall of every bound on a score, and the lowest bound that has a wanted precision.

A bound that is chosen because it looked best on some rows does worse on others, so beside the bound stands where it
would lie on rows drawn again, and its precision with an exact interval.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import floor, nan
from typing import Any

from hfsft.agreement.calibration import FEW, AtBound, Suggested
from hfsft.agreement.judge_figures import LabelledRow, UsedRows, share_among
from hfsft.agreement.library import interval, library

SHOWN = 12  # bounds of one score that are shown
KEPT_AT_LEAST = 10
"""Labelled rows that a suggested bound keeps at least: the best three of all rows are accepted by any judge."""


def judged_rows(used: UsedRows, score: str) -> tuple[list[LabelledRow], list[float]]:
    """The rows that people accept or reject and that have this score, with their weights."""
    return used.of(lambda row: row.accepted is not None and score in row.judged)


def at_bounds(used: UsedRows, score: str, build: Sequence[float], of_interest: Collection[float] = ()) -> list[AtBound]:
    """What each bound at a score of a labelled row would do; of many some, with those next above `of_interest`.

    `build` are the scores of all rows of the build.
    """
    rows, weights = judged_rows(used, score)
    people, values = [int(bool(row.accepted)) for row in rows], [row.judged[score] for row in rows]
    bounds = sorted(set(values))
    if len(bounds) > SHOWN:
        step = (len(bounds) - 1) / (SHOWN - 1)
        wanted = {bounds[round(number * step)] for number in range(SHOWN)}
        wanted |= {next((each for each in bounds if each >= number), bounds[-1]) for number in of_interest}
        bounds = sorted(wanted)
    return [_at(bound, people, values, weights, build) for bound in bounds]


def _at(
    bound: float, people: Sequence[int], values: Sequence[float], weights: Sequence[float], build: Sequence[float]
) -> AtBound:
    keeps = [int(value >= bound) for value in values]
    return AtBound(
        at_least=bound,
        kept=sum(keeps),
        precision=share_among(people, keeps, weights),
        recall=share_among(keeps, people, weights),
        build=sum(value >= bound for value in build) / len(build) if build else None,
    )


def suggested(used: UsedRows, score: str, wanted: float, build: Sequence[float]) -> Suggested:
    """The lowest bound on a score at which the share of accepted rows is at least what is wanted."""
    rows, weights = judged_rows(used, score)
    if len(rows) < FEW:
        said = f"{len(rows):,} rows have a verdict of people and this score, and {FEW} are needed"
        if sum(row.accepted is None for row in used.rows) >= FEW:
            said += " (--good 4 takes people's scores from 4 on for one)"
        return Suggested(score=score, wanted=wanted, why=said)
    import numpy as np

    people = np.array([int(bool(row.accepted)) for row in rows])
    values, weigh = np.array([row.judged[score] for row in rows]), np.array(weights)
    if not people.any():
        return Suggested(score=score, wanted=wanted, why="people accept none of the rows")
    lowest = _lowest(people, values, weigh, wanted)
    if lowest != lowest:
        said = f"no bound that keeps {KEPT_AT_LEAST} labelled rows or more has that precision"
        return Suggested(score=score, wanted=wanted, why=said)
    at = _at(lowest, people.tolist(), values.tolist(), weights, build)
    statistic: Callable[[Any], float] = lambda picks: _lowest(people[picks], values[picks], weigh[picks], wanted)  # noqa: E731
    seed = [[row.id, row.accepted, row.judged[score]] for row in rows]
    ends = interval(statistic, len(rows), seed)
    return Suggested(
        score=score,
        wanted=wanted,
        at_least=written(lowest, [*build, *values.tolist()]),
        low=ends and ends[0],
        high=ends and ends[1],
        precision=at.precision,
        recall=at.recall,
        kept=at.kept,
        doubts=_doubts(used, at, wanted, values.tolist(), build, known=ends is not None),
    )


def _lowest(people: Any, values: Any, weights: Any, wanted: float) -> float:
    """The lowest of the rows' scores from which on the precision is what is wanted; nan for none."""
    if not people.any():
        return nan
    metrics = library("sklearn.metrics")
    precision, _, bounds = metrics.precision_recall_curve(
        people, values, sample_weight=weights, drop_intermediate=False
    )
    for share, bound in zip(precision, bounds, strict=False):  # the last share is of no bound
        if (values >= bound).sum() < KEPT_AT_LEAST:
            break
        if share >= wanted:
            return float(bound)
    return nan


def _doubts(
    used: UsedRows, at: AtBound, wanted: float, values: Sequence[float], build: Sequence[float], *, known: bool
) -> list[str]:
    """What to know before the bound is taken."""
    found = []
    low = at.precision.low
    if low is not None and low < wanted:
        found.append(
            f"its precision may be as low as {low:.0%}, so label more rows that it keeps before it is relied on"
        )
    lowest = min(values)
    below = sum(value < lowest for value in build)
    if at.at_least == lowest and below:
        found.append(
            f"it keeps every row that has a label: whether a lower one would do is not known, as none of the {below:,} "
            f"rows of the build that scored below {lowest:.4g} has one"
        )
    elif at.at_least == lowest:
        found.append("it keeps every row of the build: no bound is needed for that precision")
    if not known:
        found.append("drawn again, too many of these samples of rows have no such bound, so its interval is not known")
    if not used.basis.random:
        found.append("the rows are not told to be drawn at random, so it holds for rows that are picked like these")
    return found


def written(bound: float, scores: Sequence[float]) -> float:
    """A bound in few digits that keeps the rows which `bound` keeps: above the next lower score, not above itself."""
    below = max((score for score in scores if score < bound), default=bound - 1)
    for digits in range(7):
        rounded = float(floor(bound * 10**digits + 1e-9) / 10**digits)
        if below < rounded <= bound:
            return rounded
    return bound
