"""Parquet files that everybody reads: plain columns, without the type names of the library that wrote them.

`datasets` notes its own types in each file it writes, and older versions stop at a name they do not know. The columns
need no note: strings, numbers, lists and structs say what they are, and `datasets` 2.19 and later reads them as such.
"""

from __future__ import annotations

from math import ceil, log2
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

SHARD_BYTES = 500_000_000  # what the Hub's viewer and streaming readers like
GROUP_BYTES = 30_000_000  # of one row group: what a reader must hold to read a single row
FEWEST, MOST = 6, 2**16  # rows of a row group: at least 2 to that power, and at most


def write_parquet(rows: Dataset, folder: Path, split: str) -> None:
    """The rows as `folder/split-00000-of-00001.parquet`, in as many files as their size asks for.

    Equal rows give equal bytes. The Hub stores the parts of a file that a later one has too only once.
    """
    folder.mkdir(exist_ok=True)
    each = rows.data.nbytes / max(1, rows.data.num_rows)  # of the table behind the rows, which may be some of it
    shards = max(1, ceil(each * len(rows) / SHARD_BYTES))
    # A power of two: a few bytes more or less in memory move no boundary.
    group = min(MOST, 2 ** max(FEWEST, int(log2(GROUP_BYTES / max(each, 1)))))
    for index in range(shards):
        part = rows.shard(shards, index, contiguous=True) if shards > 1 else rows
        _write(part, folder / f"{split}-{index:05d}-of-{shards:05d}.parquet", group)


def _write(rows: Dataset, path: Path, group: int) -> None:
    from pyarrow.parquet import ParquetWriter

    schema = rows.features.arrow_schema.remove_metadata()
    with ParquetWriter(path, schema, use_content_defined_chunking=True, write_page_index=True) as writer:
        for batch in rows.with_format("arrow").iter(group):
            table = batch.replace_schema_metadata(None).cast(schema)
            writer.write_table(table.combine_chunks(), row_group_size=group)
