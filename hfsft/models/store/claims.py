"""Requests that a build has open, in the store: another one waits for the answer instead of sending the same again.

Only builds that run at the same time write them. What stands here says nothing by itself: it counts as long as the
process that wrote it goes on (see `presence`), so nothing here blocks anybody for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.models.store.store import read_answer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection

    from hfsft.models.model import Answer


def claim(connection: sqlite3.Connection, key: str, build: str, others: Collection[str]) -> Answer | str | None:
    """Write that `build` has the request `key` open. None where it now has, and is the one to send it.

    Else the answer, where the store holds one by now, or the name of the build among `others` that has it open. A
    claim of any other build is overwritten: its process is gone.
    """
    if (answer := read_answer(connection, key)) is not None:
        return answer
    owner = owner_of(connection, key)
    if owner in others and owner != build:
        return owner
    connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (bytes.fromhex(key), build))
    return None


def owner_of(connection: sqlite3.Connection, key: str) -> str:
    """The build that has a request open, empty if none."""
    row = connection.execute("SELECT build FROM claims WHERE key = ?", (bytes.fromhex(key),)).fetchone()
    return str(row[0]) if row else ""


def release(connection: sqlite3.Connection, key: str, build: str) -> None:
    """Delete the claim of a request that was answered or failed."""
    connection.execute("DELETE FROM claims WHERE key = ? AND build = ?", (bytes.fromhex(key), build))


def meet(connection: sqlite3.Connection, build: str, others: Collection[str], open_keys: Collection[str]) -> None:
    """Write this build's open requests as claims, and that it has seen `others`, which send nothing before that."""
    connection.executemany(
        "INSERT OR IGNORE INTO claims VALUES (?, ?)", [(bytes.fromhex(key), build) for key in open_keys]
    )
    connection.executemany("INSERT OR IGNORE INTO met VALUES (?, ?)", [(build, other) for other in others])


def clear(connection: sqlite3.Connection, present: Callable[[], Collection[str]]) -> None:
    """Delete the claims of builds whose processes are gone.

    `present` is called under the write lock. A build makes its file before it writes claims, so that every claim that
    is in the table by then is of a build that `present` would list.
    """
    names = [*present()]
    marks = ",".join("?" * len(names))
    connection.execute(f"DELETE FROM claims WHERE build NOT IN ({marks})", names)  # noqa: S608 (only marks)
    connection.execute(f"DELETE FROM met WHERE build NOT IN ({marks}) OR other NOT IN ({marks})", [*names, *names])  # noqa: S608


def leave(connection: sqlite3.Connection, build: str) -> None:
    """Delete every row that a build has written to these tables."""
    connection.execute("DELETE FROM claims WHERE build = ?", (build,))
    connection.execute("DELETE FROM met WHERE build = ? OR other = ?", (build, build))
