"""The rows of one split of a release on disk, some of them in memory at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.tallies.column_values import ColumnValues

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

BLOCK = 8192  # rows that are read at once


@dataclass(frozen=True)
class SplitRows:
    """One split's rows on disk."""

    split: str
    files: Sequence[Path]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> its type, in Arrow's words."""
        from pyarrow.parquet import read_schema

        return {field.name: str(field.type) for field in read_schema(self.files[0])} if self.files else {}

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return bool(self.files)

    @cached_property
    def _length(self) -> int:
        return sum(file.metadata.num_rows for file in self._open())

    def column(self, name: str) -> ColumnValues:
        """One column's values, in the order of the rows; None throughout where there is no such column."""
        if name not in self.kinds:
            return ColumnValues(lambda: repeat(None, len(self)), len(self))
        batches = self.batches
        return ColumnValues(
            lambda: (value for batch in batches([name]) for value in batch.column(0).to_pylist()), len(self)
        )

    def batches(self, names: Sequence[str] | None = None, size: int = BLOCK) -> Iterator[pa.RecordBatch]:
        """The rows as batches, with these columns alone, which there are, in this order."""
        for file in self._open():
            # Each thread would hold a pool of its own.
            for batch in file.iter_batches(batch_size=size, columns=names, use_threads=False):
                yield batch if names is None else batch.select(names)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every row."""
        for batch in self.batches(size=1000):
            yield from batch.to_pylist()

    def silent(self, texts: Collection[str]) -> Iterator[bool]:
        """Of each row whether none of these columns says anything. A column is read only where those before are empty
        in some row.
        """
        import numpy as np

        there = [name for name in texts if name in self.kinds]
        for file in self._open():
            for group in range(file.num_row_groups):
                silent = np.ones(file.metadata.row_group(group).num_rows, bool)
                for name in there if len(silent) else ():
                    silent &= ~_says(file.read_row_group(group, columns=[name], use_threads=False).column(0))
                    if not silent.any():
                        break
                yield from silent.tolist()

    def rows(
        self, wanted: Sequence[int], columns: Collection[str] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows at some places, with their places; all columns, or those of these that there are."""
        left, start = sorted(wanted), 0
        named = None if columns is None else [name for name in self.kinds if name in columns]
        if not left:
            return
        for file in self._open():
            for group in range(file.num_row_groups):
                stop = start + file.metadata.row_group(group).num_rows
                here = left[bisect_left(left, start) : bisect_left(left, stop)]
                if here:  # no other group is read
                    rows = file.read_row_group(group, columns=named, use_threads=False)
                    found = rows.take([place - start for place in here]).to_pylist()
                    yield from zip(here, found, strict=True)
                start = stop

    def _open(self) -> Iterator[ParquetFile]:
        from pyarrow.parquet import ParquetFile

        return (ParquetFile(path, memory_map=True) for path in self.files)


def _says(column: pa.ChunkedArray) -> Any:
    """Of each value whether it is a text or a list that is not empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        says = pc.fill_null(pc.greater(pc.binary_length(column), 0), False)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        says = pc.fill_null(pc.greater(pc.list_value_length(column), 0), False)
    else:
        says = pc.is_valid(column)
    return says.to_numpy()
