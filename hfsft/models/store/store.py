"""Every answer on disk, keyed by the request that it answers.

SQLite in WAL mode: readers never wait, several processes share the file, and an answer that `add` has returned
survives a kill at any moment. Only answers are kept here; a failure never is. `writer.py` adds to it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.errors import StoreError
from hfsft.models.model import Answer, TokenProbability
from hfsft.models.store.looking import Lookups
from hfsft.models.store.presence import Presence
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from hfsft.models.store import damage
else:  # most files are whole
    damage = LateModule("hfsft.models.store.damage")

# How long another process may hold the file before we give up.
LOCK_SECONDS = 60.0
# Written back from the log after so many pages of 4 KiB: each time waits for the disk.
_CHECKPOINT_PAGES = 4000

_SCHEMA = (
    """
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
    """,
    "CREATE INDEX IF NOT EXISTS answers_by ON answers (model, stage)",
    "CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY, build TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS met (build TEXT, other TEXT, PRIMARY KEY (build, other)) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS spending (
        recipe TEXT NOT NULL,
        model TEXT NOT NULL,
        calls INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        usd REAL NOT NULL,
        unpriced_input INTEGER NOT NULL,
        unpriced_output INTEGER NOT NULL,
        PRIMARY KEY (recipe, model)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE IF NOT EXISTS pruned (mark TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS batches (
        name TEXT PRIMARY KEY,
        recipe TEXT NOT NULL,
        stage TEXT NOT NULL,
        model TEXT NOT NULL,
        label TEXT NOT NULL,
        revision TEXT NOT NULL,
        server TEXT NOT NULL,
        state TEXT NOT NULL,
        file TEXT NOT NULL,
        batch TEXT NOT NULL,
        created REAL NOT NULL,
        reserved INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS batched (
        key BLOB PRIMARY KEY,
        batch TEXT NOT NULL,
        request TEXT NOT NULL,
        more TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        usd REAL NOT NULL,
        unpriced_input INTEGER NOT NULL,
        unpriced_output INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS batched_in ON batched (batch)",
    "CREATE TABLE IF NOT EXISTS cached_prices (recipe TEXT, model TEXT, input REAL, PRIMARY KEY (recipe, model))",
    "CREATE TABLE IF NOT EXISTS prices (recipe TEXT, model TEXT, input REAL, output REAL, PRIMARY KEY (recipe, model))",
)
_LAST = 2000  # answers that are looked through: more say no more of a server
_AT_ONCE = 500  # keys that are looked for in one query
_READ = "text, reasoning, finish_reason, input_tokens, output_tokens, served, extra, checksum FROM answers"
WRITE = f"INSERT INTO answers VALUES ({','.join('?' * 16)}) ON CONFLICT (key) DO NOTHING"  # noqa: S608


def _places(found: list[Any]) -> tuple[TokenProbability, ...]:
    return tuple(TokenProbability(token, logprob, tuple(map(tuple, top))) for token, logprob, top in found)


# Fields of an answer that few have, and how each is read back: they stand in the JSON of `extra`, so that a file that
# was made before there were any needs no other columns.
_SOME: dict[str, Callable[[Any], Any]] = {
    "tool_calls": tuple, "logprobs": _places, "reasoning_tokens": int, "cached_tokens": int,
}  # fmt: skip


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
        self._looking: Lookups | None = None

    def get(self, key: str) -> Answer | None:
        """The answer under `key`, None if it was never asked or its record is damaged."""
        return self._many([key]).get(key)

    async def find(self, key: str) -> Answer | None:
        """As `get`, for many that look at once."""
        loop = asyncio.get_running_loop()
        if self._looking is None or self._looking.over or self._looking.loop is not loop:
            self._looking = Lookups(self._many)
        return await self._looking.find(key)

    def _many(self, keys: Sequence[str]) -> dict[str, Answer]:
        """The answers under those of the keys that have one."""
        found = dict[str, Answer]()
        for start in range(0, len(keys), _AT_ONCE):
            some = [bytes.fromhex(key) for key in keys[start : start + _AT_ONCE]]
            places = ",".join("?" * len(some))
            for key, *row in self.read(f"SELECT key, {_READ} WHERE key IN ({places})", tuple(some)):
                if (answer := answer_of(tuple(row))) is not None:
                    found[key.hex()] = answer
        return found

    def served(self, model: str) -> str:
        """What a server called the model in one of its answers here; empty where it never said."""
        found = self.read("SELECT served FROM answers WHERE model = ? AND served != '' LIMIT 1", (model,))
        return str(found[0][0]) if found else ""

    def most_read(self, model: str) -> int:
        """The most tokens of a prompt that servers of the model counted in its last answers here."""
        query = f"SELECT input_tokens FROM answers WHERE model = ? ORDER BY stage DESC, rowid DESC LIMIT {_LAST}"  # noqa: S608
        return max((read or 0 for (read,) in self.read(query, (model,))), default=0)

    def pruned(self) -> str:
        """A random text that is replaced whenever answers are deleted; empty where none ever were."""
        found = self.read("SELECT mark FROM pruned")
        return str(found[0][0]) if found else ""

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """The rows of a query; a damaged file is set aside and rebuilt first."""
        with self._lock:
            try:
                return self._reading().execute(query, values).fetchall()
            except sqlite3.Error as error:
                if not damage.is_damage(error):
                    raise store_error(self.path, error) from error
                self.heal(error)
                return self._reading().execute(query, values).fetchall()

    def heal(self, error: sqlite3.Error) -> None:
        """Set the damaged file aside and keep what can still be read of it."""
        with self._lock:
            self.disconnect()
            try:
                damage.rebuild(self.path, prepare, error)
            except (sqlite3.Error, OSError) as failed:
                raise store_error(self.path, failed) from failed

    def file_number(self) -> int:
        """Which file stands at the path now; 0 if none. It changes when somebody deletes or rebuilds it."""
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def connect(self, wait: float = LOCK_SECONDS) -> sqlite3.Connection:
        """A new connection to the file, which is made where missing; `wait` seconds for a lock."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                # NORMAL keeps what is committed through a kill; only a power cut may take the last moments.
                connection.execute("PRAGMA synchronous=NORMAL")
                _patiently(partial(prepare, connection), time.monotonic() + LOCK_SECONDS)
                connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
                connection.execute(f"PRAGMA busy_timeout={wait * 1000:.0f}")
            except BaseException:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            if damage.is_damage(error):
                self.heal(error)
                return self.connect(wait)
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
        """Close the file; the next read opens it again."""
        self.disconnect()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reading(self) -> sqlite3.Connection:
        if self._pid != os.getpid():
            self._reader = None
            self._pid = os.getpid()
        if self._reader is not None and self._reader_file != self.file_number():
            self.disconnect()
        if self._reader is None:
            self._reader = self.connect()
            self._reader_file = self.file_number()
        return self._reader


