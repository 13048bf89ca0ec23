"""A table of which `where`, `sample` and `limit` take some rows; only `limit` goes by the order of rows.

`where` says which rows count, `limit` reads on until so many of them are found, `sample` takes some of these by a hash
of what a row holds. Rows that are added to a table move no other row out of a share, and out of a number of rows only
those whose place they take.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Protocol

from hfsft.errors import NothingSeenError, SourceError
from hfsft.hashing import unit
from hfsft.rows.choice.gathered import Gathered, TableView
from hfsft.rows.choice.row_counts import Counts
from hfsft.rows.choice.spool import Spool
from hfsft.rows.shapes.shape import Record
from hfsft.rows.tables.table import Table

LOOKED_AT = 1_000  # rows that are read in search of some to look at


class Test(Protocol):
    """Whether a row counts."""

    def knows(self, names: set[str]) -> bool:
        """Whether it reads no other column."""
        ...

    def check(self, names: set[str], later: Callable[[set[str]], list[str]]) -> None:
        """Raise `SourceError` where it reads a column that no row has; `later` finds those among all rows."""
        ...

    def holds(self, row: Mapping[str, Any], source: str) -> bool:
        """Whether it is true for a row; raises `SourceError` where that cannot be told."""
        ...


@dataclass(frozen=True)
class Chosen(TableView):
    """The rows of a table that are taken; read like a table."""

    table: Table | Gathered
    where: Test | None = None
    limit: int | None = None
    sample: int | float | None = None
    counts: Counts = field(default_factory=Counts)  # of the last reading that went to its end

    def records(self, first: int | None = None) -> Iterator[Record]:
        """Each row that is taken; with `first`, so many of those that count, to look at, without a sample.

        Raises `SourceError` for what cannot be read, or where no row is left.
        """
        self.counts.clear()
        for one in self._taken() if first is None else self._looked_at(first):
            self.counts.taken += not one.known
            yield one
        if self.counts.read and not self.counts.taken and not (self.table.progress.before or self.piece):
            key, read = "where" if self.counts.where else "sample", f"{self.counts.read:,}"
            if first is not None and self.counts.read == LOOKED_AT:
                raise NothingSeenError(f"{self.path}: `{key}` leaves out all of the first {read} rows", key=key)
            raise SourceError(f"{self.path}: `{key}` leaves out all of its {read} rows", key=key)

    def _looked_at(self, first: int) -> Iterator[Record]:
        few = min(first, self.limit or first)
        read = self.table.records(LOOKED_AT if self.where else few, stream=True)
        return islice(self._counted(read), few)

    def _taken(self) -> Iterator[Record]:
        picky = self.where is not None or self.sample is not None
        found = self._limited(self.table.records(None if picky else self.limit, stream=picky))
        if isinstance(self.sample, int):
            return self._some(found, self.sample)
        return found if self.sample is None else self._share(found, self.sample)

    def _limited(self, records: Iterator[Record]) -> Iterator[Record]:
        if self.limit is None:
            yield from self._counted(records)
            return
        yield from islice(self._counted(records), self.limit)
        self.counts.ended = self.counts.read - self.counts.where == self.limit

    def _counted(self, records: Iterator[Record]) -> Iterator[Record]:
        """The rows that count; those that cannot be used are among them, whatever `where` says."""
        if self.where is None:
            for one in records:
                self.counts.read += not one.known
                yield one
            return
        first = list(islice(records, 1))
        if not self.where.knows({name for one in first for name in one.row}):  # the first row lacks a column
            first += islice(records, LOOKED_AT - 1)
            self.where.check({name for one in first for name in one.row}, self.having)
        for one in chain(first, records):
            self.counts.read += not one.known
            if one.defect is None and not self.where.holds(one.row, one.source):
                self.counts.where += not one.known
            else:
                yield one

    def _share(self, records: Iterator[Record], share: float) -> Iterator[Record]:
        for one in records:
            if one.defect is None and place_of_row(one.row) >= share:
                self.counts.sample += not one.known
            else:
                yield one

    def _some(self, records: Iterator[Record], count: int) -> Iterator[Record]:
        """The `count` rows of the smallest hashes, in their order, and what cannot be used."""
        with Spool() as spool:
            best: list[tuple[float, int, int]] = []  # the largest hash first: less it, less the number, the place
            odd: list[tuple[int, int]] = []
            for number, one in enumerate(records):
                if one.defect is not None:
                    odd.append((number, spool.put(one)))
                    continue
                key = (-place_of_row(one.row), -number)
                if len(best) < count:
                    heapq.heappush(best, (*key, spool.put(one)))
                    continue
                self.counts.sample += 1
                if key > best[0][:2]:
                    heapq.heapreplace(best, (*key, spool.put(one)))
            taken = sorted([*odd, *((-number, place) for _, number, place in best)])
            yield from spool.read(place for _, place in taken)


def place_of_row(row: Mapping[str, Any]) -> float:
    """A number in [0, 1) that depends on what the row holds alone."""
    return unit("sample", json.dumps(row, sort_keys=True, ensure_ascii=False, default=str))
