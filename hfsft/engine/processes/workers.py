"""Worker processes: they make of batches of rows what a step makes of them, as many at once as there are cores.

A step over single rows is data and its result depends on the rows alone, so it does not matter who makes it: batches
are the same, and come back in their order. They are started by the command of `hfsft.isolated`, not by
`multiprocessing`, which would run the user's script once more where that builds without `if __name__ == "__main__"`.
Steps with code of the user's own stay in this process, where that code is; so does a batch that fails there, so that
its error is raised here as it is.
"""

from __future__ import annotations

import os
import pickle
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from hfsft.engine.processes.one_worker import WorkerTask, receive, send, streamed, table_of
from hfsft.isolated import command

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.step import Step

LEAST = 50_000  # rows of a step, from which on processes are worth the second that each takes to start
PROCESSES = "HFSFT_PROCESSES"  # variable that says how many; 1 does all work in this process
AHEAD = 3  # batches for each process that wait or are at work
MOST = 32  # processes: each takes some 150 MB


class Workers:
    """The processes, which are started when a step first has work for them."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self._count = processes()

    @property
    def several(self) -> bool:
        """Whether there are more processes than one."""
        return self._count > 1

    def serve(self, step: Step, rows: int) -> bool:
        """Whether they are to do this step over so many rows."""
        return rows >= LEAST and self._count > 1 and told_as_data(step)

    def made(
        self, step: Step, schema: pa.Schema, tables: Iterable[pa.Table], here: Callable[[pa.Table], pa.Table]
    ) -> Iterator[pa.Table]:
        """What a step makes of each of these tables, in their order; `here` makes it where no other process can."""
        threads = self._started()
        told, kinds = pickle.dumps(step), schema.serialize().to_pybytes()
        waiting: deque[tuple[pa.Table, Future[bytes]]] = deque()

        def first() -> pa.Table:
            table, future = waiting.popleft()
            answer = future.result()
            return table_of(answer) if answer else here(table)

        for table in tables:
            waiting.append((table, threads.submit(self._ask, WorkerTask(told, kinds, streamed(table)))))
            if len(waiting) >= AHEAD * self._count:
                yield first()
        while waiting:
            yield first()

    def end(self) -> None:
        """End the processes."""
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            assert process.stdin
            with suppress(OSError):  # it ended before
                process.stdin.close()
        for process in self._processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:  # it works on rows that nobody waits for any more
                process.kill()
                process.wait()
            assert process.stdout
            process.stdout.close()
        self._processes, self._threads = [], None

    def _started(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="workers")
            for _ in range(self._count):
                process = subprocess.Popen(  # noqa: S603, a module of ours
                    command("hfsft.engine.processes.one_worker"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
                self._processes.append(process)
                self._free.put(process)
        return self._threads

    def _ask(self, task: WorkerTask) -> bytes:
        """The answer of the process that is free first; empty where it gave none."""
        process = self._free.get()
        try:
            if process.poll() is not None:
                return b""
            assert process.stdin
            assert process.stdout
            send(process.stdin, pickle.dumps(task))
            return receive(process.stdout) or b""
        except (OSError, ValueError):  # it was ended
            return b""
        finally:
            self._free.put(process)


def processes() -> int:
    """How many are to work: as many as this process has cores, or as the variable says."""
    said = os.environ.get(PROCESSES, "")
    if said.isdecimal() and int(said) > 0:
        return min(int(said), MOST)
    affinity = getattr(os, "sched_getaffinity", None)  # which knows of containers, and which macOS lacks
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, MOST)


def told_as_data(step: Step) -> bool:
    """Whether another process can do it, a table of rows for each table that it is given."""
    return step.rows == "same" and portable(step)


def portable(step: Step, models: bool = False) -> bool:
    """Whether another process can do it: all its code is of hfsft itself, and it runs no model in its process, which
    takes all cores of a machine and memory of its own; with `models` that is right, as on other machines.
    """
    if step.work is None or step.at_hand or step.asks or (step.heavy and not models):
        return False
    works = [step.work, *(each.work for each in step.needs)]
    return all(_ours(work.function) and _ours_inside(work.arguments) for work in works)


def _ours(path: str) -> bool:
    return path.startswith("hfsft.")


def _ours_inside(arguments: Mapping[str, Any]) -> bool:
    """Whether the functions and classes that arguments name are ours, as of a step that wraps another."""
    named = [value for name, value in arguments.items() if name in ("function", "filter") and isinstance(value, str)]
    inner = arguments.get("arguments")
    return all(map(_ours, named)) and (not isinstance(inner, Mapping) or _ours_inside(inner))
