"""The rows of a table as they stand in it, whatever they are read from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Protocol

from hfsft.rows.shapes.shape import Record
from hfsft.rows.tables import objects
from hfsft.rows.tables.arrow import PaddedRow
from hfsft.rows.tables.parsing import Odd, odd_in
from hfsft.rows.tables.readers import TEXT_COLUMN

NO_OBJECT = "not an object with named columns"


class Records(Protocol):
    """A table, or some of its rows."""

    @property
    def path(self) -> str:
        """What the recipe calls it."""
        ...

    def records(self, limit: int | None = None) -> Iterator[Record]:
        """Each row, with `limit` so many at most."""
        ...

    def having(self, names: Collection[str]) -> list[str]:
        """Those of the names that a column has."""
        ...

    def settled(self, file: str) -> None:
        """How rows of a file are read is settled: those of them that are known need not come any more."""
        ...


def record(source: str, value: Any) -> Record:
    """A value that stands where a row should, as a row if it is one."""
    if isinstance(value, Odd):
        return Record(source, {}, str(value))
    if (
        isinstance(value, list)
        and value
        and all(isinstance(t, dict) and set(objects.TURN_KEYS) & t.keys() for t in value)
    ):
        value = {"messages": value}  # a conversation a line, without a name
    if isinstance(value, str):
        value = {TEXT_COLUMN: value}  # a list of seeds
    if not isinstance(value, dict):
        return Record(source, {}, NO_OBJECT)
    reason = odd_in(value)
    return Record(source, {}, reason) if reason else Record(source, value, padded=isinstance(value, PaddedRow))
