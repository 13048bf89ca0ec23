"""Pictures of the card: files in the release, drawn on a ground of their own so that light and dark pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hfsft.release.card.stage_parts import chart_of, parts, picture_of
from hfsft.release.report import charts

if TYPE_CHECKING:
    from hfsft.release.result import Built

FUNNEL, LENGTHS = "assets/funnel.png", "assets/lengths.png"


def pictures(built: Built) -> dict[str, dict[str, Any]]:
    """What there is to draw: the path in the release, and the Vega-Lite specification."""
    specs: dict[str, dict[str, Any]] = {}
    lines = [line.as_dict() for line in built.ledger.funnel if line.added or line.removed]
    if any(line["rows_out"] + line["removed"] for line in lines):
        specs[FUNNEL] = charts.funnel(lines)
    for part in parts(built):
        if chart := chart_of(part):
            specs[picture_of(part)] = charts.shares(chart)
    found = built.lengths
    if found and found.summary.longest > found.summary.shortest:
        title = f"{found.unit} in a row (dashed: 95th percentile)"
        marks = {"95th percentile": found.summary.percentile_95}
        specs[LENGTHS] = charts.histogram(found.summary.bins, title, marks)
    return {path: charts.on_paper(spec) for path, spec in specs.items()}
