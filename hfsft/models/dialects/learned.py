"""The dialects that servers were found to speak, kept for a day beside the answers: no run finds them out anew."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from hfsft.errors import StoreError

if TYPE_CHECKING:
    from hfsft.models.http.client import Client
    from hfsft.models.model import Model
    from hfsft.models.store.store import Store

SECONDS = 86_400.0  # a server may be another by tomorrow
LOCK_SECONDS = 1.0  # not worth a longer wait for another process that writes

_TABLE = "CREATE TABLE IF NOT EXISTS refusals (server TEXT, refused TEXT, seen REAL, PRIMARY KEY (server, refused))"
_READ = "SELECT refused FROM refusals WHERE server = ? AND seen > ?"


class Learned:
    """Those of the servers that a build asks, beside its answers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def spoken_by(self, server: str) -> set[str]:
        """See the function of that name."""
        return spoken_by(self._store, server)

    def remember(self, server: str, dialect: str) -> None:
        """See the function of that name."""
        remember(self._store, server, dialect)

    def forget(self, server: str, dialect: str) -> None:
        """See the function of that name."""
        forget(self._store, server, dialect)


def server_of(client: Client, model: Model) -> str:
    """What refusals are kept under: the address and the model, without a key."""
    return f"{client.name} {client.endpoint.model_name or model.model}"


def spoken_by(store: Store, server: str) -> set[str]:
    """The dialects, by their names in the table, that the server was found to speak within the last day.

    Empty where that cannot be read.
    """
    try:
        with closing(store.connect(LOCK_SECONDS)) as connection:
            connection.execute(_TABLE)
            return {name for (name,) in connection.execute(_READ, (server, time.time() - SECONDS))}
    except (sqlite3.Error, StoreError):  # a store that cannot be used says so when an answer is to be kept
        return set()


def forget(store: Store, server: str, dialect: str) -> None:
    """Delete a kept dialect, which the server was now seen not to need; errors of the store are ignored."""
    with suppress(sqlite3.Error, StoreError), closing(store.connect(LOCK_SECONDS)) as connection:
        connection.execute(_TABLE)
        connection.execute("DELETE FROM refusals WHERE server = ? AND refused = ?", (server, dialect))


def remember(store: Store, server: str, dialect: str) -> None:
    """Keep one dialect and delete those older than a day; errors of the store are ignored, it is then asked again."""
    now = time.time()
    try:
        with closing(store.connect(LOCK_SECONDS)) as connection:
            connection.execute(_TABLE)
            connection.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)", (server, dialect, now))
            connection.execute("DELETE FROM refusals WHERE seen < ?", (now - SECONDS,))
    except (sqlite3.Error, StoreError):  # it will be found out again
        return
