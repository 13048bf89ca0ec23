"""A response store whose file is damaged: a copy is set aside, and it is rebuilt from the rows that can be read."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("hfsft")
_SIGNS = ("malformed", "not a database", "file is encrypted", "database corruption", "unsupported file format")
_COPY = "SELECT rowid, * FROM answers WHERE rowid > ? ORDER BY rowid"
_SMALL = ("prices", "spending", "pruned", "batches", "batched")
# How far ahead of a broken page a readable row is looked for.
_REACH = 1 << 24


def is_damage(error: BaseException) -> bool:
    """Whether the error tells of a broken file, rather than a full disk or a lock."""
    return isinstance(error, sqlite3.DatabaseError) and any(sign in str(error) for sign in _SIGNS)


def rebuild(path: Path, prepare: Callable[[sqlite3.Connection], None], error: BaseException) -> None:
    """Copy the file at `path` aside and refill it with the rows that can be read; nothing if it is sound by now.

    `prepare` makes the tables of an empty file. The file itself stays: a process that has it open, or opens it
    meanwhile, goes on with the same one. Only a file that SQLite takes for none at all is replaced.
    """
    from filelock import FileLock

    with FileLock(path.with_name(f".{path.name}.mending")):
        if not path.exists() or not damage_in(path):
            return
        aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6:06d}")
        with tempfile.TemporaryDirectory(prefix=".mending-", dir=path.parent) as beside:
            fresh = Path(beside) / "fresh"
            try:
                saved = _mend(path, aside, fresh, prepare)
            except sqlite3.DatabaseError as failed:
                if not is_damage(failed):
                    raise
                saved = _replace(path, aside, prepare)
    _log.warning(
        "%s is damaged (%s). It was set aside as %s and rebuilt: %d answers were saved, others will be asked again.",
        *(path, error, aside.name, saved),
    )


def _mend(path: Path, aside: Path, fresh: Path, prepare: Callable[[sqlite3.Connection], None]) -> int:
    """Overwrite the damaged file, in one transaction, with the rows that can be read; returns how many answers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as damaged:
        damaged.execute("BEGIN IMMEDIATE")  # nobody writes while it is copied
        for suffix in ("", "-wal"):  # in this order: what is written back to the file meanwhile stands in the log too
            if (part := path.with_name(path.name + suffix)).exists():
                shutil.copy2(part, aside.with_name(aside.name + suffix))
        saved = _fill(fresh, aside, prepare)
        damaged.execute("ROLLBACK")
        with closing(sqlite3.connect(fresh, isolation_level=None)) as new:
            new.backup(damaged)
    return saved


def _replace(path: Path, aside: Path, prepare: Callable[[sqlite3.Connection], None]) -> int:
    """Rename a file that SQLite cannot open and make a new one; returns how many answers are in it.

    Its log is renamed first: a process that meanwhile opens a new file at `path` then makes a log of its own.
    """
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return _fill(path, aside, prepare)


def _fill(path: Path, aside: Path, prepare: Callable[[sqlite3.Connection], None]) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as new:
        prepare(new)
        with closing(sqlite3.connect(aside, isolation_level=None)) as old:
            _salvage(old, new)
        return int(new.execute("SELECT count(*) FROM answers").fetchone()[0])


def damage_in(path: Path) -> str:
    """What SQLite finds wrong with the whole file; empty if nothing. Reads every page."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error) if is_damage(error) else ""
    return "" if found == "ok" else str(found)


def _salvage(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    # What lies behind a broken page is still good: go on after it.
    last: int | None = 0
    while last is not None:
        last = _copy(old, new, last)
    for table in _SMALL:
        with suppress(sqlite3.DatabaseError):  # it was not there yet, or cannot be read
            for row in old.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608 (constants)
                new.execute(f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * len(row))})", row)  # noqa: S608


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, last: int) -> int | None:
    """Copy the rows after `last` up to a broken page; the rowid to go on after, None at the end."""
    new.execute("BEGIN")
    try:
        for rowid, *columns in old.execute(_COPY, (last,)):
            holes = ",".join("?" * len(columns))
            new.execute(f"INSERT OR IGNORE INTO answers VALUES ({holes})", columns)  # noqa: S608 (only holes)
            last = rowid
    except sqlite3.DatabaseError:
        return _beyond(old, last)
    finally:
        new.execute("COMMIT")
    return None


def _beyond(old: sqlite3.Connection, last: int, reach: int = 1) -> int | None:
    """Find the next row that can be read, in steps that double; the rowid before it, None if there is none."""
    if reach > _REACH:
        return None
    try:
        row = old.execute(f"{_COPY} LIMIT 1", (last + reach,)).fetchone()
    except sqlite3.DatabaseError:
        return _beyond(old, last, reach * 2)
    return None if row is None else int(row[0]) - 1
