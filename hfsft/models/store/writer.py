"""Writes to the store from an event loop: what comes in together is committed together."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from hfsft.errors import StoreError
from hfsft.models.store.store import LOCK_SECONDS, Entry, Store, drop, keep, store_error, transaction
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from hfsft.models.model import Answer
    from hfsft.models.store import damage
else:  # most files are whole
    damage = LateModule("hfsft.models.store.damage")

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]
"""What is done within a transaction; it may be done twice, where the first was undone."""

# A commit takes a tenth of a millisecond, so it runs on the loop: handing it to a thread costs fifty times that.
_MOST_PER_COMMIT = 500
# Another process writes for about as long; one that takes longer is waited for off the loop.
_WAIT_SECONDS = 0.005
_AGAIN_SECONDS = 0.03


class Writer:
    """Writes to one store from one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: sqlite3.Connection | None = None
        self._file = 0
        self._waiting: list[tuple[Operation[Any], asyncio.Future[Any]]] = []
        self._flushing = False
        self._locked_since: float | None = None

    async def add(self, entry: Entry) -> Answer:
        """Keep one answer; returns once it is on disk, with the answer that was there first if there was one."""
        return await self.do(partial(keep, entry=entry))

    def do(self, operation: Operation[T]) -> asyncio.Future[T]:
        """Run an operation within the next commit; the future gets what it returns once the commit is on disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append((operation, done))
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self._flush)
        return done

    def leave(self, operation: Operation[Any]) -> asyncio.Future[Any]:
        """As `do` for callers that do not wait: its failure is not raised; the next write that fails raises its own."""
        done = self.do(operation)
        done.add_done_callback(lambda done: done.cancelled() or done.exception())
        return done

    def drop(self, key: str) -> asyncio.Future[None]:
        """Forget the answer under a key with the next commit, as `leave` does what it does."""
        return self.leave(partial(drop, key=key))

    def close(self) -> None:
        """Close the file, after what still waits was tried once."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._end(waiting)
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _flush(self) -> None:
        batch = self._waiting[:_MOST_PER_COMMIT]
        if not batch:  # the file was closed meanwhile
            self._flushing = False
            return
        loop = asyncio.get_running_loop()
        if not self._end(batch, again=True):
            loop.call_later(_AGAIN_SECONDS, self._flush)
            return
        self._locked_since = None
        del self._waiting[: len(batch)]
        self._flushing = bool(self._waiting)
        if self._waiting:
            loop.call_soon(self._flush)

    def _end(self, batch: list[tuple[Operation[Any], asyncio.Future[Any]]], *, again: bool = False) -> bool:
        """Do a batch in one commit, or fail all of it; False where the file is locked, to be tried `again`."""
        try:
            results = self._commit([operation for operation, _ in batch])
        except StoreError as error:
            if again and self._wait_for_lock(error):
                return False
            for _, done in batch:
                if not done.done():
                    done.set_exception(error)
        else:
            for (_, done), result in zip(batch, results, strict=True):
                if not done.done():
                    done.set_result(result)
        return True

    def _wait_for_lock(self, error: StoreError) -> bool:
        if not isinstance(error.__cause__, sqlite3.OperationalError) or "locked" not in str(error.__cause__):
            return False
        now = time.monotonic()
        self._locked_since = self._locked_since or now
        return now - self._locked_since < LOCK_SECONDS

    def _commit(self, operations: list[Operation[Any]]) -> list[Any]:
        try:
            try:
                return _done(self._connected(), operations)
            except sqlite3.DatabaseError as error:
                if not damage.is_damage(error):
                    raise
                self._disconnect()
                self._store.heal(error)
                return _done(self._connected(), operations)
        except (sqlite3.Error, OSError) as error:
            raise store_error(self._store.path, error) from error

    def _connected(self) -> sqlite3.Connection:
        # A file that was deleted or set aside would swallow what is written to it.
        if self._connection is not None and self._file != self._store.file_number():
            self._disconnect()
        if self._connection is None:
            self._connection = self._store.connect(_WAIT_SECONDS)
            self._file = self._store.file_number()
        return self._connection


def _done(connection: sqlite3.Connection, operations: list[Operation[Any]]) -> list[Any]:
    with transaction(connection):
        return [operation(connection) for operation in operations]
