"""The history of one row: where it came from, what it was asked, what was measured, and what became of it.

Prompts and answers are not in a build's folder: they are worked out again from its recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.errors import HfsftError, ReleaseError
from hfsft.release.folder.file_names import RESOLVED
from hfsft.release.rows.exchanges import Exchange, exchanges
from hfsft.release.rows.records import BuildRows, Measure, ReleaseRow
from hfsft.rows.columns import first_of

if TYPE_CHECKING:
    from hfsft.engine.step import Step


@dataclass(frozen=True)
class RowHistory:
    """What `hfsft why` tells of one row."""

    record: ReleaseRow
    ancestors: list[ReleaseRow | str]  # from the seed down; an id where the folder has no such row
    measures: list[Measure]
    of: ReleaseRow | None  # the row that it fell for
    grown: list[ReleaseRow]  # the rows that grew from it directly
    exchanges: list[Exchange]
    untold: str = ""  # why prompts and answers are not known


def row_history(rows: BuildRows, name: str) -> RowHistory:
    """Where the row came from, what it was asked, what was measured, and what became of it."""
    record, parents = rows.one(name), rows.parents()
    above: list[str] = []
    parent = record.row.get("parent_id")
    while parent and parent not in above:
        above.insert(0, parent)
        parent = parents.get(parent)
    of = record.verdict.get("of")
    below = [row for row, parent in parents.items() if parent == record.id]
    known = rows.named([*above, *below, *([of] if of else [])])
    exchanges: list[Exchange] = []
    untold = ""
    try:
        if record.silent:
            raise ReleaseError("what the row says is not in this build")
        exchanges = _exchanges(rows, record, known.get(above[-1]) if above else None)
    except HfsftError as error:
        untold = str(error)
    return RowHistory(
        record=record,
        ancestors=[known.get(row, row) for row in above],
        measures=record.measures(rows.bounds),
        of=known.get(of) if of else None,
        grown=[known[row] for row in below],
        exchanges=exchanges,
        untold=untold,
    )


def _exchanges(rows: BuildRows, record: ReleaseRow, parent: ReleaseRow | None) -> list[Exchange]:
    """What each stage sent for a row that was built, worked out anew by the folder's recipe."""
    from hfsft.models.pool import Pool
    from hfsft.models.store.store import Store
    from hfsft.recipe.checks.trust import Trust, require
    from hfsft.recipe.compile import steps_of_sections
    from hfsft.recipe.recipe import load_recipe
    from hfsft.recipe.rules import cleaner

    path = rows.release.folder / RESOLVED
    recipe = load_recipe(path, trusted=False)
    if not Trust().covers(path):
        require(recipe, Trust(), ())  # nothing is sent here, but what it calls weights is read
    met, clean = rows.steps_met(record), cleaner(recipe)
    found: list[Exchange] = []
    steps = steps_of_sections(recipe)
    with Store() as store, Pool(recipe.models, store, recipe=recipe.name) as pool:
        for place, step in enumerate(steps):
            if not step.asks:
                continue
            if step.name not in met:
                break
            before = _before(steps[place:], record.row)
            if "instruction" in step.writes and "instruction" not in step.rewrites and parent:
                before["instruction"] = parent.row.get("instruction")
            told = exchanges(step, before, pool, store, clean, _group(rows, step, steps[place:], record))
            alone = step.sees == "row" and record.row.get("origin") == "example"
            if alone and not exchanges(step, record.row, pool, store):
                continue  # it came with what the step would have asked for
            found += told
    return found


def _group(rows: BuildRows, step: Step, steps: Sequence[Step], record: ReleaseRow) -> list[dict[str, Any]]:
    """The rows that a step saw beside a row, as they met it, and the row itself; none where it sees each alone."""
    value = record.row.get(step.group_by) if step.sees == "group" else None
    if value is None:
        return [_before(steps, record.row)]
    those = (each for each in rows if each.row.get(step.group_by) == value and step.name in rows.steps_met(each))
    return [_before(steps, each.row) for each in those]


def _before(steps: Sequence[Step], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it met the first of some steps, those behind it in their order: not answered, and not rewritten yet."""
    firsts = {name: row.get(first_of(name)) for step in steps for name in step.rewrites}
    before = {**row, **{name: first for name, first in firsts.items() if first is not None}}
    if any("response" in step.writes and "response" not in step.rewrites for step in steps):
        before["response"] = None
    return before
