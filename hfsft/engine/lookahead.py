"""Prefetching: once a row has its answers from one step, what the next step that asks would ask of it is sent at once.

The steps between the two are run on that row alone, so that a step which compares rows ends the route, and nothing
behind it is prefetched, unless it only writes columns that no step of the route reads. The requests are the very ones
that the next step makes. Their answers are in the store when its turn comes, so that prefetching changes when a request
is sent, and never what a build results in.

Work ahead: once all rows have their answers from one step, and what was prefetched for the last is waited for, what
later steps make of each row alone is made already, where those answers change nothing of it: no column that such a step
may read is written before its turn. It is kept as ever, and read back when the turn of the step comes; what was made of
rows that are gone by then is left.
"""

from __future__ import annotations

import hashlib
import marshal
import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.cache import has_rows
from hfsft.engine.adding import SourceRows
from hfsft.engine.plan import Asker, Plan, Task
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch, Row, rows_of

if TYPE_CHECKING:
    from hfsft.engine.adding import Former, Kept
    from hfsft.engine.executor import Executor
    from hfsft.engine.live import Live

WORTH_SECONDS = 20e-6  # what takes less to work out once more is not remembered
MOST_REMEMBERED = 10_000  # rows of one step
MOST_ROWS = 10_000  # source rows that are held in memory, and asked, before there is a dataset


@dataclass(frozen=True)
class Route:
    """The steps from one that asks to the next one that does."""

    between: tuple[Step, ...]
    step: Step  # the next that asks
    place: int  # where that stands among the steps that the route was looked for in

    @property
    def columns(self) -> set[str]:
        """The columns that any of these steps may read."""
        return {name for step in (*self.between, self.step) for name in ("id", *step.reads, *step.optional)}

    def next_task(self, row: Row, made: Row) -> tuple[Step, Task] | None:
        """What the next step asks of `row` with the columns just `made`; None where a filter between rejects it."""
        for arrived in _after_steps(self.between, [{**row, **made}]):
            return self.step, task_of(self.step, arrived)
        return None


def route_from(steps: Sequence[Step], *, grows: bool = False) -> Route | None:
    """The route to the first of `steps` that asks; None where there is none, or a step before it needs other rows too.

    Steps that make several rows of one may lie on it only where it `grows`, as one from the sources does; that one has
    to wait for whatever sees all rows.
    """
    between: list[Step] = []
    later: set[str] = set()  # columns that are not there yet, as steps that see all rows will write them
    for place, step in enumerate(steps):
        if not later.isdisjoint((*step.reads, *step.optional)):
            return None
        if step.rows == "same" and step.sees == "all" and not step.table and not grows:
            later.update(step.writes)
        elif not step.prefetches or (step.rows == "many" and not grows):
            return None
        elif step.asks:
            return Route(tuple(between), step, place)
        else:
            between.append(step)
    return None


def prefetch_route(steps: Sequence[Step], asker: Asker) -> Route | None:
    """The route through `steps` on which rows are prefetched; None where there is none, or `asker` prefetches none."""
    route = route_from(steps)
    return route if route and asker.may_prefetch(route.step) else None


