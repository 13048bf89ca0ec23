"""Preview: a few source rows, taken through the whole path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfsft.engine.outcome import groups
from hfsft.recipe.rules import cleaner
from hfsft.release.report.measures import bounds
from hfsft.release.rows.exchanges import Exchange, exchanges
from hfsft.release.rows.records import ReleaseRow

if TYPE_CHECKING:
    from hfsft.engine.ledger import Ledger
    from hfsft.engine.plan import Plan
    from hfsft.engine.step import Step
    from hfsft.models.limits.usage import Usage
    from hfsft.recipe.recipe import Recipe


@dataclass(frozen=True)
class Preview:
    """What became of the rows; iterated, each step with the rows that it left."""

    recipe: Recipe
    plan: Plan
    steps: list[tuple[Step, list[dict[str, Any]]]]
    ledger: Ledger
    usage: Usage

    def __iter__(self) -> Iterator[tuple[Step, list[dict[str, Any]]]]:
        return iter(self.steps)

    @property
    def bounds(self) -> list[dict[str, Any]]:
        """Every rule with a number, in the order that they cut."""
        return bounds(self.plan)

    def records(self) -> list[ReleaseRow]:
        """The rows, each with its fate: those that were kept first."""
        _, left = self.steps[-1]
        found = [ReleaseRow({k: v for k, v in row.items() if k != "split"}, row["split"]) for row in left]
        for removal, entries in self.ledger.removed():
            for entry, row in zip(entries, removal.rows.to_list(), strict=True):
                found.append(ReleaseRow(row, entry["fate"], entry))
        return found

    def exchanges(self) -> dict[str, list[Exchange]]:
        """What was sent for each row, by its id, and the answers."""
        from hfsft.models.pool import Pool
        from hfsft.models.store.store import Store

        found: dict[str, list[Exchange]] = {}
        clean = cleaner(self.recipe)
        with Store() as store, Pool(self.recipe.models, store, recipe=self.recipe.name) as pool:
            for (_, before), (step, _) in zip(self.steps, self.steps[1:], strict=False):
                if step.asks:
                    for row, group in _asked_for(step, before):
                        found.setdefault(row["id"], []).extend(exchanges(step, row, pool, store, clean, group))
        return found


def _asked_for(step: Step, rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The rows that a step asks for, of a group the first, each with its group."""
    if step.sees != "group":
        yield from ((row, [row]) for row in rows)
        return
    for numbers in groups([row["id"] for row in rows], [row.get(step.group_by) for row in rows]):
        those = [rows[number] for number in numbers]
        yield those[0], those
