"""Actors in threads of this process: what asks on a cluster, without one."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from hfsft.engine.cluster.carried import ActorGoneError


class Thread:
    """One object with a loop and threads of its own; `kill` is the death of its process."""

    def __init__(self, made: Callable[..., Any], arguments: tuple[Any, ...], restarts: int) -> None:
        self.made, self.arguments, self.restarts = made, arguments, restarts
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.held = made(*arguments)
        self.calls: list[Future[Any]] = []

    def __reduce__(self) -> Any:
        return known, (id(self),)

    def call(self, method: str, *arguments: Any) -> Future[Any]:
        sent = pickle.loads(pickle.dumps(arguments))
        work = getattr(self.held, method)
        if inspect.iscoroutinefunction(work):
            return asyncio.run_coroutine_threadsafe(work(*sent), self.loop)
        found: Future[Any] = Future()

        def do() -> None:
            try:
                made = work(*sent)
            except BaseException as error:
                found.done() or found.set_exception(error)
            else:
                found.done() or found.set_result(made)

        threading.Thread(target=do, daemon=True).start()  # one that was killed may never end
        self.calls.append(found)
        return found

    def kill(self) -> None:
        """What was called is lost, and an object made anew takes its place."""
        self.held = self.made(*self.arguments)
        for each in self.calls:
            if not each.done():
                each.set_exception(ActorGoneError("killed"))

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)


class Threads:
    """As a cluster with so many askers."""

    def __init__(self, askers: int) -> None:
        self.askers = askers
        self.actors: list[Thread] = []

    def nodes(self) -> int:
        return 1

    def actor(
        self, made: Callable[..., Any], *arguments: Any, restarts: int = 0, here: bool = False, threads: int = 1
    ) -> Thread:
        actor = Thread(made, arguments, restarts)
        ACTORS[id(actor)] = actor
        self.actors.append(actor)
        return actor


ACTORS: dict[int, Thread] = {}


def known(number: int) -> Thread:
    return ACTORS[number]
