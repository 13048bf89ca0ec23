"""Who the engine asks: the models themselves, or the store alone for a forecast."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from math import ceil
from typing import TYPE_CHECKING, Any

from hfsft.engine.plan import Asked, Task
from hfsft.engine.step import Step
from hfsft.errors import AnswerError, StageError, StoreError
from hfsft.models.drive import Prefetch, Prefetched
from hfsft.models.limits.losses import UNPAID, Bears
from hfsft.models.limits.usage import Spendings, spent_since
from hfsft.models.pool import NotStored
from hfsft.rows.batch import Row

if TYPE_CHECKING:
    from hfsft.models.model import Request, Turns
    from hfsft.models.pool import Drives, Driving, Pool


FIRST_SECONDS = 0.3  # that are waited for the first request to be sent: a server may have to be started
TURN_SECONDS = 0.0005
GIVEN_SECONDS = 0.05  # to answers that come in, before each part of what is done meanwhile
KEPT = 10_000  # rows of one stage whose new columns are kept in memory until they are written


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads take turns ten times as often while this is held: the one that asks gives the interpreter away with each
    message that it sends, and would otherwise wait 5 ms for it where the caller is at work.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, TURN_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class Live:
    """Asks the models for every answer that the store lacks.

    It prefetches: as soon as a row has its answers from one step, the requests of the next step that asks are sent for
    it, while others still wait for theirs (see `hfsft.engine.lookahead`).
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.spares = False  # whether rows that the budget does not pay for fail, and the others go on: else all stops
        self.unpaid = False  # whether any did
        self._results: dict[str, Any] = {}  # by row id, what the stage asked last made of its answers
        # By step and row id, what was prefetched: the row it was made for, and what the step's function returned.
        self._prefetched: dict[str, dict[str, tuple[Row, Row]]] = {}
        # The step that was started before its turn: its name, its rows by id, and the drive that asks for them.
        self._started: tuple[str, dict[str, Row], Driving] | None = None
        # The step whose rows are all done, while answers to what was prefetched for some are to come.
        self._behind: Driving | None = None
        # The calls and spendings of each step when its turn ended: of another wave only what is new is reported.
        self._reported: dict[str, tuple[int, Spendings]] = {}

    def start(self, step: Step, tasks: Sequence[Task]) -> None:
        """Send what `step` asks of these rows before its turn comes; `ask` then waits for them, and asks the others."""
        rows = {task.id: task.row for task in tasks}
        driving = self._drive(step, tasks, len(tasks))
        self._started = step.name, rows, driving
        # What else is to be done now takes long, and would hold up the first requests for as long again.
        most = sum(self.pool.models[name].at_once for name in step.models)
        self.pool.first_sent(driving, min(len(tasks), most), FIRST_SECONDS)

    @property
    def asking(self) -> bool:
        """Whether a step was started whose turn is still to come."""
        return self._started is not None

    def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
        """Bring every answer into the store; rows that failed come back with their cause."""
        if self._behind and total <= KEPT:
            tasks = list(tasks)  # while the last answers to what was prefetched are to come
        self.settle()
        started, self._started = self._started, None
        if started is None:
            return self._asked(step, self._rows_done(self._drive(step, tasks, total)))
        name, rows, driving = started
        whole = name == step.name and len(rows) == total
        if whole:
            tasks = list(tasks)
            if rows == {task.id: task.row for task in tasks}:
                return self._asked(step, self._rows_done(driving))
        failures = self._finish_first(driving, whole)
        # Of answers that may yet turn out to be none it is looked at in the store whether they are still there.
        done = {row_id: made for row_id, made in self._results.items() if row_id not in driving.drive.unsure}
        first = _First(rows, done, failures) if name == step.name else None
        return self._asked(step, self.pool.finish(self._drive(step, tasks, total, first)))

    def awaits(self) -> bool:
        """Whether answers to what was prefetched are still to come, once those that came were taken in."""
        if self._behind is None or self._behind.ended:
            return False
        self.pool.give_way(GIVEN_SECONDS)
        return not self._behind.ended

    def settle(self) -> None:
        """Wait for the answers to what was prefetched. Raises what asking raises."""
        behind, self._behind = self._behind, None
        if behind is not None:
            self.pool.finish(behind)

    def _rows_done(self, driving: Driving) -> Mapping[str, AnswerError]:
        """Wait until all rows of a step are done; the failures by row."""
        failures = self.pool.rows_done(driving)
        if failures is None:
            return self.pool.finish(driving)
        self._behind = driving
        self.pool.give_way(GIVEN_SECONDS)
        return failures

    def _finish_first(self, driving: Driving, whole: bool) -> Mapping[str, AnswerError]:
        """Wait for rows that were started; the failures by row. Of a part of the rows no share of failures is judged:
        they count where all are asked.
        """
        try:
            return self.pool.finish(driving)
        except StageError:
            if whole:
                raise
            return driving.drive.failures

    def handed(self, step: Step, drive: Drives, total: int) -> Asked:
        """As `ask`, by whatever else brings the answers of the step."""
        self.settle()
        return self._asked(step, self.pool.finish(self.pool.begin(drive, total)))

    def _asked(self, step: Step, failures: Mapping[str, AnswerError]) -> Asked:
        errors = {row_id: str(error) for row_id, error in failures.items()}
        self.unpaid = self.unpaid or any(error.cause == UNPAID for error in failures.values())
        usage = self.pool.usage
        calls_before, spent_before = self._reported.get(step.name, (0, {}))
        calls, spent = usage.total(step.name).calls, usage.spent(step.name)
        self._reported[step.name] = calls, spent
        usage.over(step.name)
        return Asked(errors, calls=calls - calls_before, spent=spent_since(spent_before, spent))

    def _drive(self, step: Step, tasks: Iterable[Task], total: int, first: _First | None = None) -> Driving:
        prefetched, waiting = self._prefetched.pop(step.name, {}), dict[str, Task]()
        keep = total <= KEPT
        self._results = {}
        tasks = iter(tasks)
        first_task = list(islice(tasks, 1))
        leads_on = any(task.following for task in first_task)  # and so do all others

        def started() -> Iterator[tuple[str, Callable[[], Turns]]]:
            for task in chain(first_task, tasks):
                if first and (start := first.begun(task)):
                    waiting[task.id] = task._replace(following=None)  # that was asked then too
                    yield task.id, start
                    continue
                row, made = prefetched.pop(task.id, ({}, {}))
                waiting[task.id] = task
                if row != task.row:
                    yield task.id, task.start
                    continue
                yield task.id, Prefetched(made)

        def prefetch(row_id: str, made: Row) -> Prefetch | None:
            following = waiting.pop(row_id).following
            found = following(made) if following else None
            if found is None:
                return None
            step, task = found
            results = self._prefetched.setdefault(step.name, {})

            def done(made: Row) -> None:
                if keep:
                    results[row_id] = task.row, made

            return Prefetch(step.name, task.start, done, bears_of(step, spares=self.spares))

        return self.pool.start(
            step.name,
            started(),
            total=total,
            bears=bears_of(step, spares=self.spares),
            results=self._results if keep else None,
            prefetch=prefetch if leads_on else None,
        )

    def may_prefetch(self, step: Step) -> bool:
        """False where `step` asks a model in this process: its prompt cache serves more where steps take turns."""
        return all(map(self.pool.waits_for, step.models))

    def replay(self, step: Step, row_id: str, start: Callable[[], Turns]) -> Any:
        """What the function of a step returned: kept from asking, or made again from stored answers.

        An answer that is gone from the store by now is asked for again. Raises `StoreError` where that cannot be had.
        """
        if (made := self._results.pop(row_id, None)) is not None:
            return made
        try:
            return self.pool.replay(start)
        except NotStored:
            self.settle()
            for error in self.pool.drive(step.name, [(row_id, start)], total=1).values():
                raise StoreError(
                    f"{step.name}: an answer went out of the store while the build read it, and could not be had "
                    f"again ({error}); build once more"
                ) from None
        return self.pool.replay(start)


