"""The numbers behind card, report and notes: what the rows measure, which model did what, where bounds lie."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isqrt
from typing import TYPE_CHECKING, Any

from hfsft.rows.columns import column, criterion_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.plan import Plan
    from hfsft.engine.step import Step

BINS = 40  # at most
FEW = 30  # different whole numbers, up to which each gets a bar of its own


def bounds(plan: Plan) -> list[dict[str, Any]]:
    """Every comparison with a number, with the step that makes it, and what it counts where that is not plain."""
    units = {
        column: step.identity["unit"]
        for step in plan.steps
        if step.identity.get("filter") == "tokens"
        for column in step.writes
    }
    return [
        {
            "step": step.name,
            "rule": step.bound.rule,
            "column": step.bound.column,
            "at_least": step.bound.at_least,
            "at_most": step.bound.at_most,
            **({"unit": unit} if (unit := units.get(step.bound.column)) else {}),
        }
        for step in plan.steps
        if step.bound and not step.bound.absent
    ]


def roles(plan: Plan, *, writing: bool = False) -> dict[str, list[str]]:
    """Name of a model -> the stages that ask it, with `writing` for texts of rows, in the order that rows meet them."""
    found: dict[str, list[str]] = {}
    for step in plan.steps:
        for model in step.models if not writing or _writes_texts(step) else ():
            stages = found.setdefault(model, [])
            if (stage := step.name.split(".")[0]) not in stages:
                stages.append(stage)
    return found


def writers(plan: Plan) -> dict[str, list[str]]:
    """Name of a model -> the stages in which it wrote texts of rows; scores, reasons and choices are none."""
    return roles(plan, writing=True)


def _writes_texts(step: Step) -> bool:
    return any(column(name, kind, step.role).role == "text" for name, kind in step.writes.items())


def scored(plan: Plan) -> set[str]:
    """The columns of a judge's scores, and those that were measured of them."""
    found = set(filter(criterion_of, plan.columns()))
    for step in plan.steps:
        if step.role == "measure" and not step.asks and found.intersection(step.reads):
            found.update(step.writes)
    return found


def histogram(kept: Sequence[float] | NDArray[Any], out: Sequence[float] | NDArray[Any] = ()) -> list[dict[str, float]]:
    """Bins `{low, high, kept, removed}` over all values: one for each where they are few whole numbers."""
    import numpy as np

    both = np.concatenate([np.asarray(kept, float), np.asarray(out, float)])
    low, high = float(both.min()), float(both.max())
    bins = min(BINS, max(10, isqrt(len(both))))  # few rows make no picture of many bins
    if (both % 1).any():
        edges = np.linspace(low, high, bins + 1)
    else:
        edges = np.arange(low - 0.5, high + 1, 1 if high - low < FEW else ceil((high - low) / bins))
        edges = edges if edges[-1] > high else np.append(edges, 2 * edges[-1] - edges[-2])
    counts = zip(np.histogram(kept, edges)[0].tolist(), np.histogram(out, edges)[0].tolist(), strict=True)
    bounds = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [
        {"low": round(first, 6), "high": round(last, 6), "kept": stay, "removed": removed}
        for (first, last), (stay, removed) in zip(bounds, counts, strict=True)
    ]
