"""Pictures of the card: files in the release, drawn on a ground of their own so that light and dark pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hfsft.release.report import charts, measures
from hfsft.rows.columns import score_of

if TYPE_CHECKING:
    from hfsft.release.result import Built

FUNNEL, SCORES, LENGTHS = "assets/funnel.png", "assets/scores.png", "assets/lengths.png"


def pictures(built: Built) -> dict[str, dict[str, Any]]:
    """What there is to draw: the path in the release, and the Vega-Lite specification."""
    specs: dict[str, dict[str, Any]] = {}
    lines = [line.as_dict() for line in built.ledger.funnel if line.added or line.removed]
    if any(line["rows_out"] + line["removed"] for line in lines):
        specs[FUNNEL] = charts.funnel(lines)
    judge = built.recipe.judge
    scores = {name: measures.numbers(built.rows, score_of(name)) for name in (judge.rubric if judge else ())}
    if judge and any(scores.values()):
        specs[SCORES] = charts.scores(
            {name: measures.spread(values) for name, values in scores.items() if values}, judge.scale
        )
    found = built.lengths
    if found and found.summary.longest > found.summary.shortest:
        title = f"{found.unit} in a row (dashed: 95th percentile)"
        marks = {"95th percentile": found.summary.percentile_95}
        specs[LENGTHS] = charts.histogram(found.summary.bins, title, marks)
    return {path: charts.on_paper(spec) for path, spec in specs.items()}
