"""Every answer on disk, keyed by the request that it answers.

SQLite in WAL mode: readers never wait, several processes share the file, and an answer that `add` has returned
survives a kill at any moment. Only answers are kept here; a failure never is.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import sqlite3
import threading
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfsft.errors import StoreError
from hfsft.models.damage import is_damage, rebuild
from hfsft.models.model import Answer

# One commit gathers what comes in this time; far below the 50 ms that may be lost.
_GATHER_SECONDS = 0.002
_MOST_PER_COMMIT = 1000
# How long another process may hold the file before we give up.
_LOCK_SECONDS = 60.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB NOT NULL UNIQUE,
    request TEXT NOT NULL,
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    served TEXT NOT NULL,
    extra TEXT NOT NULL,
    model TEXT NOT NULL,
    revision TEXT NOT NULL,
    recipe TEXT NOT NULL,
    stage TEXT NOT NULL,
    seconds REAL NOT NULL,
    created REAL NOT NULL,
    checksum INTEGER NOT NULL
)
"""
_READ = "SELECT text, reasoning, finish_reason, input_tokens, output_tokens, served, extra, checksum FROM answers"
_WRITE = f"INSERT INTO answers VALUES ({','.join('?' * 16)}) ON CONFLICT (key) DO NOTHING"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer with all that is kept beside it."""

    key: str
    request: str  # canonical JSON, the text whose hash is the key
    answer: Answer
    model: str
    revision: str = ""
    recipe: str = ""
    stage: str = ""
    seconds: float = 0.0


def default_path() -> Path:
    """Where answers are kept: below HF_HOME, as huggingface_hub reads it."""
    from huggingface_hub.constants import HF_HOME

    return Path(HF_HOME) / "hfsft" / "responses.sqlite"


class Store:
    """The answers in one file; StoreError when it cannot be read or written."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(path) if path is not None else default_path()
        self._lock = threading.RLock()
        self._reader: sqlite3.Connection | None = None
        self._reader_file = 0
        self._pid = os.getpid()
        self._writer: _Writer | None = None

    def get(self, key: str) -> Answer | None:
        """The answer under `key`, None if it was never asked or its record is damaged."""
        row = self.read(f"{_READ} WHERE key = ?", (bytes.fromhex(key),))
        return answer_of(row[0]) if row else None

    async def add(self, entry: Entry) -> Answer:
        """Keep one answer; returns once it is on disk, with the answer that was there first if there was one."""
        return await self._writing().add(entry)

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """The rows of a query; a damaged file is set aside and rebuilt first."""
        with self._lock:
            try:
                return self._reading().execute(query, values).fetchall()
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise store_error(self.path, error) from error
                self.heal(error)
                return self._reading().execute(query, values).fetchall()

    def heal(self, error: sqlite3.Error) -> None:
        """Set the damaged file aside and keep what can still be read of it."""
        with self._lock:
            self.disconnect()
            try:
                rebuild(self.path, SCHEMA, error)
            except (sqlite3.Error, OSError) as failed:
                raise store_error(self.path, failed) from failed

    def file_number(self) -> int:
        """Which file stands at the path now; 0 if none. It changes when somebody deletes or rebuilds it."""
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def connect(self) -> sqlite3.Connection:
        """A new connection to the file, which is made where missing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                # NORMAL keeps what is committed through a kill; only a power cut may take the last moments.
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute(SCHEMA)
            except BaseException:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self.heal(error)
                return self.connect()
            raise store_error(self.path, error) from error
        except OSError as error:
            raise store_error(self.path, error) from error
        return connection

    def disconnect(self) -> None:
        """Close the reading connection; the next read opens another."""
        with self._lock:
            # A connection that came through a fork belongs to the parent: closing it here would drop its locks.
            if self._reader is not None and self._pid == os.getpid():
                self._reader.close()
            self._reader = None

    def close(self) -> None:
        """Write what is waiting and close the file."""
        if self._writer is not None and self._pid == os.getpid():
            self._writer.close()
        self._writer = None
        self.disconnect()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reading(self) -> sqlite3.Connection:
        if self._pid != os.getpid():
            self._reader = self._writer = None
            self._pid = os.getpid()
        if self._reader is not None and self._reader_file != self.file_number():
            self.disconnect()
        if self._reader is None:
            self._reader = self.connect()
            self._reader_file = self.file_number()
        return self._reader

    def _writing(self) -> _Writer:
        if self._writer is None:
            self._writer = _Writer(self)
        return self._writer


_Waiting = tuple[Entry, asyncio.AbstractEventLoop, "asyncio.Future[Answer]"]


class _Writer:
    """A thread that commits what has gathered; the loop waits only for its own answers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._file = 0
        self._thread = threading.Thread(target=self._run, name="hfsft-store", daemon=True)
        self._thread.start()

    async def add(self, entry: Entry) -> Answer:
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[Answer] = loop.create_future()
        self._queue.put((entry, loop, kept))
        return await kept

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            batch: list[_Waiting] = []
            item = self._queue.get()
            time.sleep(_GATHER_SECONDS)
            while item is not None:
                batch.append(item)
                if self._queue.empty() or len(batch) == _MOST_PER_COMMIT:
                    break
                item = self._queue.get()
            going = item is not None
            if not batch:
                break
            result: list[Answer] | StoreError
            try:
                result = self._commit([entry for entry, _, _ in batch])
            except StoreError as error:
                result = error
            _tell(batch, result)
        self._disconnect()

    def _commit(self, entries: list[Entry]) -> list[Answer]:
        try:
            try:
                return write(self._connected(), entries)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._disconnect()
                self._store.heal(error)
                return write(self._connected(), entries)
        except (sqlite3.Error, OSError) as error:
            raise store_error(self._store.path, error) from error

    def _connected(self) -> sqlite3.Connection:
        # A file that was deleted or set aside would swallow what is written to it.
        if self._connection is not None and self._file != self._store.file_number():
            self._disconnect()
        if self._connection is None:
            self._connection = self._store.connect()
            self._file = self._store.file_number()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def write(connection: sqlite3.Connection, entries: list[Entry]) -> list[Answer]:
    """Keep entries in one commit; the answers under their keys, which are older ones where there were any."""
    now = time.time()
    connection.execute("BEGIN IMMEDIATE")
    try:
        kept = []
        for entry in entries:
            values = values_of(entry, now)
            if connection.execute(_WRITE, values).rowcount:
                kept.append(entry.answer)
            else:
                # Another process asked the same and was first: what is built must follow the answer on disk.
                row = connection.execute(f"{_READ} WHERE key = ?", values[:1]).fetchone()
                first = answer_of(row)
                if first is None:
                    connection.execute("DELETE FROM answers WHERE key = ?", values[:1])
                    connection.execute(_WRITE, values)
                kept.append(first or entry.answer)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return kept


