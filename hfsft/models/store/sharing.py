"""Builds that run at once over one store share its answers: what one has open, the others wait for.

A build that is alone enters nothing in the store. Whoever begins to send first makes itself seen and waits until every
other one has answered: by then that one has entered what it has open, and enters what it opens from then on. So no two
builds have the same request open, unless one of them is suspended for longer than `SUSPENDED_SECONDS`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from hfsft.errors import AnswerError, HfsftError, StoreError
from hfsft.models.store import claims
from hfsft.models.store.presence import BEAT_SECONDS, SUSPENDED_SECONDS, Presence, process_of

if TYPE_CHECKING:
    import sqlite3

    from hfsft.models.model import Answer
    from hfsft.models.store.store import Store
    from hfsft.models.store.writer import Operation, Writer

# One that goes on, but does not answer for so long, cannot write to the store: then nobody can.
_MEET_SECONDS = 3 * SUSPENDED_SECONDS
# Who stood still for so long may not be waited for any longer.
_STILL_SECONDS = SUSPENDED_SECONDS - 4 * BEAT_SECONDS
_LOOK_SECONDS = 0.05  # between two looks for what another build has open
_LOOK_EACH_SECONDS = 0.0005  # the same for each request that is looked for: looking takes a tenth of a core at most


class Sharing:
    """What one build does to share answers with other builds over the same store; used from one event loop."""

    def __init__(self, store: Store, writer: Writer, most_seconds: float) -> None:
        self._store = store
        self._writer = writer
        self._most_seconds = most_seconds
        self._presence = Presence(store.path)
        self._others: frozenset[str] = frozenset()
        self._met: frozenset[str] = frozenset()  # those of them that were answered
        self._open: set[str] = set()  # keys of the requests that are open here
        self._entered: set[str] = set()  # those of them that stand in the store
        self._joining: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._beat_at = 0.0
        self._since = 0  # grows as long as another build is there
        self._waited_for: Counter[str] = Counter()  # requests that wait for another build's answer, by its process

    @property
    def moment(self) -> int:
        """A number that changes once another build may have written to the store; -1 while one may write now."""
        alone = self._joining is not None and self._joining.done() and not self._others
        return self._since if alone else -1

    def waits(self) -> tuple[tuple[str, int], ...]:
        """The processes of other builds whose answers are waited for, and how many of each."""
        return tuple((process, number) for process, number in list(self._waited_for.items()) if number)

    async def claim(self, key: str, looked: int = -1) -> Answer | str | None:
        """None where this build is to send the request (`release` must follow), else its answer, or who has it open.

        `looked` is the `moment` at which the caller read the store: where it is still the same, that is not repeated.
        """
        joining = self._joining
        if joining is None or (joining.done() and (joining.cancelled() or joining.exception() or self._stood_still())):
            joining = self._joining = asyncio.get_running_loop().create_task(self._join())
        if not joining.done():
            await asyncio.shield(joining)
        self._open.add(key)
        try:
            if self._others:
                self._entered.add(key)
                found = await self._writer.do(self._entering(key))
            else:
                found = None if looked == self._since else self._store.get(key)
        except BaseException:
            self.release(key)
            raise
        if found is not None:
            self._open.discard(key)
            self._entered.discard(key)
        return found

    def release(self, key: str) -> None:
        """The request was answered or failed; its claim in the store is deleted with the next commit."""
        self._open.discard(key)
        if key in self._entered:
            self._entered.discard(key)
            self._writer.leave(partial(claims.release, key=key, build=self._presence.name))

    async def wait(self, key: str, build: str) -> Answer | None:
        """Wait for the answer to a request that `build` has open; None once it has not, AnswerError after too long."""
        began, process = time.monotonic(), process_of(build)
        self._waited_for[process] += 1
        try:
            while time.monotonic() - began < self._most_seconds:
                await asyncio.sleep(max(_LOOK_SECONDS, self._waited_for.total() * _LOOK_EACH_SECONDS))
                if (answer := self._store.get(key)) is not None:
                    return answer
                found = self._store.read("SELECT build FROM claims WHERE key = ?", (bytes.fromhex(key),))
                if not found or found[0][0] not in self._others:
                    return None
        finally:
            self._waited_for[process] -= 1
        said = f"process {process} has had the same request open for {self._most_seconds:.0f} s"
        raise AnswerError("timeout", f"{said}: build again once that process has ended")

    async def close(self) -> None:
        """Delete this build's claims and its file, and stop its tasks."""
        for task in (self._joining, self._beating):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, HfsftError):
                    await task
        self._joining = self._beating = None
        if self._since or self._entered:
            self._writer.leave(partial(claims.leave, build=self._presence.name))
        self._others = self._met = frozenset()
        self._open.clear()
        self._entered.clear()
        self._presence.leave()

    def _entering(self, key: str) -> Operation[Answer | str | None]:
        return lambda connection: claims.claim(connection, key, self._presence.name, self._others)

    def _stood_still(self) -> bool:
        return time.monotonic() - self._beat_at > _STILL_SECONDS

    async def _join(self) -> None:
        """Make this build's file, and wait until every other build has written its open requests as claims."""
        try:
            await asyncio.to_thread(self._presence.enter)
        except OSError:
            return  # where nothing can be written, the store says so as soon as there is an answer
        self._since += bool(self._beat_at)  # while this one stood still, another may have come, written and gone
        self._beat_at, self._met = time.monotonic(), frozenset()
        self._beating = self._beating or asyncio.get_running_loop().create_task(self._beat())
        await self._look_around()
        if self._others:
            self._writer.leave(partial(claims.clear, present=self._presence.names))
        began = time.monotonic()
        while self._others - self._answered() and time.monotonic() - began < _MEET_SECONDS:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._look_around()

    def _answered(self) -> set[str]:
        rows = self._store.read("SELECT build FROM met WHERE other = ?", (self._presence.name,))
        return {build for (build,) in rows}

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            joining = self._joining
            if joining is not None and joining.done():
                if self._stood_still():
                    self._joining = asyncio.get_running_loop().create_task(self._join())
                else:
                    with suppress(StoreError):  # whoever writes next meets it too
                        await self._look_around()

    async def _look_around(self) -> None:
        """Touch this build's file and list the others; for builds that are new, write what is open here as claims."""
        if not self._presence.beat():
            with suppress(OSError):
                await asyncio.to_thread(self._presence.enter)
        self._beat_at = time.monotonic()
        self._others = self._presence.others()
        self._since += bool(self._others)
        self._met &= self._others
        if came := self._others - self._met:
            await self._writer.do(self._meeting(came))
            self._met |= came

    def _meeting(self, came: frozenset[str]) -> Operation[None]:
        def meet(connection: sqlite3.Connection) -> None:
            self._entered |= self._open
            claims.meet(connection, self._presence.name, came, self._open)

        return meet
