"""Arrays as few rows: what belongs to one bucket lies in one value, so that engines move blocks and not numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.engine.spread.scattered import starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places

BLOCK = "large_binary"  # the type of such a column: many of them together may be more than 2 GB


def blocks(by: Mapping[str, NDArray[Any]], values: Mapping[str, NDArray[Any]]) -> pa.Table:
    """A row for each different combination of `by`, with the values that stand there, one behind the other."""
    names, count = list(by), len(next(iter(by.values())))
    order: Any = slice(None)
    if len(names) > 1 or not np.all(by[names[0]][1:] >= by[names[0]][:-1]):  # else they are as they should be
        order = np.lexsort([by[name] for name in reversed(names)])
    new = np.zeros(count, bool)
    new[:1] = True
    for name in names:
        ordered = by[name][order]
        new[1:] |= ordered[1:] != ordered[:-1]
    first = np.flatnonzero(new)
    columns = {name: pa.array(by[name][order][first]) for name in names}
    borders = np.append(first, count).astype(np.int64)
    for name, each in values.items():
        ordered = np.ascontiguousarray(each[order])
        width = ordered.dtype.itemsize * int(np.prod(ordered.shape[1:], dtype=np.int64))
        buffers = [None, pa.py_buffer(borders * width), pa.py_buffer(ordered.view(np.uint8).reshape(-1))]
        columns[name] = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(first), buffers)
    return pa.table(columns)


def unblocked(table: pa.Table, name: str, kind: Any, width: int | None = None) -> NDArray[Any]:
    """The values of all rows, one behind the other; with a `width` as rows of so many."""
    column = table[name].combine_chunks().cast(pa.large_binary())
    if not len(column):
        found = np.zeros(0, kind)
    else:
        _, offsets, data = column.buffers()
        borders = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
        found = np.frombuffer(data or b"", np.uint8)[borders[0] : borders[-1]].view(kind)
    return found if width is None else found.reshape(-1, width)


def put_below(tables: Sequence[pa.Table], kinds: pa.Schema) -> pa.Table:
    """Tables with some of these columns each, one below the other; a block that is not there is empty."""

    def filled(table: pa.Table, field: pa.Field) -> pa.Array | pa.ChunkedArray:
        if field.name in table.column_names:
            return table[field.name].cast(field.type)
        blank = pa.scalar(b"", field.type) if pa.types.is_large_binary(field.type) else pa.scalar(None, field.type)
        return pa.repeat(blank, table.num_rows)

    below = [pa.table([filled(table, field) for field in kinds], schema=kinds) for table in tables]
    return pa.concat_tables([kinds.empty_table(), *below])


def in_groups(table: pa.Table, by: Sequence[str]) -> Iterator[tuple[list[Any], pa.Table]]:
    """Each group of a table of whole groups: what it is grouped by, and its rows."""
    first = starts(table, by).tolist()
    for start, stop in pairwise([*first, table.num_rows]):
        yield [table[name][start].as_py() for name in by], table.slice(start, stop - start)


def buckets_for(size: int, most: int) -> int:
    """In how many buckets so many bytes lie, at most so many in each."""
    return max(1, -(-size // most))


def bucket_of(hashes: Hashes, buckets: int) -> Places:
    """The bucket of each of some hashes, all of whose bits are mixed; they are in order."""
    if buckets == 1:
        return np.zeros(len(hashes), np.int64)
    found: Places = ((hashes >> np.uint64(32)) * np.uint64(buckets) >> np.uint64(32)).astype(np.int64)
    return found


def places_in(known: Places, values: Places) -> Places:
    """The place of each value among the sorted `known`, all of which are among them."""
    if not len(known) or known[-1] - known[0] > 8 * len(values):
        return np.searchsorted(known, values)
    table = np.zeros(int(known[-1] - known[0]) + 1, np.intp)  # faster, where it is small beside the values
    table[known - known[0]] = np.arange(len(known))
    found: Places = table[values - known[0]]
    return found
