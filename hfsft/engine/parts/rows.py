"""Rows as the engine holds them: which rows they are, and where each of their columns lies.

A part is rows that were made at once and never change: those of a source, or those that a step added. Its columns lie
in files, each aligned with the part or with some rows of it. `Rows` are places in parts, in an order. Nothing is copied
when rows are rejected or a column is added: values are read from the files, for as many rows as somebody asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.features import arrow_schema, features, values_of
from hfsft.without_datasets import in_memory, is_dataset

if TYPE_CHECKING:
    from datasets import Dataset, Features
    from numpy.typing import NDArray

    Places = NDArray[np.int32]

BLOCK = 8192  # rows that are copied at once
FEW = 16  # pieces of a column that stay as they are
PIECE = 1 << 30  # bytes of a column in one piece: Arrow numbers the letters of its texts with 31 bits


class StoredColumn(NamedTuple):
    """The values of a column; `at` has for each place in the part the number of its value, -1 for none.

    Without `at` there is a value for each place, in order. `lineage` is a hash of all that the values depend on beside
    the rows themselves.
    """

    values: pa.ChunkedArray
    at: Places | None
    lineage: str


@dataclass(frozen=True)
class Part:
    """Rows that were made at once; `key` says which."""

    key: str
    length: int
    columns: Mapping[str, StoredColumn]

    def lineage(self, names: Iterable[str]) -> str:
        """A hash of all that these columns depend on."""
        return digest([self.key, {name: self.columns[name].lineage for name in names}])

    def having(self, made: Mapping[str, StoredColumn]) -> Part:
        """The part with more columns, or others of these names."""
        return replace(self, columns={**self.columns, **made})


@dataclass(frozen=True)
class Rows:
    """Rows in their order: the part of each and its place there. `kinds` are the columns with their types as words."""

    parts: tuple[Part, ...]
    part: NDArray[np.int16]
    place: Places
    kinds: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.place)

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        return list(self.kinds)

    @property
    def features(self) -> Features:
        """The columns with their types."""
        return features(self.kinds)

    @property
    def key(self) -> str:
        """A hash that tells which rows of which parts these are, and in which order."""
        hashed = hashlib.sha256("\n".join(part.key for part in self.parts).encode())
        hashed.update(self.part.tobytes())
        hashed.update(self.place.tobytes())
        return hashed.hexdigest()[:32]

    def __getitem__(self, key: str | slice) -> Any:
        """The values of a column; with a slice, those of every column, by name."""
        if isinstance(key, str):
            return values_of(self.table([key])[key])
        start, stop, step = key.indices(len(self))
        rows = self if (start, stop, step) == (0, len(self), 1) else self.select(range(start, stop, step))
        return {name: rows[name] for name in self.kinds}

    def __iter__(self) -> Iterator[Row]:
        """The rows as mappings, read a block at a time."""
        for table in self.batches():
            yield from table.to_pylist()

    def to_list(self) -> list[Row]:
        """The rows as mappings."""
        return list(self)

    def select(self, indices: Any) -> Rows:
        """Some of the rows, by their numbers."""
        chosen = np.asarray(indices, dtype=np.int64)
        return replace(self, part=self.part[chosen], place=self.place[chosen])

    def slice(self, start: int, stop: int) -> Rows:
        """The rows from `start` to `stop`."""
        return replace(self, part=self.part[start:stop], place=self.place[start:stop])

    def and_of(self, other: Rows) -> Rows:
        """These rows, then those of `other`, which has the same columns."""
        part = np.concatenate([self.part, other.part + np.int16(len(self.parts))])
        return Rows((*self.parts, *other.parts), part, np.concatenate([self.place, other.place]), self.kinds)

    def of_part(self, index: int) -> Places:
        """The places of the rows that belong to one part."""
        return self.place if len(self.parts) == 1 else self.place[self.part == index]

    def numbers_of(self, places: Sequence[Places]) -> NDArray[np.int64]:
        """The numbers of the rows that stand at some places of each part."""
        found = np.zeros(len(self), bool)
        for index, wanted in enumerate(places):
            there = np.zeros(self.parts[index].length, bool)
            there[wanted] = True
            mine = self.part == index
            found[mine] = there[self.place[mine]]
        return np.flatnonzero(found)

    def batches(self, names: Collection[str] | None = None, size: int = BLOCK) -> Iterator[pa.Table]:
        """The rows as tables of at most `size`, with these columns alone."""
        for start in range(0, len(self), size):
            yield self.table(names, start, start + size)

    def table(self, names: Collection[str] | None = None, start: int = 0, stop: int | None = None) -> pa.Table:
        """The rows from `start` to `stop`, with these columns alone; copied only where rows between them are gone."""
        wanted = {name: self.kinds[name] for name in (self.kinds if names is None else names)}
        schema = arrow_schema(wanted)
        start, stop, _ = slice(start, stop).indices(len(self))
        if stop - start > BLOCK and len(self.parts) > 1:
            starts = range(start, stop, BLOCK)
            return pa.concat_tables([self.table(names, first, min(first + BLOCK, stop)) for first in starts])
        part, place = self.part[start:stop], self.place[start:stop]
        present = np.unique(part).tolist() if len(self.parts) > 1 else [0]
        tables = []
        for index in present:
            mine = place if len(present) == 1 else place[part == index]
            columns = self.parts[index].columns
            tables.append(pa.table([taken(columns[name], mine) for name in wanted], schema=schema))
        if len(tables) == 1:
            return tables[0]
        if not tables:
            return schema.empty_table()
        return pa.concat_tables(tables).take(pa.array(_inverse(np.argsort(part, kind="stable"))))

    def dataset(self) -> Dataset:
        """The rows as a dataset in memory; columns of which no row is gone are not copied, as long as they are short.

        Long ones are put together to few pieces, so that rows in another order are few takes.
        """
        lineage = [part.lineage(self.kinds) for part in self.parts]
        schema = arrow_schema(self.kinds)
        columns = [_in_few_pieces(self.table([name]).column(0)) for name in self.kinds]  # one after the other: memory
        table = pa.table(columns, schema=schema) if columns else self.table()
        return dataset_of(table, self.kinds, digest([self.key, lineage]))

    def aligned(self, made: Mapping[str, pa.ChunkedArray], kinds: Mapping[str, Any], lineage: str) -> Rows:
        """The rows with columns that have a value for each row, in their order."""
        parts = []
        for index, part in enumerate(self.parts):
            at = np.full(part.length, -1, np.int32)
            mine = self.part == index
            at[self.place[mine]] = np.flatnonzero(mine)
            parts.append(part.having({name: StoredColumn(made[name], at, lineage) for name in kinds}))
        return replace(self, parts=tuple(parts), kinds={**self.kinds, **kinds})

    def emptied(self, kinds: Mapping[str, Any]) -> Rows:
        """The rows with nothing in these columns."""
        schema = arrow_schema(kinds)
        nothing = {name: pa.chunked_array([pa.nulls(len(self), schema.field(name).type)]) for name in kinds}
        return self.aligned(nothing, kinds, "")

    def without(self, names: Collection[str]) -> Rows:
        """The rows without these columns."""
        return replace(self, kinds={name: kind for name, kind in self.kinds.items() if name not in names})


def whole(part: Part, kinds: Mapping[str, Any]) -> Rows:
    """All rows of a part."""
    return some(part, np.arange(part.length, dtype=np.int32), kinds)


def some(part: Part, places: Places, kinds: Mapping[str, Any]) -> Rows:
    """Rows of one part."""
    return Rows((part,), np.zeros(len(places), np.int16), places, kinds)


def dataset_of(table: pa.Table, kinds: Mapping[str, Any], fingerprint: str) -> Dataset:
    """A table of columns given as words, as a dataset; many pieces of a column are put together to few."""
    columns = [_in_few_pieces(column) for column in table.columns]
    table = pa.table(columns, schema=arrow_schema(kinds)) if columns else table
    return in_memory(table, features(kinds), fingerprint)


def column_of(rows: Dataset | Rows, name: str) -> list[Any]:
    """The values of one column, as `rows[name][:]` has them: a dataset copies the types of all its columns for that."""
    if is_dataset(rows) and rows._indices is None:
        from datasets import Value

        if isinstance(rows._info.features[name], Value):
            found: list[Any] = rows.data.column(name).to_pylist()
            return found
    return list(rows[name][:])


def picked(rows: Dataset, numbers: Sequence[int]) -> Dataset:
    """Rows of a dataset in another order, copied: `select` would read them one by one from then on."""
    places = np.asarray(numbers, np.int64)
    if rows._indices is not None:
        places = rows._indices.column(0).to_numpy()[places].astype(np.int64)
    names = rows.column_names
    table = pa.table([taken(StoredColumn(rows.data.column(name), None, ""), places) for name in names], names=names)
    fingerprint = digest([rows._fingerprint, hashlib.sha256(places.tobytes()).hexdigest()])
    return in_memory(table, rows.features, fingerprint)


def sorted_places(tables: Sequence[pa.Table], by: Sequence[str]) -> pa.Array:
    """The places of the rows of tables, one behind the other, in the order of columns of text; of equal rows the first
    comes first. A letter stands between the columns that sorts before all others.
    """
    joined = [pc.binary_join_element_wise(*(table[name] for name in by), "\0") for table in tables]
    return pc.sort_indices(pa.chunked_array([chunk for each in joined for chunk in each.chunks], pa.string()))


def _in_few_pieces(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.num_chunks <= FEW:
        return column
    pieces: list[list[pa.Array]] = [[]]
    size = 0
    for chunk in column.chunks:
        if size + chunk.nbytes > PIECE and pieces[-1]:
            pieces.append([])
            size = 0
        pieces[-1].append(chunk)
        size += chunk.nbytes
    return pa.chunked_array([pa.concat_arrays(piece) for piece in pieces if piece], type=column.type)


def taken(column: StoredColumn, places: NDArray[Any]) -> pa.ChunkedArray:
    """The values at these places of the part."""
    at = places if column.at is None else column.at[places]
    if _run(at):
        return column.values.slice(int(at[0]), len(at))
    chunks = column.values.chunks
    starts = np.cumsum([0, *map(len, chunks)])
    found: list[pa.Array] = []
    for start in range(0, len(at), BLOCK):
        found += _gathered(chunks, starts, at[start : start + BLOCK])
    return pa.chunked_array(found, type=column.values.type)


def _gathered(chunks: list[pa.Array], starts: NDArray[Any], at: NDArray[Any]) -> list[pa.Array]:
    """The values at these places, of which each chunk gives its own: a take of all chunks would copy them all."""
    if len(chunks) == 1:
        return [chunks[0].take(pa.array(at))]
    ordered = bool((np.diff(at) >= 0).all())
    order = np.arange(len(at)) if ordered else np.argsort(at, kind="stable")
    ranked = at[order]
    owners = np.searchsorted(starts, ranked, side="right") - 1
    found: list[pa.Array] = []
    for mine in np.split(np.arange(len(at)), np.flatnonzero(np.diff(owners)) + 1):
        owner = owners[mine[0]]
        inside = ranked[mine] - starts[owner]
        chunk = chunks[owner]
        found.append(chunk.slice(int(inside[0]), len(inside)) if _run(inside) else chunk.take(pa.array(inside)))
    return found if ordered else [pa.concat_arrays(found).take(pa.array(_inverse(order)))]


def _run(at: NDArray[Any]) -> bool:
    """Whether these are places that follow one another."""
    return len(at) > 0 and int(at[-1]) - int(at[0]) == len(at) - 1 and bool((np.diff(at) == 1).all())


def _inverse(order: NDArray[Any]) -> NDArray[Any]:
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse
