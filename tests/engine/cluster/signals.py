"""Work of a shuffle that says by a file that it runs, and waits there until its machine is lost, or the command."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hfsft.engine.on_daft import shuffles
from hfsft.engine.resources import Work, path_of

if TYPE_CHECKING:
    import pyarrow as pa

PATIENCE = 300.0
GO_ON = "go on"  # the file that says that all may go on


def signalling(*needs: Any, function: str, arguments: Mapping[str, Any], folder: str) -> Callable[[pa.Table], pa.Table]:
    """What that function makes, which does its work once it may."""
    does = Work(function, arguments).made(*needs)

    def later(table: pa.Table) -> pa.Table:
        import ray

        place = Path(folder)
        name = f"{ray.util.get_node_ip_address()} {os.getpid()} {time.monotonic_ns()}"
        (place / f"{name} runs").touch()
        until = time.monotonic() + PATIENCE
        while not (place / GO_ON).exists() and time.monotonic() < until:
            time.sleep(0.02)
        found = does(table)
        (place / f"{name} ended").touch()
        return found

    return later


@contextmanager
def signals(function: str, folder: Path) -> Iterator[list[str]]:
    """Queries of this process do the work of a function so; what is given are the errors that queries ended with.

    `function` is its name, or that of a method of a filter.
    """
    worked, asked, raised = shuffles._worked, shuffles.Rounds.asked, list[str]()

    def told(frame: Any, given: Any, job: Any, *more: Any) -> Any:
        work = job.work
        if function in (work.function.partition(":")[2], work.arguments.get("method")):
            arguments = {"function": work.function, "arguments": work.arguments, "folder": str(folder)}
            job = replace(job, work=Work(path_of(signalling), arguments))
        return worked(frame, given, job, *more)

    def each(rounds: Any, ask: Callable[[], Any]) -> Any:
        def noted() -> Any:
            try:
                return ask()
            except Exception as error:
                raised.append(f"{type(error).__name__}: {error}")
                raise

        return asked(rounds, noted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffles, "_worked", told)
        patch.setattr(shuffles.Rounds, "asked", each)
        yield raised


def where_it_runs(folder: Path, ended: Callable[[], Any]) -> str:
    """The address of a node on which the work runs and waits; `ended` raises where it never will."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        ended()
        for file in sorted(folder.glob("* runs")):
            return file.name.split()[0]
        time.sleep(0.02)
    raise AssertionError("the work never ran")


def go_on(folder: Path) -> list[str]:
    """Let all work go on; what ran before, by node, process and time."""
    ran = [file.name.removesuffix(" runs") for file in folder.glob("* runs")]
    (folder / GO_ON).touch()
    return ran


def never_ended(folder: Path, ran: list[str]) -> list[str]:
    """Those runs that ended by no way of their own."""
    return [each for each in ran if not (folder / f"{each} ended").exists()]
