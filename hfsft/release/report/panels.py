"""The panels that sections of a recipe add to the report, as its page is given them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.release.report import charts
from hfsft.stages.base import Name, Outcome, Panel, Shares, ShownTable, Stage

if TYPE_CHECKING:
    from hfsft.release.report.page_data import PageLimits

LONGEST = 500  # characters of one cell


def panels(stages: Iterable[Stage], outcome: Outcome) -> list[dict[str, Any]]:
    """Each panel with its pieces, in the order of the sections; a chart with the name that its data has on the page."""
    found = [panel for stage in stages if (panel := stage.panel(outcome)) is not None]
    return [
        {
            "name": each.name,
            "title": each.title,
            "called": each.called or each.title,
            "pieces": list(_pieces(each)),
            "counts": each.counts,
        }
        for each in found
    ]


def bounded(shown: Sequence[Mapping[str, Any]], limits: PageLimits) -> list[dict[str, Any]]:
    """The first panels, each with its first pieces, and of tables the first lines."""
    return [
        {**panel, "pieces": [_bounded(piece, limits.lines) for piece in panel["pieces"][: limits.panels]]}
        for panel in shown[: limits.panels]
    ]


def _bounded(piece: Mapping[str, Any], most: int) -> Mapping[str, Any]:
    if "table" in piece:
        return {**piece, "table": piece["table"][:most], "more": max(0, len(piece["table"]) - most)}
    return piece


def drawn(shown: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The charts of panels, by these names."""
    return {piece["chart"]: piece["spec"] for panel in shown for piece in panel["pieces"] if "chart" in piece}


def _pieces(panel: Panel) -> Iterator[dict[str, Any]]:
    for number, piece in enumerate(panel.pieces):
        if isinstance(piece, ShownTable):
            rows = [[_cell(value) for value in row] for row in piece.rows]
            yield {"table": rows, "head": piece.head, "right": set(piece.right), "about": piece.about or panel.title}
        elif isinstance(piece, Shares):
            about = f"{piece.value} by {piece.group}"
            yield {"chart": f"{panel.name}-{number}", "spec": charts.shares(piece), "about": about}
        else:
            yield {"text": plain(piece, 10 * LONGEST)}


def _cell(value: object) -> dict[str, Any]:
    """A value as the page writes it, and whether it is a name."""
    if isinstance(value, float):
        text = f"{value:.2f}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        text = "" if value is None else plain(str(value), LONGEST)
    return {"text": text, "name": isinstance(value, Name)}
