"""Why a step would run again: its identity now against the one of the last build."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfsft.cache import put
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.rows.reading.summaries import rows_said

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
    only_new: bool = False  # it would run for the rows alone that are new with that change, if there are any


def remember(plan: Plan, cache: Path) -> None:
    """Keep the identities of a build that finished."""
    steps = [
        {"name": step.name, "depends_on": step.depends_on(), "fingerprint": fingerprint}
        for step, fingerprint in plan.fingerprints()
    ]
    put(cache / FILE, json.dumps(steps, ensure_ascii=False))


def explain(plan: Plan, cache: Path) -> list[Reason]:
    """For each step of the plan, whether it would run again and because of which change."""
    try:
        last = {step["name"]: step for step in json.loads((cache / FILE).read_text(encoding="utf-8"))}
    except (OSError, ValueError):
        last = {}
    reasons: list[Reason] = []
    # By table, of which "" is the dataset: the step whose change makes other rows first, and the first that changed.
    others: dict[str, str] = {}
    changed: dict[str, str] = {}
    # By table and column that is made again for all rows: the step whose change that goes back to.
    remade: dict[tuple[str, str], str] = {}
    for step, fingerprint in plan.fingerprints():
        place, old = str(step.place or ""), last.get(step.name)
        same = old is not None and old["fingerprint"] == fingerprint
        changes = () if same or old is None else tuple(differences(old.get("depends_on", {}), step.depends_on()))
        reads = [(step.table, name) for name in (*step.reads, *step.optional)]
        cause = next((remade[each] for each in reads if each in remade), "")
        cause = cause or (changed.get(step.beside, "") if step.beside else "")
        only_new = bool(old and not changes and not cause and others.get(step.table)) and step.row_by_row
        cause = "" if changes or old is None else cause or others.get(step.table, "")
        if not last:
            reason = "no build of this recipe has finished yet"
        elif old is None:
            reason = "the step is new"
        elif step.rows == "source" and changes:
            reason, changes = rows_changed(step, cache, old["fingerprint"]), ()
        elif changes:
            reason = "it changed"
        elif only_new:
            reason = f"only for rows that are new with {cause}"
        elif same:
            reason, cause = "", ""
        else:
            reason = f"its rows change with {cause}" if cause else "its rows change"
        reasons.append(Reason(step.name, place, reason, changes, cause, only_new))
        if same:
            continue
        into = step.makes or step.table
        changed.setdefault(into, cause or step.name)
        if not only_new and step.rows not in ("source", "many"):
            remade |= dict.fromkeys(((into, name) for name in step.writes), cause or step.name)
        if step.rows != "same":
            others.setdefault(into, cause or step.name)
    return reasons


def rows_changed(step: Step, cache: Path, before: str) -> str:
    """How the rows of a source differ from those of a build before, of which `before` is the fingerprint, in words."""
    from hfsft.engine.parts.source_rows import ids_of

    try:
        old = Counter(ids_of(cache, before))
    except ValueError:  # the cache was emptied since
        return "what it reads has changed"
    new = Counter(row["id"] for row in step.function())
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
