"""What is asked of Daft: the only file that imports it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Condition
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from hfsft.engine.on_daft.row_wise import Stopped
from hfsft.errors import UserError

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")
Stops = Callable[[], bool]
"""Whether nobody waits for some work any more."""

# Unless somebody says otherwise: it works in this process, shows no progress of its own, and calls nobody.
SETTINGS = {
    "DAFT_RUNNER": "native",
    "DAFT_PROGRESS_BAR": "0",
    "DAFT_SHOW_QUERY_ID": "0",  # which it writes into the line of progress, in a terminal
    "DAFT_ANALYTICS_ENABLED": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
RAY = "ray"  # Daft's word for a cluster
PATIENCE = 30.0  # seconds that are waited for work to stop


def daft_module() -> ModuleType:
    """Daft, which tells nobody that it is used. Raises `UserError` where it is not there."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import daft as found
    except ImportError:
        raise UserError("the engine daft needs Daft: run `pip install 'hfsft[scale]'`") from None
    return found


def use_cluster() -> None:
    """Queries of this process go to the Ray cluster that it takes part in, from now on until it ends.

    Raises `UserError` where it has asked Daft on this machine before: Daft keeps to what a process asked first.
    """
    os.environ["DAFT_RUNNER"] = RAY
    daft = daft_module()
    daft.set_runner_ray(noop_if_initialized=True)
    if runs_on() != RAY:
        raise UserError("this process has worked with the engine daft: build on a cluster in another process")


def runs_on() -> str:
    """Where queries of this process are worked out: `native`, in this process, or on `ray`."""
    found: str = daft_module().get_or_infer_runner_type()
    return found


class Tasks:
    """Work on parts, done by Daft, as many at once as it has cores for."""

    def __init__(self) -> None:
        self._daft = daft_module()

    def each(self, tasks: Sequence[T], do: Callable[[T, Stops], Any]) -> list[Any]:
        """What `do` makes of each task, in their order. Raises what it raises first; the others are stopped then."""
        if not tasks:
            return []
        work, key = _AtWork(tasks, do), uuid4().hex

        def done(numbers: Any) -> list[int]:  # Daft pickles it: what the tasks are, this process alone knows
            return _do(key, numbers.to_pylist())

        _RUNNING[key] = work.one
        does = self._daft.func.batch(return_dtype=self._daft.DataType.int64(), batch_size=1, use_process=False)(done)
        frame = self._daft.from_pydict({"number": list(range(len(tasks)))})
        try:
            for _ in frame.select(does(self._daft.col("number"))).iter_rows():
                if work.raised:
                    break
        finally:
            work.end()
            del _RUNNING[key]
        if work.raised:
            raise work.raised[0]
        return work.made


class OneByOne:
    """Work that this process does alone, where all other work is done by a cluster."""

    def each(self, tasks: Sequence[T], do: Callable[[T, Stops], Any]) -> list[Any]:
        """What `do` makes of each task, in their order. Raises what it raises first."""
        return [do(task, lambda: False) for task in tasks]


class _AtWork:
    """Tasks that are at work in threads. An error of theirs is no result of a query: Daft would make another one of it,
    which has lost what it knew.
    """

    def __init__(self, tasks: Sequence[Any], do: Callable[[Any, Stops], Any]) -> None:
        self._tasks, self._do = tasks, do
        self.made: list[Any] = [None] * len(tasks)
        self.raised: list[BaseException] = []
        self._stopped, self._running, self._ended = False, 0, Condition()

    def one(self, number: int) -> None:
        """Do one of them."""
        with self._ended:
            if self._stopped:
                return
            self._running += 1
        try:
            self.made[number] = self._do(self._tasks[number], lambda: self._stopped)
        except Stopped:
            pass
        except BaseException as error:
            self.raised.append(error)
            self._stopped = True
        finally:
            with self._ended:
                self._running -= 1
                self._ended.notify_all()

    def end(self) -> None:
        """Nobody waits any more: wait until what is at work has stopped."""
        self._stopped = True
        with self._ended:
            self._ended.wait_for(lambda: not self._running, PATIENCE)


_RUNNING: dict[str, Callable[[int], None]] = {}


def _do(key: str, numbers: list[int]) -> list[int]:
    work = _RUNNING.get(key)
    for number in numbers:
        if work:
            work(number)
    return numbers
