"""Who the engine asks: the models themselves, or the store alone for a forecast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from hfsft.engine.plan import Asked, Task
from hfsft.engine.step import Step, Turns
from hfsft.errors import AnswerError, StoreError
from hfsft.models.drive import Prefetch
from hfsft.models.pool import NotStored
from hfsft.rows.batch import Row

if TYPE_CHECKING:
    from hfsft.models.model import Request
    from hfsft.models.pool import Driving, Pool


Spendings = dict[str, dict[str, Any]]  # by model, as `Usage.spent` tells it

KEPT = 10_000  # rows of one stage whose new columns are kept in memory until they are written


class Live:
    """Asks the models for every answer that the store lacks.

    Rows go ahead: as soon as one is done it is asked what the next step would ask it, while others still wait.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._fresh: dict[str, Any] = {}  # by row id, what the stage asked last made of its answers
        # The same of rows that went ahead, by step and row id: the row that it was made for, and the models asked.
        self._early: dict[str, dict[str, tuple[Row, Row, list[tuple[str, str]]]]] = {}
        # The step that was begun before its turn: its name, its rows by id, and the drive that asks for them.
        self._begun: tuple[str, dict[str, Row], Driving] | None = None
        # What each step had sent and taken when its turn ended: another wave of the build goes on from there.
        self._told: dict[str, tuple[int, Spendings]] = {}

    def begin(self, step: Step, tasks: Sequence[Task]) -> None:
        """Start asking what `step` asks of all its rows, before its turn comes; `ask` then waits for the rest."""
        rows = {task.id: task.row for task in tasks}
        self._begun = step.name, rows, self._start(step, tasks, len(tasks))

    def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
        """Bring every answer into the store; rows that failed come back with their cause."""
        name, rows, driving = self._begun or ("", {}, None)
        self._begun = None
        if driving is not None:
            tasks = list(tasks)
            failures = self.pool.finish(driving)
            if (name, rows) == (step.name, {task.id: task.row for task in tasks}):
                return self._asked(step, failures)
        # What other rows were asked is in the store: these find there what they have in common.
        return self._asked(step, self.pool.finish(self._start(step, tasks, total)))

    def _asked(self, step: Step, failures: Mapping[str, AnswerError]) -> Asked:
        errors = {row_id: str(error) for row_id, error in failures.items()}
        usage = self.pool.usage
        calls, spent = self._told.get(step.name, (0, {}))
        self._told[step.name] = told = usage.total(step.name).calls, usage.spent(step.name)
        return Asked(errors, calls=told[0] - calls, spent=_since(spent, told[1]))

    def _start(self, step: Step, tasks: Iterable[Task], total: int) -> Driving:
        early, waiting = self._early.pop(step.name, {}), dict[str, Task]()
        keep = total <= KEPT
        self._fresh = {}

        def started() -> Iterator[tuple[str, Callable[[], Turns]]]:
            for task in tasks:
                row, made, answered = early.pop(task.id, ({}, {}, []))
                waiting[task.id] = task
                if row != task.row:
                    yield task.id, task.start
                    continue
                for model, key in answered:
                    self.pool.usage.of(step.name, model).prefetched.discard(key)
                yield task.id, partial(_known, made)

        def following(row_id: str, made: Row) -> Prefetch | None:
            then = waiting.pop(row_id).then
            if (following := then and then(made)) is None:
                return None
            step, task = following
            early = self._early.setdefault(step.name, {})

            def done(made: Row, answered: list[tuple[str, str]]) -> None:
                if keep:
                    early[row_id] = task.row, made, answered

            return Prefetch(step.name, task.start, done)

        return self.pool.begin(
            step.name,
            started(),
            total=total,
            max_failed_share=step.max_failed_share,
            results=self._fresh if keep else None,
            prefetch=following,
        )

    def goes_ahead(self, step: Step) -> bool:
        """Not with a model in this process: one after the other, its steps share more of its prompt cache."""
        return all(map(self.pool.waits_for, step.models))

    def replay(self, step: Step, row_id: str, start: Callable[[], Turns]) -> Any:
        """What the function of a step returned, from stored answers; what it did a moment ago is not worked out again.

        An answer that is gone from the store by now is asked for again. Raises `StoreError` where that cannot be had.
        """
        if (made := self._fresh.pop(row_id, None)) is not None:
            return made
        try:
            return self.pool.replay(start)
        except NotStored:
            for error in self.pool.drive(step.name, [(row_id, start)], total=1).values():
                raise StoreError(
                    f"{step.name}: an answer went out of the store while the build read it, and could not be had "
                    f"again ({error}); build once more"
                ) from None
        return self.pool.replay(start)


def _since(then: Spendings, now: Spendings) -> Spendings:
    """What was taken between: the difference of each number; None where it is not known."""
    return {
        model: {name: _difference(then.get(model, {}).get(name), value) for name, value in taken.items()}
        for model, taken in now.items()
    }


def _difference(then: Any, now: Any) -> Any:
    if then is None or now is None:
        return now
    return dict(Counter(now) - Counter(then)) if isinstance(now, dict) else now - then


def _known(made: Row) -> Turns:
    """What a row comes to that went ahead: nothing is left to ask."""
    yield from ()
    return made


@dataclass
class Missing:
    """What one step would send: requests known to the letter, and at most how many more."""

    known: dict[str, Request] = field(default_factory=dict)  # by key: two rows may ask the same
    unknown: int = 0  # rows whose prompt hangs on answers not known yet; some of them may fall before
    sample: Request | None = None  # what such a row asks, with marks in place of what is not known


class Forecast:
    """Asks nobody: notes what a build would send now, and lets the rows walk on as unknown ones."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.missing: dict[str, Missing] = {}

    def ask(self, step: Step, tasks: Iterable[Task], total: int) -> Asked:
        """Note the missing requests of the step."""
        found = self.missing.setdefault(step.name, Missing())
        pending, failures = set(), {}
        for task in tasks:
            if task.pending:
                pending.add(task.id)
                if request := first_request(task.start):
                    found.unknown += 1
                    found.sample = found.sample or request
                continue
            try:
                self.pool.replay(task.start)
            except NotStored as missing:
                pending.add(task.id)
                found.known[self.pool.key(missing.request)] = missing.request
            except AnswerError as error:  # such as one cut at its limit, which fails the row each time
                failures[task.id] = str(error)
        return Asked(failures, frozenset(pending))

    def goes_ahead(self, step: Step) -> bool:
        """Nobody is asked, so nobody goes ahead."""
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
