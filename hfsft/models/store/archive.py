"""What stands in the response store: listed, sized, exported, pruned, checked. The work behind `hfsft store`."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from hfsft.models.http.wire import key_of
from hfsft.models.limits.prices import known
from hfsft.models.limits.usage import Spent
from hfsft.models.store.damage import damage_in
from hfsft.models.store.store import WRITE, Store, answer_of, store_error, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

# One write lock covers so many rows, or pages, so that a running build waits for milliseconds only.
_CHUNK = 500
_MOST_MOVED = 4  # answers that stay for each that goes
# Between two locks: whoever waits for one looks again each few milliseconds only.
_BREATH_SECONDS = 0.01
_BYTES = "length(CAST(request AS BLOB)) + length(CAST(text AS BLOB)) + length(CAST(reasoning AS BLOB))"
# By its name, wherever it was served, or by what `holdings` calls it. The plus keeps the index out: rows are walked
# through in the order of their numbers, a chunk at a time.
OF_MODEL = "(+model = ? OR substr(+model, 1, length(?) + 2) = ? || ' (')"
_COLUMNS = (
    "key", "request", "text", "reasoning", "finish_reason", "input_tokens", "output_tokens", "served", "extra", "model",
    "revision", "recipe", "stage", "seconds", "created", "checksum",
)  # fmt: skip


@dataclass(frozen=True)
class Holding:
    """The answers of one recipe and model; `bytes` of text, times as Unix seconds."""

    recipe: str
    model: str
    answers: int
    bytes: int
    input_tokens: int
    output_tokens: int
    oldest: float
    newest: float
    usd: float | None  # at the last price that a build knew; None where it knew none


@dataclass(frozen=True)
class Verified:
    """What `verify` found: answers read, records that are damaged, what SQLite says of the file (empty if sound)."""

    answers: int
    damaged: int
    file: str


def holdings(
    store: Store, *, recipe: str | None = None, model: str | None = None, older_than: float | None = None
) -> list[Holding]:
    """The answers that fit (see `entries`), by recipe and model, the largest first."""
    where, values = _which(recipe, model, older_than)
    rows = store.read(
        f"SELECT recipe, model, count(*), sum({_BYTES}), sum(coalesce(input_tokens, 0)), "  # noqa: S608 (constants)
        "sum(coalesce(output_tokens, 0)), min(created), max(created), "
        "sum(input_tokens IS NULL OR output_tokens IS NULL), "
        "sum(CASE WHEN extra = '{}' THEN 0 ELSE coalesce(json_extract(extra, '$.cached_tokens'), 0) END) "
        f"FROM answers WHERE {where} GROUP BY recipe, model ORDER BY 4 DESC",
        values,
    )
    prices = known(store)
    found = []
    for name, asked, answers, size_of, read, written, oldest, newest, unmetered, cached in rows:
        usd = Spent(answers, read, written, unmetered, cached_tokens=cached).usd_at(prices.get((name, asked)))
        found.append(Holding(name, asked, answers, size_of, read, written, oldest, newest, usd))
    return found


def size(store: Store) -> int:
    """The bytes that the store takes on disk, its log included."""
    files = (store.path.with_name(store.path.name + suffix) for suffix in ("", "-wal", "-shm"))
    return sum(file.stat().st_size for file in files if file.exists())


def entries(
    store: Store, *, recipe: str | None = None, model: str | None = None, older_than: float | None = None
) -> Iterator[dict[str, Any]]:
    """Every answer that fits, as JSON, in the order of their keys; `older_than` is an age in seconds.

    Answers may be deleted meanwhile, which moves others in the file: by its key each is met once.
    """
    where, values = _which(recipe, model, older_than)
    last = b""
    while rows := store.read(
        f"SELECT {', '.join(_COLUMNS)} FROM answers WHERE key > ? AND {where} ORDER BY key LIMIT {_CHUNK}",  # noqa: S608
        (last, *values),
    ):
        for columns in rows:
            last = columns[0]
            entry = dict(zip(_COLUMNS, columns, strict=True))
            entry.update(key=entry["key"].hex(), request=json.loads(entry["request"]), extra=json.loads(entry["extra"]))
            del entry["checksum"]
            yield entry


def export(store: Store, file: IO[str], **which: Any) -> int:
    """Write the answers that `which` selects (as `entries` takes it) as JSON lines; returns how many."""
    count = 0
    for entry in entries(store, **which):
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        count += 1
    return count


def prune(store: Store, *, recipe: str | None = None, model: str | None = None, older_than: float | None = None) -> int:
    """Delete the selected answers and shrink the file; returns how many were deleted.

    A deleted answer is asked, and paid for, again by the next build that needs it: `Store.pruned` changes, so that
    builds do not reuse cached steps made before, nor those that a build running meanwhile still writes.
    """
    where, values = _which(recipe, model, older_than)
    deleted = last = 0
    with closing(store.connect()) as connection:
        try:
            while rows := connection.execute(
                f"SELECT rowid FROM answers WHERE rowid > ? AND {where} ORDER BY rowid LIMIT {_CHUNK}",  # noqa: S608
                (last, *values),
            ).fetchall():
                last = rows[-1][0]
                deleted += _delete(connection, rows[0][0], last, where, values)
                time.sleep(_BREATH_SECONDS)
            if deleted:
                _give_back(connection)
        except sqlite3.Error as error:
            raise store_error(store.path, error) from error
    return deleted


def _delete(connection: sqlite3.Connection, first: int, last: int, where: str, values: tuple[Any, ...]) -> int:
    """Delete, in one transaction, the answers of a range of rowids for which `where` holds; returns how many.

    Where few rows of the range stay, they are written again at the end of the file, so that the pages they stood on
    become free; else a page with one row left would keep its whole size.
    """
    between = "rowid BETWEEN ? AND ?"
    with transaction(connection):
        connection.execute("DELETE FROM pruned")
        connection.execute("INSERT INTO pruned VALUES (?)", (secrets.token_hex(8),))
        gone = connection.execute(f"DELETE FROM answers WHERE {between} AND {where}", (first, last, *values))  # noqa: S608
        deleted = gone.rowcount
        staying = f"SELECT * FROM answers WHERE {between} ORDER BY rowid LIMIT {_MOST_MOVED * deleted + 1}"  # noqa: S608
        rows = connection.execute(staying, (first, last)).fetchall()
        if len(rows) <= _MOST_MOVED * deleted:
            connection.execute(f"DELETE FROM answers WHERE {between}", (first, last))  # noqa: S608
            connection.executemany(WRITE, rows)
    return deleted


def _give_back(connection: sqlite3.Connection) -> None:
    """Return free pages to the system, some at a time; a VACUUM would rewrite the whole file under one lock."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(0, free, _CHUNK):
        # A page a step: `execute` takes one step of what it thinks has no rows.
        connection.executescript(f"PRAGMA incremental_vacuum({_CHUNK})")
        time.sleep(_BREATH_SECONDS)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def verify(store: Store) -> Verified:
    """Read every page and every record: each answer against its checksum, each request against its key."""
    file = damage_in(store.path) if store.path.exists() else ""
    if file:
        return Verified(0, 0, file)
    answers = damaged = last = 0
    while rows := store.read(
        f"SELECT rowid, {', '.join(_COLUMNS)} FROM answers WHERE rowid > ? ORDER BY rowid LIMIT {_CHUNK}",  # noqa: S608
        (last,),
    ):
        for rowid, *columns in rows:
            last = rowid
            answers += 1
            key, request, *said = columns[:9]
            damaged += answer_of((*said, columns[-1])) is None or key_of(request) != key.hex()
    return Verified(answers, damaged, file)


def _which(recipe: str | None, model: str | None, older_than: float | None) -> tuple[str, tuple[Any, ...]]:
    """A WHERE clause and its values; `model` is a model id, or the label that `hfsft store` lists it under."""
    before = None if older_than is None else time.time() - older_than
    conditions: dict[str, Any] = {"recipe = ?": recipe, OF_MODEL: model, "created < ?": before}
    used = {condition: value for condition, value in conditions.items() if value is not None}
    values = (value for condition, value in used.items() for _ in range(condition.count("?")))
    return " AND ".join(used) or "1", tuple(values)
