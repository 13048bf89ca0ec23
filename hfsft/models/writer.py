"""Adds answers to the store from an event loop: what comes in together is committed together."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING

from hfsft.errors import StoreError
from hfsft.models.damage import is_damage
from hfsft.models.store import LOCK_SECONDS, Entry, Store, store_error, write

if TYPE_CHECKING:
    from hfsft.models.model import Answer

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
        self._waiting: list[tuple[Entry, asyncio.Future[Answer]]] = []
        self._flushing = False
        self._locked_since: float | None = None

    async def add(self, entry: Entry) -> Answer:
        """Keep one answer; returns once it is on disk, with the answer that was there first if there was one."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((entry, kept))
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self._flush)
        return await kept

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _flush(self) -> None:
        batch = self._waiting[:_MOST_PER_COMMIT]
        loop = asyncio.get_running_loop()
        try:
            answers = self._commit([entry for entry, _ in batch])
        except StoreError as error:
            if self._wait_for_lock(error):
                loop.call_later(_AGAIN_SECONDS, self._flush)
                return
            for _, kept in batch:
                if not kept.done():
                    kept.set_exception(error)
        else:
            for (_, kept), answer in zip(batch, answers, strict=True):
                if not kept.done():
                    kept.set_result(answer)
        self._locked_since = None
        del self._waiting[: len(batch)]
        self._flushing = bool(self._waiting)
        if self._waiting:
            loop.call_soon(self._flush)

    def _wait_for_lock(self, error: StoreError) -> bool:
        if not isinstance(error.__cause__, sqlite3.OperationalError) or "locked" not in str(error.__cause__):
            return False
        now = time.monotonic()
        self._locked_since = self._locked_since or now
        return now - self._locked_since < LOCK_SECONDS

    def _commit(self, entries: list[Entry]) -> list[Answer]:
        try:
            try:
                return write(self._connected(), entries)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self.close()
                self._store.heal(error)
                return write(self._connected(), entries)
        except (sqlite3.Error, OSError) as error:
            raise store_error(self._store.path, error) from error

    def _connected(self) -> sqlite3.Connection:
        # A file that was deleted or set aside would swallow what is written to it.
        if self._connection is not None and self._file != self._store.file_number():
            self.close()
        if self._connection is None:
            self._connection = self._store.connect(_WAIT_SECONDS)
            self._file = self._store.file_number()
        return self._connection
