"""Rows that are read some at a time, whoever holds them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.engine.parts.rows import BLOCK
from hfsft.rows.batch import Row
from hfsft.rows.features import values_of
from hfsft.without_datasets import in_memory, is_dataset

if TYPE_CHECKING:
    from datasets import Dataset, Features

    from hfsft.engine.executor import Rows


class StreamedRows(ABC):
    """All that rows are asked for, of their batches."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    @abstractmethod
    def column_names(self) -> list[str]:
        """The columns, in order."""

    @property
    @abstractmethod
    def features(self) -> Features:
        """The columns with their types."""

    @abstractmethod
    def batches(self, names: Collection[str] | None = None, size: int = BLOCK) -> Iterator[pa.Table]:
        """The rows as tables of so many, but for the last, with these columns alone."""

    def __iter__(self) -> Iterator[Row]:
        """The rows as mappings, some at a time."""
        for table in self.batches():
            yield from table.to_pylist()

    def __getitem__(self, key: str | slice) -> Any:
        """The values of a column; with a slice, those of every column, by name."""
        if isinstance(key, str):
            return [value for table in self.batches([key]) for value in values_of(table[key])]
        rows = self if key == slice(None) else self.select(range(*key.indices(len(self))))
        return {name: rows[name] for name in self.column_names}

    def to_list(self) -> list[Row]:
        """The rows as mappings, all at once."""
        return list(self)

    def select(self, indices: Any) -> Any:
        """Some of the rows, by their numbers, in memory; the tables that none of them is in are passed by."""
        numbers, start = np.asarray(indices, np.int64), 0
        each = np.unique(numbers)
        found = [self.features.arrow_schema.remove_metadata().empty_table()]
        for table in self.batches() if len(each) else ():
            mine = each[(each >= start) & (each < start + len(table))]
            found.append(table.take(pa.array(mine - start)))
            start += len(table)
        table = pa.concat_tables(found).take(pa.array(np.searchsorted(each, numbers)))
        return in_memory(table.cast(self.features.arrow_schema), self.features)


class OfDataset(StreamedRows):
    """Those of a dataset, from `start` to `stop`."""

    def __init__(self, dataset: Dataset, start: int = 0, stop: int | None = None) -> None:
        self._dataset, self._start = dataset, start
        self._stop = len(dataset) if stop is None else stop

    def __len__(self) -> int:
        return self._stop - self._start

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        return list(self._dataset.column_names)

    @property
    def features(self) -> Features:
        """The columns with their types."""
        return self._dataset.features

    def without(self, names: Collection[str]) -> OfDataset:
        """The rows without these columns."""
        left = [name for name in self.column_names if name not in names]
        return OfDataset(self._dataset.select_columns(left), self._start, self._stop)

    def slice(self, start: int, stop: int) -> OfDataset:
        """The rows from `start` to `stop`."""
        return OfDataset(self._dataset, self._start + start, min(self._start + stop, self._stop))

    def batches(self, names: Collection[str] | None = None, size: int = BLOCK) -> Iterator[pa.Table]:
        """The rows as tables of so many, but for the last, with these columns alone."""
        some = self._dataset if names is None else self._dataset.select_columns(list(names))
        for start in range(self._start, self._stop, size):
            numbers = range(start, min(start + size, self._stop))
            yield some.select(numbers).with_format("arrow")[:].replace_schema_metadata(None)


def streamed(rows: Rows | Dataset) -> Rows:
    """The same rows, as a stream of tables."""
    return OfDataset(rows) if is_dataset(rows) else rows


def as_dataset(rows: Any) -> Dataset:
    """The same rows as a dataset in memory: only of few."""
    if is_dataset(rows):
        return rows
    return rows.dataset() if hasattr(rows, "dataset") else rows.select(range(len(rows)))
