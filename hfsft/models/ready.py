"""Before the first request: can every model that this build may still ask be asked? Checked once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from hfsft.errors import AnswerError


class Unready(AnswerError):  # noqa: N818 (a state: the row is asked when the turn of its stage comes)
    """A row is not prefetched: it is not known yet whether the models of its stage can be asked."""

    def __init__(self) -> None:
        super().__init__("unready", "nothing was asked of it yet")


class Readiness(Protocol):
    """Who knows whether the models of stages can be asked; `Ready` finds out in this process."""

    def covers(self, stage: str) -> bool:
        """Whether the models of this stage are known to be ready."""
        ...

    async def look(self, stage: str) -> None:
        """Find out; raises what keeps them from being asked."""
        ...


class Ready:
    """`check` is given the stages from one on, and raises what keeps their models from being asked.

    It runs when a request of that stage is in no store: so a build that finds every answer needs no key and no server,
    and one that asks the judge alone needs none of the writer's. It has a thread of its own, which ends with the
    process, and whoever waits for it may leave.
    """

    def __init__(self, stages: Sequence[str], check: Callable[[Sequence[str]], None]) -> None:
        self._stages = list(stages)
        self._check = check
        self._covered = len(self._stages)  # from this stage on, all are known to be ready
        self._looks: dict[str, asyncio.Future[None]] = {}

    def covers(self, stage: str) -> bool:
        """Whether the models of this stage and of all later ones are known to be ready."""
        return self._place(stage) >= self._covered

    async def look(self, stage: str) -> None:
        """Run the check for the stages from this one on, unless it is under way; raises what it raises."""
        looking = self._looks.get(stage)
        if looking is None or looking.done() or looking.get_loop() is not asyncio.get_running_loop():
            looking = self._looks[stage] = self._run(self._place(stage))
        await asyncio.shield(looking)

    def _run(self, place: int) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: BaseException | None) -> None:
            if done.done():
                return
            if error is None:
                self._covered = min(self._covered, place)
                done.set_result(None)
            else:
                done.set_exception(error)
                done.exception()  # all who waited may have left

        def run() -> None:
            error: BaseException | None = None
            try:
                self._check(self._stages[place : self._covered])
            except BaseException as raised:
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(settle, error)

        threading.Thread(target=run, name="hfsft-ready", daemon=True).start()
        return done

    def _place(self, stage: str) -> int:
        return self._stages.index(stage) if stage in self._stages else 0