class Remembered:
    """The function of a step that makes columns of each row alone: what it made of a row on its route, it is asked for
    once more when the turn of the step comes, and then gives what it made then.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._made: dict[bytes, Row] = {}  # by a hash of what the step reads of a row

    def __call__(self, batch: Batch) -> Batch:
        """The columns that the step makes of these rows."""
        rows = list(zip(*batch.values(), strict=True))
        if len(rows) == 1:
            return self._of_one(batch, rows[0])
        known = [self._made.get(_told(batch, row)) for row in rows] if self._made else []
        if not any(each is not None for each in known):
            made: Batch = self._step.function(batch)
            return made
        new = [place for place, each in enumerate(known) if each is None]
        others = {name: [values[place] for place in new] for name, values in batch.items()}
        for place, row in zip(new, rows_of(self._step.function(others)) if new else (), strict=True):
            known[place] = row
        return {name: [row[name] for row in known if row is not None] for name in self._step.writes}

    def _of_one(self, batch: Batch, row: tuple[Any, ...]) -> Batch:
        began = time.perf_counter()
        made: Batch = self._step.function(batch)
        if time.perf_counter() - began > WORTH_SECONDS and len(self._made) < MOST_REMEMBERED:
            self._made[_told(batch, row)] = next(rows_of(made))
        return made


def _told(names: Iterable[str], row: tuple[Any, ...]) -> bytes:
    """A hash of the values of a row under their names."""
    try:
        said = marshal.dumps((*names, *row), 2)  # of equal values the same, which pickles of them are not
    except ValueError:  # of types that marshal does not know
        said = pickle.dumps((*names, *row))
    return hashlib.blake2b(said, digest_size=16).digest()


def remembering(plan: Plan) -> Plan:
    """The plan, of whose steps those that rows may pass before their turn remember what they made then."""
    asking = [place for place, step in enumerate(plan.steps) if step.asks]
    between = range(asking[0], asking[-1]) if asking else range(0)
    return replace(
        plan,
        steps=tuple(
            step.doing(Remembered(step)) if place in between and _repeats(step) else step
            for place, step in enumerate(plan.steps)
        ),
    )


def _repeats(step: Step) -> bool:
    """Whether a step may be run on a row before its turn, and is run on it again in its turn."""
    return step.prefetches and step.rows == "same" and not (step.asks or step.beside or step.table)


def start_first_stage(plan: Plan, asker: Live, cache: Path) -> Plan:
    """Send the requests of the first step that asks before the engine runs; returns the plan to run then.

    The plan's source is replaced by one that gives the rows read here again, then the rest. Importing datasets takes
    half a second, in which the first requests are answered. Of more than `MOST_ROWS` source rows the first ones are
    sent, unless answers are waited for in batches, of which each step makes one. Nothing is sent where a step before
    compares rows, or where a build before left its rows in `cache`: then most answers are known, and the engine finds
    out for which rows they are not.
    """
    source, *steps = plan.steps
    route = route_from(steps, grows=True)
    if route is None or has_rows(cache):
        return plan
    begun = _Begun(source.function, MOST_ROWS + 1)
    first = begun.first
    if len(first) <= MOST_ROWS or asker.may_prefetch(route.step):
        onward = prefetch_route(steps[route.place + 1 :], asker) if route.step.rows == "same" else None
        asked = _after_steps(route.between, first[:MOST_ROWS])
        asker.start(route.step, [task_of(route.step, row, onward) for row in asked])
    return replace(plan, steps=(source.doing(begun), *steps))


class _Begun:
    """The function of a source of which some rows were read: it gives these again and then the rest, and tells what
    the source tells.
    """

    def __init__(self, function: Callable[[], Iterator[Row]], most: int) -> None:
        self.source: Any = function
        self._read = SourceRows(function())
        self._rest = iter(self._read)
        self.first: list[Row] = list(islice(self._rest, most))

    def __call__(self) -> Generator[Row, None, Any]:
        yield from self.first
        yield from self._rest
        return self._read.told

    def since(self, mark: Any, before: Former) -> Iterator[Row | Kept]:
        """As the source's own, which is read anew."""
        found: Iterator[Row | Kept] = self.source.since(mark, before)
        return found

    @property
    def mark(self) -> Any:
        """As the source's own; None where it has none."""
        return getattr(self.source, "mark", None)


def _after_steps(steps: Sequence[Step], rows: list[Row]) -> list[Row]:
    """What steps of a route make of some rows: those that their filters keep, with the columns that they write."""
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


def task_of(step: Step, row: Row, route: Route | None = None, *, pending: bool = False) -> Task:
    """What a step asks for a row; `route` leads from there to what is prefetched once the row has its answers."""
    asked = {name: row[name] for name in step.given(row, "id")}
    following = partial(route.next_task, row) if route else None
    return Task(row["id"], asked, partial(step.function, asked), pending, following)


def work_ahead(
    rows: Any,
    asking: Step,
    later: Sequence[Step],
    last: Callable[[], Sequence[Step]],
    asker: Asker,
    works: Executor[Any],
) -> set[str]:
    """The names of the steps that worked anything out, of those behind `asking`, and of the `last` ones behind all.

    It ends with the answers, or where a step cannot do its work: that is told when its turn comes.
    """
    made: set[str] = set()
    with suppress(Exception):  # of a row that may fall before
        for step in steps_ahead(asking, later, last):
            done = works.ahead(rows, step) if asker.awaits() else None
            if done is None:
                break
            rows = done.rows
            if not done.cached:
                made.add(step.name)
    return made


def steps_ahead(asking: Step, later: Sequence[Step], last: Callable[[], Sequence[Step]]) -> Iterator[Step]:
    """The steps over single rows that read nothing that is written from `asking` on, by others than such steps."""
    written = set(asking.writes)
    for step in later:
        if step.rows in ("source", "many") and not step.makes:
            return
        if step.table or step.makes:
            continue
        if _may_be_ahead(step) and written.isdisjoint((*step.reads, *step.optional)):
            yield step
        else:
            written.update(step.writes)
    yield from (step for step in last() if written.isdisjoint((*step.reads, *step.optional)))


def _may_be_ahead(step: Step) -> bool:
    """Whether it makes columns of each row alone, and fast: it may be for nothing."""
    alone = step.row_by_row and step.rows == "same" and step.bound is None
    return alone and not (step.asks or step.heavy or step.beside or step.drops)
