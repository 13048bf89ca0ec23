"""The engine: runs the steps of a plan over rows, in their order. It knows no stage and no filter by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.engine.executor import Done, Executor, Executors, Rows
from hfsft.engine.ledger import Ledger, Removal
from hfsft.engine.lookahead import prefetch_route, work_ahead
from hfsft.engine.outcome import NOT_CHOSEN
from hfsft.engine.parts.local import Local
from hfsft.engine.plan import Asker, Plan
from hfsft.engine.step import Step

if TYPE_CHECKING:
    from datasets import Dataset

Before = Callable[[Step, int], None]
After = Callable[[Step, Rows], None]
Last = Callable[["Left"], None]


@dataclass(frozen=True)
class Left:
    """The rows that are left after the last step, and what can be done with them while their executor is at work."""

    rows: Rows
    works: Executor[Any]

    def measured(self, *steps: Step) -> Rows:
        """The rows with the columns that steps over single rows, which are none of the plan, make of each: they are
        kept like those of any step.
        """
        *_, done = self.works.lane(self.rows, steps, None)
        found: Rows = done.rows
        return found


def run(
    plan: Plan,
    asker: Asker,
    cache: Path,
    ledger: Ledger,
    *,
    scratch: Path | None = None,
    before: Before | None = None,
    after: After | None = None,
    more: Callable[[Rows], Step | None] | None = None,
    last: Last | None = None,
    measures: Callable[[], Sequence[Step]] = tuple,
    executor: Executors | None = None,
    until: ExitStack | None = None,
) -> Dataset | Rows:
    """The rows that are left after the last step; those that are not are entered in `ledger`, step by step.

    What steps made before is read back from `cache`; what a forecast works out, from stored answers or over rows that
    are not known yet, goes to `scratch`. `before` is told each step and how many rows come in, `after` each step and
    the rows it left. `more`, told the rows that are left, gives the source of another wave or None: its rows come in
    behind all others, and the steps go over all rows once more, which costs what is new; the ledger is then that of
    the whole. `last` is called at the end with the rows that are left; they are no dataset then, and stay where they
    lie, and steps that it has measure them (`measures`) may have worked by then. Another `executor` than that of this
    machine gives the same rows; it ends with `until`, where that is given.
    Raises whatever `asker` raises; steps finished by then stay cached.
    """
    with ExitStack() as own:
        works = (until or own).enter_context((executor or Local)(cache, scratch))
        while True:
            plan.check()
            rows = _pass(plan, measures, asker, works, ledger, before, after)
            source = more(rows) if more else None
            if source is None:
                if last is None:
                    return works.dataset(rows)
                last(Left(rows, works))
                return rows
            ledger.next_wave(len(rows))
            plan = plan.with_source(source)


def _pass(
    plan: Plan,
    measures: Callable[[], Sequence[Step]],
    asker: Asker,
    works: Executor[Any],
    ledger: Ledger,
    before: Before | None,
    after: After | None,
) -> Any:
    """The rows of the dataset after the last step, by one pass over the steps."""
    tables: dict[str, Any] = {}  # the rows as they are now, of the dataset ("") and of side tables
    ahead: set[str] = set()  # steps that had worked before their turn
    for place, lane in lanes(plan.steps):
        later = plan.steps[place + len(lane) :]
        if lane[0].asks and not lane[0].table and asker.awaits():
            ahead |= work_ahead(tables[""], lane[0], later, measures, asker, works)
        done = _done(lane, later, tables, asker, works)
        for step in lane:
            rows = tables.get(step.table)
            count = len(rows) if rows is not None else 0
            if before:
                before(step, count)
            started = time.perf_counter()
            came = next(done)
            if step.name in ahead:
                came = replace(came, cached=False)
            seconds = round(time.perf_counter() - started, 4)
            tables[step.makes or step.table] = came.rows
            _enter(ledger, step, 0 if step.makes else count, came, seconds)
            if after:
                after(step, came.rows)
    ledger.tables = {name: rows for name, rows in tables.items() if name}
    return tables[""]


def lanes(steps: Sequence[Step]) -> Iterator[tuple[int, tuple[Step, ...]]]:
    """The steps with the place of the first: those that look at one row alone and ask nobody together, others alone."""
    lane: list[Step] = []
    for place, step in enumerate(steps):
        if lane and not (_in_lane(step) and _in_lane(lane[-1]) and step.table == lane[-1].table):
            yield place - len(lane), tuple(lane)
            lane = []
        lane.append(step)
    if lane:
        yield len(steps) - len(lane), tuple(lane)


def _in_lane(step: Step) -> bool:
    return step.row_by_row and not step.asks and not step.beside


def _done(
    lane: tuple[Step, ...], later: Sequence[Step], tables: dict[str, Any], asker: Asker, works: Executor[Any]
) -> Iterator[Done[Any]]:
    """What steps come to: the facets of the first say which work that is."""
    step = lane[0]
    rows, beside = tables.get(step.table), tables[step.beside] if step.beside else None
    if step.rows == "source":
        yield works.source(step, rows)
    elif step.asks:
        alone = (step.rows, step.sees) == ("same", "row") and not step.table
        yield works.ask(rows, step, asker, prefetch_route(later, asker) if alone else None)
    elif step.sees == "row":
        yield from works.lane(rows, lane, beside)
    else:
        yield works.group(rows, step, beside) if step.sees == "group" else works.all(rows, step, beside)


def _enter(ledger: Ledger, step: Step, count: int, done: Done[Any], seconds: float) -> None:
    """Write into the ledger what a step came to; rows of a side table are no rows of the dataset."""
    aside = bool(step.table or step.makes)
    if step.rows == "source" and not aside:
        ledger.told += done.told or []
    if step.asks:
        ledger.spent[step.name] = done.spent
    if step.bound is not None and done.rejected is not None and not aside:
        bound = step.bound
        ledger.removals.append(Removal(step.name, bound.rule, "rejected", str(bound), bound.column, done.rejected))
    if done.failed is not None and not aside:
        ledger.removals.append(Removal(step.name, step.name, "failed", "", "", done.failed, done.errors))
    if done.passed_over is not None and not aside:
        removal = Removal(step.name, NOT_CHOSEN, "not_chosen", "", "", done.passed_over, instead=done.instead)
        ledger.removals.append(removal)
    ledger.record(
        step,
        count,
        len(done.rows),
        removed=done.removed,
        cached=done.cached,
        calls=done.calls,
        seconds=seconds,
        aside=aside,
    )
