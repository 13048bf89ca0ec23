"""Parquet files that everybody reads: plain columns, without the type names of the library that wrote them.

`datasets` notes its own types in each file it writes, and older versions stop at a name they do not know. The columns
need no note: strings, numbers, lists and structs say what they are, and `datasets` 2.19 and later reads them as such.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

if TYPE_CHECKING:
    from datasets import Dataset

SHARD_BYTES = 500_000_000  # what the Hub's viewer and streaming readers like
GROUP_BYTES = 30_000_000  # of one row group: what a reader must hold to read a single row
FEWEST, MOST = 6, 2**16  # rows of a row group: at least 2 to that power, and at most


@dataclass(frozen=True)
class ShardCut:
    """How `count` rows are cut: into so many files, with row groups of so many rows."""

    schema: pa.Schema
    count: int
    shards: int
    group: int

    @classmethod
    def of(cls, schema: pa.Schema, size: int, of: int, count: int) -> ShardCut:
        """The cut of rows with these columns, of which so many (`of`) take so many bytes."""
        each = size / max(1, of)
        # A power of two: a few bytes more or less in memory move no boundary.
        group = min(MOST, 2 ** max(FEWEST, int(log2(GROUP_BYTES / max(each, 1)))))
        return cls(schema.remove_metadata(), count, max(1, ceil(each * count / SHARD_BYTES)), group)

    def files(self, folder: Path, split: str) -> Iterator[tuple[Path, int]]:
        """The files, and how many rows each has, as `Dataset.shard` cuts."""
        for index in range(self.shards):
            rows = self.count // self.shards + (index < self.count % self.shards)
            yield folder / f"{split}-{index:05d}-of-{self.shards:05d}.parquet", rows


def write_parquet(rows: Dataset, folder: Path, split: str) -> None:
    """The rows as `folder/split-00000-of-00001.parquet`, in as many files as their size asks for.

    Equal rows give equal bytes. The Hub stores the parts of a file that a later one has too only once.
    """
    table = rows.data.table
    # The size is that of the table behind the rows, which may be some of it.
    cut = ShardCut.of(rows.features.arrow_schema, table.nbytes, len(table), len(rows))
    write_files(rows.with_format("arrow").iter(MOST), cut, folder, split)


def write_files(tables: Iterator[pa.Table], cut: ShardCut, folder: Path, split: str) -> None:
    """The same of rows that come some at once."""
    folder.mkdir(exist_ok=True)
    queue = _RowQueue(tables, cut.schema)
    for path, rows in cut.files(folder, split):
        _write(queue, rows, path, cut)


def write_file(tables: Iterator[pa.Table], rows: int, to: Any, cut: ShardCut) -> None:
    """One file of so many rows, at a path or to an open file."""
    _write(_RowQueue(tables, cut.schema), rows, to, cut)


def _write(queue: _RowQueue, rows: int, to: Any, cut: ShardCut) -> None:
    with ParquetWriter(to, cut.schema, use_content_defined_chunking=True, write_page_index=True) as writer:
        for taken in range(0, max(rows, 1), cut.group):
            writer.write_table(queue.take(min(rows - taken, cut.group)), row_group_size=cut.group)


class _RowQueue:
    """Rows that come as tables of any length, to be taken so many at once."""

    def __init__(self, tables: Iterator[pa.Table], schema: pa.Schema) -> None:
        self._tables = (table.replace_schema_metadata(None).cast(schema) for table in tables)
        self._schema, self._left = schema, deque[pa.Table]()

    def take(self, count: int) -> pa.Table:
        """The next rows, in one piece."""
        found, missing = list[pa.Table](), count
        while missing:
            table = self._left.popleft() if self._left else next(self._tables)
            found.append(table.slice(0, missing))
            if len(table) > missing:
                self._left.append(table.slice(missing))
            missing -= len(found[-1])
        # An empty table cannot be asked of a schema with lists of JSON.
        return pa.concat_tables(found).combine_chunks() if found else pa.Table.from_batches([], self._schema)
