"""Which batches are under way, and which requests are in each: kept beside the answers, so that a kill loses none.

A request stands in one batch at a time. Each step that a server may have noticed is noted before it is taken.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from hfsft.models.limits.spending import Outlay
from hfsft.models.store.store import read_answer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from hfsft.models.store.store import Store

State = Literal["collecting", "uploading", "creating", "submitted"]
"""Requests are still added; the file is complete; the server is asked for a batch of it; it gave the batch an id."""

_OPEN = (
    "SELECT name, recipe, stage, model, label, revision, server, state, file, batch, created, reserved, "
    "(SELECT count(*) FROM batched WHERE batched.batch = name) FROM batches"
)
_HOLDING = "name FROM batched JOIN batches ON batched.batch = batches.name WHERE key = ? AND server = ?"
_SHARE = 500


@dataclass(frozen=True)
class OpenBatch:
    """One batch that has not been taken in yet."""

    name: str  # ours; the server is told it as the file's name and in the batch's metadata
    recipe: str
    stage: str
    model: str  # its name in the recipe
    label: str
    revision: str
    server: str  # without any key
    state: State = "collecting"
    file: str = ""  # the server's id of the input file
    batch: str = ""  # the server's id of the batch
    created: float = 0.0
    reserved: bool = False  # whether its worst case is counted in the spending of the dataset
    requests: int = 0


class BatchedRequest(NamedTuple):
    """One request of a batch, as it is kept until its answer is there."""

    request: str  # canonical JSON
    more: str  # what of the request does not stand in it


def open_batches(store: Store, recipe: str | None = None) -> list[OpenBatch]:
    """The batches of a recipe, of all where left out, the oldest first."""
    rows = store.read(f"{_OPEN} WHERE ? IS NULL OR recipe = ? ORDER BY created", (recipe, recipe))
    return [OpenBatch(*row) for row in rows]


def load(store: Store, name: str) -> OpenBatch | None:
    """One batch as it stands now; None once it was taken in or given up."""
    rows = store.read(f"{_OPEN} WHERE name = ?", (name,))
    return OpenBatch(*rows[0]) if rows else None


def holding(store: Store, key: str, server: str) -> str:
    """The batch at a server that has a request, empty where none has."""
    rows = store.read(f"SELECT {_HOLDING}", (bytes.fromhex(key), server))
    return str(rows[0][0]) if rows else ""


def begin(connection: sqlite3.Connection, batch: OpenBatch) -> None:
    """Enter a batch that requests are collected for."""
    values = (
        batch.name, batch.recipe, batch.stage, batch.model, batch.label, batch.revision, batch.server, batch.state,
        batch.file, batch.batch, time.time(), batch.reserved,
    )  # fmt: skip
    connection.execute(f"INSERT INTO batches VALUES ({','.join('?' * len(values))})", values)  # noqa: S608


def enter(connection: sqlite3.Connection, key: str, batch: OpenBatch, line: BatchedRequest, most: Outlay) -> str | None:
    """Put one request into a batch: None, or the name of the batch that has it already, where one has.

    That is empty where the answer is there by now. A batch at another server is none that has it.
    """
    if read_answer(connection, key) is not None:
        return ""
    found = connection.execute(f"SELECT {_HOLDING}", (bytes.fromhex(key), batch.server)).fetchone()
    if found:
        return str(found[0])
    values = bytes.fromhex(key), batch.name, line.request, line.more, *most[1:]
    connection.execute(f"INSERT OR REPLACE INTO batched VALUES ({','.join('?' * len(values))})", values)  # noqa: S608
    return None


def note(connection: sqlite3.Connection, name: str, state: State, file: str = "", batch: str = "") -> None:
    """Note how far a batch is; what is left empty stays."""
    connection.execute(
        "UPDATE batches SET state = ?, file = coalesce(nullif(?, ''), file), batch = coalesce(nullif(?, ''), batch) "
        "WHERE name = ?",
        (state, file, batch, name),
    )


def drop(connection: sqlite3.Connection, name: str) -> None:
    """Forget a batch and what was in it."""
    connection.execute("DELETE FROM batched WHERE batch = ?", (name,))
    connection.execute("DELETE FROM batches WHERE name = ?", (name,))


def lines(store: Store, name: str, keys: Iterable[str]) -> dict[str, BatchedRequest]:
    """What stands in a batch under these keys."""
    wanted, found = list(keys), dict[str, BatchedRequest]()
    for start in range(0, len(wanted), _SHARE):
        share = [bytes.fromhex(key) for key in wanted[start : start + _SHARE]]
        marks = ",".join("?" * len(share))
        query = f"SELECT key, request, more FROM batched WHERE batch = ? AND key IN ({marks})"  # noqa: S608 (only marks)
        rows = store.read(query, (name, *share))
        found |= {key.hex(): BatchedRequest(request, more) for key, request, more in rows}
    return found


def keys_of(store: Store, name: str) -> set[bytes]:
    """The keys of all requests in a batch."""
    return {key for (key,) in store.read("SELECT key FROM batched WHERE batch = ?", (name,))}


def held(store: Store, name: str) -> Outlay:
    """What a batch takes at most."""
    sums = ", ".join(f"coalesce(sum({column}), 0)" for column in Outlay._fields[1:])
    (row,) = store.read(f"SELECT count(*), {sums} FROM batched WHERE batch = ?", (name,))  # noqa: S608
    return Outlay(*row)


def most_of(store: Store, key: str) -> Outlay:
    """What one request of a batch takes at most."""
    columns = ", ".join(Outlay._fields[1:])
    rows = store.read(f"SELECT 1, {columns} FROM batched WHERE key = ?", (bytes.fromhex(key),))  # noqa: S608
    return Outlay(*rows[0]) if rows else Outlay()
