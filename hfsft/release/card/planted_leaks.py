"""What the card says of evaluation sets: how rows were compared with them, and how much that finds."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from hfsft.filters.other_sets.against import KIND
from hfsft.filters.other_sets.contamination import Contamination
from hfsft.filters.other_sets.planted import SOUND, planted
from hfsft.hashing import unit
from hfsft.recipe.rules import filters_of
from hfsft.release.card.markdown import joined, named, prose, table

if TYPE_CHECKING:
    from hfsft.engine.step import Step
    from hfsft.release.result import Built

CARRIERS = 200  # rows whose texts items are planted in


def contamination(built: Built) -> list[dict[str, Any]]:
    """For each filter of evaluation sets its method, its parameters, and the share of planted leaks that it finds."""
    rules = [rule for rule in filters_of(built.recipe) if isinstance(rule, Contamination)]
    steps = [step for step in built.plan.steps if any(need.kind == KIND for need in step.needs) and _of(step)]
    return [_told(built, rule, step) for rule, step in zip(rules, steps, strict=False)]


def _of(step: Step) -> bool:
    return step.name.startswith(f"filters[{Contamination.name}")


def _told(built: Built, rule: Contamination, step: Step) -> dict[str, Any]:
    found_by = rule.given(step.needs)
    assert isinstance(found_by, Contamination), "it is the same with resources"
    held = found_by.held
    some = (
        (unit(row_id, "carrier"), row_id, answer)
        for table in built.streamed.batches(["id", "response"])
        for row_id, answer in zip(*(table[name].to_pylist() for name in ("id", "response")), strict=True)
        if answer
    )
    carriers = [answer for *_, answer in nsmallest(CARRIERS, some)]
    rows = [
        (
            f"{each.kind} (no leak)" if each.kind in SOUND else each.kind,
            each.planted,
            f"{each.found / each.planted:.1%}" if each.planted else "",
            joined([f"{level} {count}" for level, count in each.levels.items()]) if each.levels else "",
        )
        for each in planted(held.items, found_by.finder, carriers)
    ]
    fell = sum(len(each.rows) for each in built.ledger.removals if each.rule == rule.name)
    return {
        "sets": joined([named(each.path) for each in rule.against]),
        "held": f"{len({item.name for item in held.items}):,}",
        "columns": joined([named(name) for name in rule.reads]),
        "levels": set(rule.levels),
        "words": rule.words,
        "share": f"{rule.share:g}",
        "near": f"{rule.near:g}",
        "cosine": f"{rule.cosine:g}",
        "fell": fell,
        "table": table(("planted", "texts", "found", prose("by level")), rows, right=(1, 2)),
    }
