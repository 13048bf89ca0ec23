"""Charts as Vega-Lite specifications: plain dicts, drawn by the report in the browser and for the card as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hfsft.stages.base import Shares

Spec = dict[str, Any]
T = TypeVar("T")

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
KEPT, REMOVED, BOUND = "#3f7fd0", "#e08a2c", "#d03a3a"  # told apart by all eyes, on white and on black
FATES = {"kept": KEPT, "removed": REMOVED}
PAPER = {
    "background": "#ffffff",
    "padding": 16,
    "font": "Liberation Sans, Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e6e6e6"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
}
END = {"calculate": "datum.after + datum.took", "as": "end"}
BAR = 24  # pixels a row of a bar chart
BARS = 60  # of one chart, at most


def most_telling(items: Sequence[T], weights: Sequence[float], most: int) -> list[T]:
    """At most so many items, those with the largest weights, in the order that they have."""
    places = sorted(range(len(items)), key=lambda place: -weights[place])[: max(0, most)]
    return [items[place] for place in sorted(places)]


def on_paper(spec: Spec) -> Spec:
    """The chart for a file: of a fixed size, on white, whatever page shows it."""
    return {"$schema": SCHEMA, **spec, "width": 560, "config": PAPER, "autosize": {"type": "pad"}}


def funnel(lines: Sequence[Mapping[str, Any]]) -> Spec:
    """How many rows each step left, and how many it took; of very many steps those that took or brought the most."""
    lines = most_telling(lines, [line["removed"] + line["added"] for line in lines], BARS)
    steps = [line["step"] for line in lines]
    values = [
        {"step": line["step"], "fate": fate, "rows": line[field], "after": line["rows_out"], "took": line["removed"]}
        for line in lines
        for fate, field in (("kept", "rows_out"), ("removed", "removed"))
    ]
    widest = max(line["rows_out"] + line["removed"] for line in lines)
    y = {"field": "step", "type": "nominal", "sort": steps, "title": None, "axis": {"labelLimit": 190}}
    label = "format(datum.after, ',') + (datum.took ? ' (−' + format(datum.took, ',') + ')' : '')"
    return {
        "data": {"values": values},
        "height": BAR * len(steps),
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {
                    "x": {
                        "field": "rows",
                        "type": "quantitative",
                        "title": "rows",
                        "axis": {"values": _ticks(widest), "format": ",d"},  # up to the rows that there are
                        "scale": {"domain": [0, widest * 1.4 or 1]},  # room for the numbers
                    },
                    "color": _fates(),
                    "order": {"field": "fate", "sort": "descending"},
                    "tooltip": [{"field": "step"}, {"field": "fate"}, {"field": "rows", "format": ","}],
                },
            },
            {
                "transform": [{"filter": "datum.fate == 'kept'"}, {"calculate": label, "as": "label"}, END],
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"x": {"field": "end", "type": "quantitative"}, "text": {"field": "label"}},
            },
        ],
    }


def _ticks(widest: int) -> list[int]:
    """Round numbers from 0, at most five, none above `widest`."""
    step = next(size * 10**power for power in range(20) for size in (1, 2, 5) if size * 10**power * 5 > widest)
    return list(range(0, widest + 1, step))


def shares(chart: Shares) -> Spec:
    """For each group, the share of its rows that have each value; of very many groups the first ones."""
    group, value, counted = chart.group, chart.value, dict(islice(chart.counts.items(), BARS))
    values = [
        {group: name, value: f"{each:g}", "rows": rows, "order": each}
        for name, counts in counted.items()
        for each, rows in counts.items()
    ]
    return {
        "data": {"values": values},
        "height": BAR * len(counted),
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": {"field": group, "type": "nominal", "sort": list(counted), "title": None},
            "x": {
                "field": "rows",
                "type": "quantitative",
                "stack": "normalize",
                "title": "share of the rows",
                "axis": {"tickCount": 4, "format": ".0%"},
            },
            "color": {
                "field": value,
                "type": "ordinal",
                "title": value,
                # Of all values that there may be: 5 looks the same everywhere.
                "scale": {"domain": [f"{each:g}" for each in chart.values], "scheme": "blues"},
            },
            "order": {"field": "order"},
            "tooltip": [{"field": group}, {"field": value}, {"field": "rows", "format": ","}],
        },
    }


def histogram(bins: Sequence[Mapping[str, float]], title: str | None, marks: Mapping[str, float]) -> Spec:
    """How often a measure has which value, of the rows kept and the rows that fell by it; `marks` are lines on it.

    The first mark is the parameter `mark_0` of the chart and so on, so that a page can move its line.
    """
    values = [
        {"low": found["low"], "high": found["high"], "fate": fate, "rows": found[fate]}
        for found in bins
        for fate in FATES
        if found[fate]
    ]
    edges = [*(found["low"] for found in bins), bins[-1]["high"], *marks.values()]
    whole = all((found["high"] - found["low"]).is_integer() for found in bins)
    x = {
        "type": "quantitative",
        "scale": {"domain": [min(edges), max(edges)], "nice": False},  # a moved line must not move the bars
        "axis": {"tickCount": 6, **({"tickMinStep": 1} if whole else {})},
        "title": title,
    }
    bars = {
        "mark": {"type": "bar", "binSpacing": 1},
        "encoding": {
            "x": {**x, "field": "low", "bin": {"binned": True}},
            "x2": {"field": "high"},
            "y": {"field": "rows", "type": "quantitative", "title": "rows", "axis": {"tickCount": 4}},
            "color": _fates() if any(value["fate"] == "removed" for value in values) else {"value": KEPT},
            "order": {"field": "fate", "sort": "descending"},
            "tooltip": [
                *({"field": edge, "format": ",.4~g"} for edge in ("low", "high")),
                *({"field": "fate"}, {"field": "rows", "format": ","}),
            ],
        },
    }
    lines = [
        {
            "data": {"values": [{"name": name}]},
            "transform": [{"calculate": f"mark_{index}", "as": "at"}],
            "mark": {"type": "rule", "color": BOUND, "strokeWidth": 2, "strokeDash": [6, 3], "tooltip": name},
            "encoding": {"x": {**x, "field": "at"}},
        }
        for index, name in enumerate(marks)
    ]
    named = [{"name": f"mark_{index}", "value": value} for index, value in enumerate(marks.values())]
    return {"height": 150, "data": {"values": values}, "params": named, "layer": [bars, *lines]}


def _fates() -> Spec:
    scale = {"domain": list(FATES), "range": list(FATES.values())}
    return {"field": "fate", "type": "nominal", "scale": scale, "title": None, "legend": {"orient": "top"}}
