"""Runs: the rows of some parts in another order, each in a file of its own, made by whichever process is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.cache import PART
from hfsft.engine.on_daft.row_groups import stored
from hfsft.engine.parts.rows import sorted_places
from hfsft.hashing import digest
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from hfsft.engine.on_daft.parquet_parts import PartRows

PARTS = 4  # of one run: some 64,000 rows, which one process holds
GROUP = 1000  # rows of a row group: who reads a piece of all rows reads little more of each run


@dataclass(frozen=True)
class SortedRun:
    """Rows of a few parts, sorted by columns of text. It is data: any process makes the file that sees the parts."""

    piece: PartRows
    by: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many rows it sorts."""
        return len(self.piece)

    @property
    def file(self) -> str:
        """The name of its file, which says what it holds."""
        return digest([self.piece.key, self.by, GROUP]) + PART

    def do(self, stops: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        """Write the file, unless it is there: its name, and its number of rows."""
        folder = self.piece.folder
        if not folder.whole(self.file):
            table = pa.concat_tables([arrow_schema(self.piece.kinds).empty_table(), *self.piece.tables()])
            table = table.take(sorted_places([table], self.by))
            schema = pa.schema([pa.field(field.name, stored(field.type)) for field in table.schema])
            with (
                folder.told(),
                folder.writing(self.file) as sink,
                pq.ParquetWriter(sink, schema, compression="zstd", write_statistics=False) as writer,
            ):
                writer.write_table(table.cast(schema), row_group_size=GROUP)
        return {"file": self.file, "rows": self.rows}


def runs_of(rows: PartRows, by: Sequence[str]) -> Iterator[SortedRun]:
    """The runs that rows are sorted in."""
    for start in range(0, len(rows.parts), PARTS):
        piece = replace(rows, parts=rows.parts[start : start + PARTS])
        if len(piece):
            yield SortedRun(piece, tuple(by))
