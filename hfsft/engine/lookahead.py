"""A row that a step has asked for need not wait for the others: the way from there to the next step that asks.

A way holds only steps that look at one row alone; one that compares rows ends it. What is asked on the way is what the
next step would ask: it finds the answers when its own turn comes, and no result hangs on whether a row went ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from hfsft.cache import has_rows
from hfsft.engine.plan import Asker, Plan, Task
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch, Row, rows_of

if TYPE_CHECKING:
    from hfsft.engine.live import Live

FIRST = 10_000  # rows that are read before there is a dataset to hold them


@dataclass(frozen=True)
class Way:
    """The steps from one that asks to the next."""

    between: tuple[Step, ...]
    step: Step  # the next that asks

    @property
    def columns(self) -> set[str]:
        """The columns that a row may need on the way."""
        return {name for step in (*self.between, self.step) for name in ("id", *step.reads, *step.optional)}

    def follow(self, row: Row, made: Row) -> tuple[Step, Task] | None:
        """What `row`, with the columns just `made`, is asked next; None where a filter takes it out."""
        for arrived in _walked(self.between, [{**row, **made}]):
            return self.step, task_of(self.step, arrived)
        return None


def way_from(steps: Sequence[Step], *, grows: bool = False) -> Way | None:
    """The way through `steps`, which follow on one that asks; None where it does not lead to another one.

    Only where it `grows` may steps lie on it that make several rows of one.
    """
    for place, step in enumerate(steps):
        if not step.prefetches or (step.rows == "many" and not grows):
            return None
        if step.asks:
            return Way(tuple(steps[:place]), step)
    return None


def way_ahead(steps: Sequence[Step], asker: Asker) -> Way | None:
    """The way through `steps` that rows may go before the others; None where there is none, or `asker` forbids it."""
    way = way_from(steps)
    return way if way and asker.goes_ahead(way.step) else None


def begin(plan: Plan, asker: Live, cache: Path) -> Plan:
    """Let the first step that asks begin before the engine runs; the plan to run then, which reads no source row twice.

    Importing datasets takes half a second, and the first requests are out meanwhile. Nothing is begun where a step on
    the way compares rows, where there are too many of them, or where a build before left its rows in `cache`: most of
    what it would be asked is known then, and the engine knows of which rows.
    """
    source, *steps = plan.steps
    way = way_from(steps, grows=True)
    if way is None or has_rows(cache):
        return plan
    rows = source.function()
    first = list(islice(rows, FIRST + 1))
    if len(first) <= FIRST:
        behind = way_ahead(steps[len(way.between) + 1 :], asker) if way.step.rows == "same" else None
        asker.begin(way.step, [task_of(way.step, row, behind) for row in _walked(way.between, first)])
    return replace(plan, steps=(source.doing(lambda: chain(first, rows)), *steps))


def _walked(steps: Sequence[Step], rows: list[Row]) -> list[Row]:
    """The rows behind steps of a way."""
    for step in steps:
        if not rows:
            break
        if step.bound is not None:
            rows = [row for row in rows if step.bound.keeps(row[step.bound.column])]
        elif step.rows == "many":
            rows = list(rows_of(step.function(_batch(rows, rows[0]))))
        else:
            made = step.function(_batch(rows, step.given(rows[0])))
            rows = [{**row, **new} for row, new in zip(rows, rows_of(made), strict=True)]
    return rows


def _batch(rows: Sequence[Row], columns: Iterable[str]) -> Batch:
    return {name: [row[name] for row in rows] for name in columns}


def task_of(step: Step, row: Row, behind: Way | None = None, *, pending: bool = False) -> Task:
    """What a step asks for a row, and, where a way leads on from there, what is asked next."""
    asked = {name: row[name] for name in step.given(row, "id")}
    then = partial(behind.follow, row) if behind else None
    return Task(row["id"], asked, partial(step.function, asked), pending, then)
