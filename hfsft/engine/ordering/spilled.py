"""Values by key of which only some are held in memory: the others lie in a file of SQLite meanwhile."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import finalize

if TYPE_CHECKING:
    import sqlite3

V = TypeVar("V")
HELD = 200_000  # entries, some 50 MB


class Spilled(Mapping[str, V], Generic[V]):
    """A mapping that may grow beyond memory; its file is gone with it. `tell` and `read` are how values are stored, and
    `held` is how many of them memory holds.
    """

    def __init__(
        self,
        tell: Callable[[V], Any],
        read: Callable[[Any], V],
        known: Iterable[tuple[str, V]] = (),
        held: int | None = None,
    ) -> None:
        self._tell, self._read, self._most = tell, read, held or HELD
        self._held: dict[str, V] = {}
        self._file: sqlite3.Connection | None = None
        for key, value in known:
            self[key] = value

    def __setitem__(self, key: str, value: V) -> None:
        self._held[key] = value
        if len(self._held) >= self._most:
            self._spill()

    def __getitem__(self, key: str) -> V:
        if key in self._held:
            return self._held[key]
        found = self._file and self._file.execute("SELECT told FROM texts WHERE key = ?", (key,)).fetchone()
        if not found:
            raise KeyError(key)
        return self._read(found[0])

    def __len__(self) -> int:
        if self._file is None:
            return len(self._held)
        self._spill()
        (count,) = self._file.execute("SELECT count(*) FROM texts").fetchone()
        return int(count)

    def __bool__(self) -> bool:
        return bool(self._held) or self._file is not None

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.in_order())

    def items(self) -> ItemsView[str, V]:
        """The entries in the order of their keys, read some at a time."""
        return _Entries(self)

    def values(self) -> ValuesView[V]:
        """Their values."""
        return _Values(self)

    def in_order(self) -> Iterator[tuple[str, V]]:
        """The entries in the order of their keys, read some at a time."""
        if self._file is None:
            yield from sorted(self._held.items(), key=lambda entry: entry[0])
            return
        self._spill()
        for key, told in self._file.execute("SELECT key, told FROM texts ORDER BY key"):
            yield key, self._read(told)

    def _spill(self) -> None:
        if self._file is None:
            import sqlite3

            self._file = sqlite3.connect("", check_same_thread=False)  # a file of its own, which nobody else sees
            finalize(self, self._file.close)
            for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
                self._file.execute(f"PRAGMA {setting}")
            self._file.execute("CREATE TABLE texts (key TEXT PRIMARY KEY, told) WITHOUT ROWID")
        told = ((key, self._tell(value)) for key, value in sorted(self._held.items(), key=lambda entry: entry[0]))
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?)", told)
        self._held = {}


class _Entries(ItemsView[str, V]):
    """The entries of a mapping that are read as they come, not each by its key."""

    _mapping: Spilled[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return self._mapping.in_order()


class _Values(ValuesView[V]):
    """Their values."""

    _mapping: Spilled[V]

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._mapping.in_order())
