"""The numbers behind card, report and notes: what the rows measure, which model did what, where bounds lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hfsft.rows.columns import column, criterion_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.plan import Plan
    from hfsft.engine.step import Step


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


def histogram(kept: Sequence[float] | NDArray[Any]) -> list[dict[str, float]]:
    """Bins `{low, high, kept, removed}` over numbers, of which there is at least one."""
    import numpy as np

    from hfsft.tallies.distributions import Bars, Span, bars, edges

    numbers, whole = np.asarray(kept, float), Span()
    whole.add(numbers)
    counted, none = Bars(edges(whole)), Bars(edges(whole))
    counted.add(numbers)
    return bars(counted, none)