def _patiently(do: Callable[[], None], until: float) -> None:
    """Do what SQLite refuses at once, whatever it may wait for a lock, while another one makes the same file."""
    while refused := _refusal(do):
        if time.monotonic() > until:
            raise refused
        time.sleep(0.02)


def _refusal(do: Callable[[], None]) -> sqlite3.OperationalError | None:
    try:
        do()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return error
    return None


def prepare(connection: sqlite3.Connection) -> None:
    """Make what is missing of the file."""
    # Before anything is in it: so that the room of what is pruned can be given back bit by bit, under short locks.
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    for statement in _SCHEMA:
        connection.execute(statement)


def write(connection: sqlite3.Connection, entries: list[Entry]) -> list[Answer]:
    """Keep entries in one commit; the answers under their keys, which are older ones where there were any."""
    with transaction(connection):
        return [keep(connection, entry) for entry in entries]


def keep(connection: sqlite3.Connection, entry: Entry) -> Answer:
    """Keep one entry; the answer under its key, which is an older one where there was one."""
    values = values_of(entry, time.time())
    if connection.execute(WRITE, values).rowcount:
        return entry.answer
    # Another process asked the same and was first: what is built must follow the answer on disk.
    if (first := read_answer(connection, entry.key)) is not None:
        return first
    connection.execute("DELETE FROM answers WHERE key = ?", values[:1])
    connection.execute(WRITE, values)
    return entry.answer


def read_answer(connection: sqlite3.Connection, key: str) -> Answer | None:
    """The answer under `key`; None if there is none, or its record is damaged."""
    row = connection.execute(f"SELECT {_READ} WHERE key = ?", (bytes.fromhex(key),)).fetchone()
    return answer_of(row) if row else None


def drop(connection: sqlite3.Connection, key: str) -> None:
    """Forget the answer under `key`, which is none by what is known of endings now."""
    connection.execute("DELETE FROM answers WHERE key = ?", (bytes.fromhex(key),))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What is done within is written as a whole, under one lock, or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def values_of(entry: Entry, created: float) -> tuple[Any, ...]:
    """One row of the table, in the order of its columns."""
    answer = entry.answer
    said = answer.text, answer.reasoning, answer.finish_reason
    counts = answer.input_tokens, answer.output_tokens
    some = {name: value for name in _SOME if (value := getattr(answer, name)) not in (None, ())}
    served, extra = answer.model, json.dumps({**answer.extra, **some}) if answer.extra or some else "{}"
    about = entry.model, entry.revision, entry.recipe, entry.stage, entry.seconds, created
    key = bytes.fromhex(entry.key)
    return (key, entry.request, *said, *counts, served, extra, *about, _checksum(*said, *counts, served, extra))


def answer_of(row: tuple[Any, ...]) -> Answer | None:
    """The answer in a row of the table, None if a byte of it changed on disk."""
    *columns, checksum = row
    if _checksum(*columns) != checksum:
        return None
    text, reasoning, finish_reason, input_tokens, output_tokens, served, extra = columns
    more = json.loads(extra)
    some = {name: _SOME[name](more.pop(name)) for name in _SOME if name in more}
    return Answer(text, reasoning, finish_reason, input_tokens, output_tokens, served, more, **some)


def _checksum(*columns: Any) -> int:
    return zlib.crc32("\x1f".join(map(str, columns)).encode())


def store_error(path: Path, error: Exception) -> StoreError:
    """What is wrong with the file, and what to do."""
    said = str(error)
    if "full" in said or "No space" in said:
        return StoreError(f"{path}: the disk is full; nothing kept so far is lost: free some space and go on")
    if "locked" in said:
        # One that was stopped in the midst of a write keeps the lock until it goes on or ends.
        stopped = ", ".join(Presence(path).suspended())
        which = f"; suspended are {stopped}: let them go on (kill -CONT) or end them" if stopped else "; end it"
        return StoreError(
            f"{path}: another process has held the file for {LOCK_SECONDS:.0f} s{which}, and build again (on a network "
            "file system that locks badly: set HF_HOME to a folder on a local disk)"
        )
    if any(sign in said for sign in ("locking protocol", "disk I/O error")):
        return StoreError(
            f"{path}: {said}: its file system does not lock files as SQLite needs it, or its disk fails; set HF_HOME "
            "to a folder on a local disk (answers kept so far are not lost)"
        )
    if any(sign in said for sign in ("readonly", "Permission", "Read-only", "Not a directory")):
        return StoreError(f"{path}: cannot be written; set HF_HOME to a folder that can")
    return StoreError(f"{path}: {said}")
