"""Thresholds: for each measure, what any other bound would keep; exact, however many rows there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hfsft.release.report import charts, measures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hfsft.release.report.page_data import PageData

STEPS = 200
"""Places of a slider: every value that occurs where they are no more than these, else evenly spread."""


def thresholds(story: PageData) -> Iterator[dict[str, Any]]:
    """Each measure with its chart, its bounds, and for both kinds of bound the rows kept at each place of a slider.

    A bound moved outwards lets rows go on to the rules behind it, which never saw them: only how many is known.
    """
    for column in story.measures():
        values = story.values(column)
        kept = [float(value) for value in values if value is not None]
        out = story.removed_by(column)
        if kept or out:
            unit = next((bound["unit"] for bound in story.summary["bounds"] if _counts(bound, column)), None)
            yield threshold(column, kept, out, dict(_bounds(story, column)), len(values) - len(kept), unit)


def threshold(
    column: str, kept: list[float], out: list[float], bounds: dict[str, float], missing: int, unit: str | None
) -> dict[str, Any]:
    """One measure: its values in the rows that stay and in those that fall, at least one, and its bounds."""
    alone = len({*kept, *out}) == 1  # a picture of one block says less than its number
    return {
        "column": column,
        "unit": unit,
        "chart": None if alone else charts.histogram(measures.histogram(kept, out), None, bounds),
        "alone": (kept or out)[0] if alone else None,
        "bounds": bounds,
        "places": _places(kept, out, bounds),
        "kept": len(kept),
        "removed": len(out),
        "missing": missing,
    }


def _counts(bound: Mapping[str, Any], column: str) -> bool:
    return bound["column"] == column and bool(bound.get("unit"))


def _bounds(story: PageData, column: str) -> Iterator[tuple[str, float]]:
    """The tightest bound of each kind."""
    for kind, tightest in (("at_least", max), ("at_most", min)):
        found = [bound[kind] for bound in story.summary["bounds"] if bound["column"] == column]
        if set(found) - {None}:
            yield kind, float(tightest(value for value in found if value is not None))


def _places(kept: list[float], out: list[float], bounds: dict[str, float]) -> list[list[float]]:
    """`[value, kept, removed, kept, removed]`: rows of at least, then of at most, that value; bounds are among them."""
    import numpy as np

    stay, removed = np.sort(np.asarray(kept, float)), np.sort(np.asarray(out, float))
    values = np.unique(np.concatenate([stay, removed]))
    if len(values) > STEPS:
        values = np.linspace(values[0], values[-1], STEPS)
    # Counted at the numbers that are shown, so that a bound copied from the page does what it says.
    shown = sorted({*bounds.values(), *(float(f"{value:.6g}") for value in values.tolist())})
    return [
        [
            value,
            len(stay) - int(np.searchsorted(stay, value, "left")),
            len(removed) - int(np.searchsorted(removed, value, "left")),
            int(np.searchsorted(stay, value, "right")),
            int(np.searchsorted(removed, value, "right")),
        ]
        for value in shown
    ]