def values_of(entry: Entry, created: float) -> tuple[Any, ...]:
    """One row of the table, in the order of its columns."""
    answer = entry.answer
    said = _clean(answer.text), _clean(answer.reasoning), answer.finish_reason
    counts = answer.input_tokens, answer.output_tokens
    served, extra = _clean(answer.model), json.dumps(answer.extra)
    about = entry.model, entry.revision, entry.recipe, entry.stage, entry.seconds, created
    key = bytes.fromhex(entry.key)
    return (key, _clean(entry.request), *said, *counts, served, extra, *about, _checksum(*said, *counts, served, extra))


def answer_of(row: tuple[Any, ...]) -> Answer | None:
    """The answer in a row of the table, None if a byte of it changed on disk."""
    *columns, checksum = row
    if _checksum(*columns) != checksum:
        return None
    text, reasoning, finish_reason, input_tokens, output_tokens, served, extra = columns
    return Answer(text, reasoning, finish_reason, input_tokens, output_tokens, served, json.loads(extra))


def _checksum(*columns: Any) -> int:
    return zlib.crc32("\x1f".join(map(str, columns)).encode())


def _clean(text: str) -> str:
    # SQLite keeps UTF-8 only; half of a surrogate pair is none.
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _tell(batch: list[_Waiting], result: list[Answer] | StoreError) -> None:
    def settle(waiting: list[tuple[asyncio.Future[Answer], Answer | None]]) -> None:
        for kept, answer in waiting:
            if kept.done():
                continue
            if isinstance(result, StoreError):
                kept.set_exception(result)
            elif answer is not None:
                kept.set_result(answer)

    answers: list[Answer | None] = [None] * len(batch) if isinstance(result, StoreError) else [*result]
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Answer | None]]] = {}
    for (_, loop, kept), answer in zip(batch, answers, strict=True):
        loops.setdefault(loop, []).append((kept, answer))
    for loop, waiting in loops.items():
        # A loop that was stopped at a second Ctrl-C no longer waits; its answers are on disk all the same.
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, waiting)


def store_error(path: Path, error: Exception) -> StoreError:
    """What is wrong with the file, and what to do."""
    said = str(error)
    if "full" in said or "No space" in said:
        return StoreError(f"{path}: the disk is full; nothing kept so far is lost: free some space and go on")
    if "locked" in said:
        return StoreError(f"{path}: another process has held the file for {_LOCK_SECONDS:.0f} s; end it and go on")
    if "readonly" in said or "Permission" in said or "Read-only" in said:
        return StoreError(f"{path}: cannot be written; set HF_HOME to a folder that can")
    return StoreError(f"{path}: {said}")