@dataclass(frozen=True)
class _First:
    """What became of rows that were asked before the turn of their step."""

    rows: Mapping[str, Row]
    made: Mapping[str, Any]
    failures: Mapping[str, AnswerError]

    def begun(self, task: Task) -> Callable[[], Turns] | None:
        """Turns that end at once as the row's did; None for a row that has none, or says something else by now."""
        if self.rows.get(task.id) != task.row:
            return None
        if task.id in self.failures:
            return partial(_failed, self.failures[task.id])
        return Prefetched(self.made[task.id]) if task.id in self.made else None


def bears_of(step: Step, *, spares: bool) -> Bears:
    """How many rows a step may lose; `spares`: whether rows that the budget does not pay for fail alone."""
    why = partial(_lost, column=step.lost)
    return Bears(step.max_failed_share, step.max_lost_share, why, step.losing, step.lost_key, spares)


def _lost(made: Any, column: str) -> str | None:
    """Why what a step made of its answers is of no use; None where it is, in one row of several at least."""
    rows = made if isinstance(made, list) else [made]
    found = [row.get(column) for row in rows] if column else []
    return found[0] if found and all(found) else None


def _failed(error: AnswerError) -> Turns:
    """Turns that ask nothing and fail as they did before."""
    yield from ()
    raise error


@dataclass
class Missing:
    """What one step would send: requests known to the letter, and at most how many more."""

    known: dict[str, Request] = field(default_factory=dict)  # by key: two rows may ask the same
    unknown: int = 0  # those that depend on answers that are not there yet; filters may reject the rows of some
    sample: Request | None = None  # what such a row asks, with marks in place of what is not known


class Forecast:
    """Asks nobody: notes what a build would send now.

    Rows whose answers are not in the store go through the later steps all the same, marked as pending.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.missing: dict[str, Missing] = {}

    def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
        """Note the missing requests of the step."""
        found = self.missing.setdefault(step.name, Missing())
        pending, failures, more = set(), {}, 0.0
        for task in tasks:
            if task.pending:
                pending.add(task.id)
                if request := first_request(task.start):
                    more += 1 + step.follows
                    found.sample = found.sample or request
                continue
            try:
                self.pool.replay(task.start)
            except NotStored as missing:
                pending.add(task.id)
                key = self.pool.key(missing.request)
                if not any(key in each.known for each in self.missing.values()):  # which a step before brings
                    found.known[key] = missing.request
                if step.follows:
                    more += max(0.0, step.follows - missing.before)
                    found.sample = found.sample or missing.request
            except AnswerError as error:  # such as one cut at its limit, which fails the row each time
                failures[task.id] = str(error)
        found.unknown += ceil(round(more, 6))
        return Asked(failures, frozenset(pending))

    def awaits(self) -> bool:
        """False: nothing is asked."""
        return False

    def may_prefetch(self, step: Step) -> bool:
        """False: a forecast sends nothing."""
        return False

    def replay(self, step: Step, row_id: str, start: Callable[[], Turns]) -> Any:
        """What the function of a step returned, from stored answers alone."""
        return self.pool.replay(start)


def first_request(start: Callable[[], Turns]) -> Request | None:
    """What a row asks first, None where it asks nothing."""
    turns = start()
    try:
        return next(turns)
    except StopIteration:
        return None
    finally:
        turns.close()
