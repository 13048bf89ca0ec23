"""Tasks handed to whoever is free to do them: nodes of a cluster, worker processes of this machine, or this process.

There is one way for all that is cut into tasks: passes over parts, pieces of sources, sorted runs, shards of a release.
A task is data, and what it comes to is JSON, so that it does not matter who does it.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from hfsft.engine.processes.workers import Workers
from hfsft.engine.resources import Work, path_of
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from hfsft.engine.cluster.connection import Cluster
    from hfsft.engine.executor import DataTask

Stops = Callable[[], bool]


class AtOnce(Protocol):
    """Does several tasks at once in threads of this process."""

    def each(self, tasks: Sequence[Any], do: Callable[[Any, Stops], Any]) -> list[Any]:
        """What `do` makes of each task, in their order. Raises what it raises first."""
        ...


class Hands:
    """Has tasks done: by the nodes of a cluster where there is one, else by processes of this machine where the tasks
    are over so many rows that these are worth their start.
    """

    def __init__(self, threads: AtOnce, cluster: Cluster | None = None) -> None:
        self._threads, self._cluster = threads, cluster
        self._workers, self._alone = Workers(), Lock()

    def each(self, tasks: Sequence[DataTask], *, elsewhere: bool = True) -> list[Any]:
        """What tasks come to, in their order. Raises what a task raises first, and the others are stopped then.

        Those that hold what this process alone has, such as code of the user's, are not done `elsewhere`.
        """
        if not tasks:
            return []
        if elsewhere and self._cluster is not None:
            return self._cluster.each(done, tasks)
        rows = [task.rows for task in tasks]
        if elsewhere and (self._workers.serve(DOING, sum(each or 0 for each in rows)) or self._big(rows)):
            return self._threads.each(tasks, self._sent)
        return self._threads.each(tasks, self._here)

    def end(self) -> None:
        """End the processes that were started."""
        self._workers.end()

    def _big(self, rows: Sequence[int | None]) -> bool:
        return len(rows) > 1 and None in rows and self._workers.several

    def _here(self, task: DataTask, stops: Stops) -> Any:
        with self._alone:  # what a step holds need not bear two threads at once
            return task.do(stops)

    def _sent(self, task: DataTask, stops: Stops) -> Any:
        """What one of the worker processes makes of a task; where it cannot, this one does, and tells why."""
        schema = arrow_schema(DOING.writes)

        def here(_: pa.Table) -> pa.Table:
            return pa.table({"came": [json.dumps(self._here(task, stops))]}, schema=schema)

        given = pa.table({"task": [pickle.dumps(task)]})
        (answer,) = self._workers.made(DOING, schema, iter([given]), here)
        return json.loads(answer["came"][0].as_py())


def done(task: DataTask) -> Any:
    """What a task comes to; the function of a process of a cluster."""
    return task.do()


def tasks_done() -> Callable[[Batch], Batch]:
    """What does tasks in another process of this machine."""
    return lambda batch: {"came": [json.dumps(done(pickle.loads(task))) for task in batch["task"]]}  # noqa: S301, of ours


DOING = Step("tasks", reads=("task",), writes={"came": "string"}, work=Work(path_of(tasks_done)))
