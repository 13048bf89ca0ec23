"""Thresholds: for each measure, what any other bound would keep; exact, however many rows there are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.release.report import charts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hfsft.release.report.page_data import PageData
    from hfsft.tallies.distributions import Numbers, Span

STEPS = 200
"""Places of a slider: every value that occurs where they are no more than these, else evenly spread."""


def thresholds(story: PageData, most: int) -> Iterator[dict[str, Any]]:
    """Measures with their charts, their bounds, and for both kinds of bound the rows kept at each place of a slider.

    Of more than `most` first those that a rule bounds. A bound moved outwards lets rows go on to the rules behind it,
    which never saw them: only how many is known.
    """
    bounds = {column: dict(_bounds(story, column)) for column in story.measures()}
    for column in charts.most_telling(list(bounds), [bool(each) for each in bounds.values()], most):
        unit = next((bound["unit"] for bound in story.summary["bounds"] if _counts(bound, column)), None)
        read = partial(story.numbers, column), partial(story.removed_by, column)
        if found := threshold(column, *read, bounds[column], unit):
            yield {**found, "missing": story.rows_kept - found["kept"]}


def threshold(
    column: str,
    kept: Callable[[], Iterable[Numbers]],
    out: Callable[[], Iterable[Numbers]],
    bounds: Mapping[str, float],
    unit: str | None,
) -> dict[str, Any] | None:
    """One measure: its values in the rows that stay and in those that fall, and its bounds; None where there are none.

    Values come some at a time, and are gone over twice.
    """
    from hfsft.tallies.distributions import Bars, Ranked, Span, bars, edges

    stay, fell, every = Span(STEPS), Span(STEPS), Span(STEPS)
    for of, read in ((stay, kept), (fell, out)):
        for numbers in read():
            of.add(numbers)
        every.merge(of)
    if not every.count:
        return None
    shown, sides = _shown(every, bounds), edges(every)
    ranks, counts = (Ranked(shown), Ranked(shown)), (Bars(sides), Bars(sides))
    for rank, count, read in zip(ranks, counts, (kept, out), strict=True):
        for numbers in read():
            rank.add(numbers)
            count.add(numbers)
    alone = every.low == every.high  # a picture of one block says less than its number
    columns = [each.tolist() for of in ("at_least", "at_most") for each in (getattr(rank, of) for rank in ranks)]
    return {
        "column": column,
        "unit": unit,
        "chart": None if alone else charts.histogram(bars(*counts), None, bounds),
        "alone": every.low if alone else None,
        "bounds": bounds,
        "places": [list(place) for place in zip(shown, *columns, strict=True)],
        "kept": stay.count,
        "removed": fell.count,
        "missing": 0,
    }


def _counts(bound: Mapping[str, Any], column: str) -> bool:
    return bound["column"] == column and bool(bound.get("unit"))


def _bounds(story: PageData, column: str) -> Iterator[tuple[str, float]]:
    """The tightest bound of each kind."""
    for kind, tightest in (("at_least", max), ("at_most", min)):
        found = [bound[kind] for bound in story.summary["bounds"] if bound["column"] == column]
        if set(found) - {None}:
            yield kind, float(tightest(value for value in found if value is not None))


def _shown(every: Span, bounds: Mapping[str, float]) -> list[float]:
    """The places of a slider: `[value, kept, removed, kept, removed]` are rows of at least, then of at most, a value.

    Bounds are among them. Rows are counted at the numbers that are shown, so that a bound copied from the page does
    what it says.
    """
    import numpy as np

    values = np.linspace(every.low, every.high, STEPS) if every.values is None else every.values
    return sorted({*bounds.values(), *(float(f"{value:.6g}") for value in values.tolist())})
