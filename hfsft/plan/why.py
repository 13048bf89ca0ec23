"""Why a step would run again: its identity now against the one of the last build."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfsft.plan.plan import Plan
from hfsft.plan.step import Step
from hfsft.rows.tally import rows_said

FILE = "last.json"  # beside the cached steps: the identities of the build that finished last
LONGEST = 60  # characters of a value that a reason shows


@dataclass(frozen=True)
class Reason:
    """One step: `reason` is empty where it would not run again; `changes` are `field: old -> new`."""

    step: str
    place: str
    reason: str
    changes: tuple[str, ...] = ()
    after: str = ""  # the step whose change reaches this one, where it did not change itself


def remember(plan: Plan, cache: Path) -> None:
    """Keep the identities of a build that finished."""
    steps = [
        {"name": step.name, "depends_on": step.depends_on(), "fingerprint": fingerprint}
        for step, fingerprint in plan.fingerprints()
    ]
    (cache / FILE).write_text(json.dumps(steps, ensure_ascii=False), encoding="utf-8")


def explain(plan: Plan, cache: Path) -> list[Reason]:
    """For each step of the plan, whether it would run again and because of which change."""
    try:
        last = {step["name"]: step for step in json.loads((cache / FILE).read_text(encoding="utf-8"))}
    except (OSError, ValueError):
        last = {}
    reasons: list[Reason] = []
    changed = ""
    for step, fingerprint in plan.fingerprints():
        place, old = str(step.place or ""), last.get(step.name)
        if old and old["fingerprint"] == fingerprint:
            reasons.append(Reason(step.name, place, ""))
            continue
        changes: tuple[str, ...] = ()
        if not last:
            reason = "no build of this recipe has finished yet"
        elif old is None:
            reason = "the step is new"
        else:
            changes = tuple(differences(old.get("depends_on", {}), step.depends_on()))
            reason = "it changed" if changes else f"its rows change with {changed}" if changed else "its rows change"
        if old and step.kind == "source" and changes:
            reason, changes = rows_changed(step, cache, old["fingerprint"]), ()
        after = changed if old and not changes else ""
        reasons.append(Reason(step.name, place, reason, changes, after))
        changed = changed or step.name
    return reasons


def rows_changed(step: Step, cache: Path, before: str) -> str:
    """How the rows of a source differ from those of a build before, of which `before` is the fingerprint, in words."""
    from hfsft.plan.source_rows import ids_of

    try:
        old = Counter(ids_of(cache, before))
    except ValueError:  # the cache was emptied since
        return "what it reads has changed"
    assert step.fn is not None
    new = Counter(row["id"] for row in step.fn())
    more, gone = (new - old).total(), (old - new).total()
    told = [f"{rows_said(number)} {word}" for number, word in ((more, "more"), (gone, "gone")) if number]
    return " and ".join(told) or "the same rows, read in another way or order"


def differences(old: Any, new: Any, name: str = "") -> Iterator[str]:
    """`field: old -> new` for every leaf that differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from differences(old.get(key), new.get(key), f"{name}.{key}" if name else str(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_differences(old, new, name)
    elif old != new:
        yield f"{name}: {_shown(old)} -> {_shown(new)}"


def _list_differences(old: list[Any], new: list[Any], name: str) -> Iterator[str]:
    """Lists of things: as many of each are the same field by field, else what came and what went."""
    if len(old) == len(new) and all(isinstance(item, Mapping | list) for item in [*old, *new]):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, f"{name}[{index}]")
        return
    yield from (f"{name}: without {_shown(item)}" for item in old if item not in new)
    yield from (f"{name}: with {_shown(item)}" for item in new if item not in old)
    if old != new and sorted(map(str, old)) == sorted(map(str, new)):
        yield f"{name}: in another order"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
