"""What servers were found to refuse, kept for a day beside the answers: each run need not find it out anew."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Literal

from hfsft.errors import StoreError

if TYPE_CHECKING:
    from hfsft.models.http.client import Client
    from hfsft.models.model import Model
    from hfsft.models.store.store import Store

Refused = Literal["schema", "max_tokens"]
"""A JSON Schema for the answer, or the token limit by its older name."""

SECONDS = 86_400.0  # a server may be another by tomorrow
LOCK_SECONDS = 1.0  # not worth a longer wait for another process that writes

_TABLE = "CREATE TABLE IF NOT EXISTS refusals (server TEXT, refused TEXT, seen REAL, PRIMARY KEY (server, refused))"
_READ = "SELECT refused FROM refusals WHERE server = ? AND seen > ?"


def server_of(client: Client, model: Model) -> str:
    """What refusals are kept under: the address and the model, without a key."""
    return f"{client.name} {client.endpoint.model_name or model.model}"


def refused(store: Store, server: str) -> set[str]:
    """What the server refused within the last day; empty where that cannot be read."""
    try:
        with closing(store.connect(LOCK_SECONDS)) as connection:
            connection.execute(_TABLE)
            return {name for (name,) in connection.execute(_READ, (server, time.time() - SECONDS))}
    except (sqlite3.Error, StoreError):  # a store that cannot be used says so when an answer is to be kept
        return set()


def forget(store: Store, server: str, what: Refused) -> None:
    """Delete a kept refusal, of what the server was now seen to take; errors of the store are ignored."""
    with suppress(sqlite3.Error, StoreError), closing(store.connect(LOCK_SECONDS)) as connection:
        connection.execute(_TABLE)
        connection.execute("DELETE FROM refusals WHERE server = ? AND refused = ?", (server, what))


def remember(store: Store, server: str, what: Refused) -> None:
    """Keep one refusal and delete those older than a day; errors of the store are ignored, it is then asked again."""
    now = time.time()
    try:
        with closing(store.connect(LOCK_SECONDS)) as connection:
            connection.execute(_TABLE)
            connection.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)", (server, what, now))
            connection.execute("DELETE FROM refusals WHERE seen < ?", (now - SECONDS,))
    except (sqlite3.Error, StoreError):  # it will be found out again
        return
