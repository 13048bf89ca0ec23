"""Parquet files that everybody reads: plain columns, without the type names of the library that wrote them.

`datasets` notes its own types in each file it writes, and older versions stop at a name they do not know. The columns
need no note: strings, numbers, lists and structs say what they are, and `datasets` 2.19 and later reads them as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from math import ceil, log2
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

if TYPE_CHECKING:
    from datasets import Dataset

SHARD_BYTES = 500_000_000  # what the Hub's viewer and streaming readers like
GROUP_BYTES = 30_000_000  # of one row group: what a reader must hold to read a single row
FEWEST, MOST = 6, 2**16  # rows of a row group: at least 2 to that power, and at most


def write_parquet(rows: Dataset, folder: Path, split: str) -> None:
    """The rows as `folder/split-00000-of-00001.parquet`, in as many files as their size asks for.

    Equal rows give equal bytes. The Hub stores the parts of a file that a later one has too only once.
    """
    write_in_blocks(iter([rows]), len(rows), folder, split)


def write_in_blocks(blocks: Iterator[Dataset], count: int, folder: Path, split: str) -> None:
    """The same of so many rows that come some at once, each time as many: their size is told by the first of them."""
    folder.mkdir(exist_ok=True)
    first = next(blocks)
    each = first.data.nbytes / max(1, first.data.num_rows)  # of the table behind the rows, which may be some of it
    shards = max(1, ceil(each * count / SHARD_BYTES))
    # A power of two: a few bytes more or less in memory move no boundary.
    group = min(MOST, 2 ** max(FEWEST, int(log2(GROUP_BYTES / max(each, 1)))))
    schema = first.features.arrow_schema.remove_metadata()
    tables = _RowQueue(table for rows in chain([first], blocks) for table in _tables(rows, schema))
    for index in range(shards):
        rest = count // shards + (index < count % shards)  # as `Dataset.shard` cuts
        path = folder / f"{split}-{index:05d}-of-{shards:05d}.parquet"
        with ParquetWriter(path, schema, use_content_defined_chunking=True, write_page_index=True) as writer:
            for taken in range(0, max(rest, 1), group):
                writer.write_table(tables.take(min(rest - taken, group)), row_group_size=group)


def _tables(rows: Dataset, schema: pa.Schema) -> Iterator[pa.Table]:
    for batch in rows.with_format("arrow").iter(MOST):
        yield batch.replace_schema_metadata(None).cast(schema)
    if not len(rows):
        yield schema.empty_table()


class _RowQueue:
    """Rows that come as tables of any length, to be taken so many at once."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables, self._left = tables, next(tables)

    def take(self, count: int) -> pa.Table:
        """The next rows, in one piece."""
        found, missing = [], count
        while missing > len(self._left):
            found.append(self._left)
            missing -= len(self._left)
            self._left = next(self._tables)
        found.append(self._left.slice(0, missing))
        self._left = self._left.slice(missing)
        return pa.concat_tables(found).combine_chunks()
