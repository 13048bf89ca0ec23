"""Rows in Parquet parts: which files hold their columns, and which of their rows are in.

A part is rows that were made at once. Its columns lie in files of the same rows in the same order, cut into row groups
alike, so that they are read side by side; what a step adds to a part is one more file. A row that is taken out stays
where it lies: the column `FELL` of the file that was added last says of each row which step of that file took it, so
that rows that are left, rows that were rejected and their counts are views of the same files. Parts and their rows have
an order, which is that of the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.engine.on_daft.row_groups import read
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.parts.rows import BLOCK, dataset_of
from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.features import arrow_schema, features, values_of

if TYPE_CHECKING:
    from datasets import Dataset, Features
    from numpy.typing import NDArray

FELL = "hfsft:fell"  # column: the place of the step that took the row out, among those that the file was made by
BEFORE = -1  # it was out before
STAYED = 2**15 - 1  # none did


@dataclass(frozen=True)
class ParquetPart:
    """`key` is a hash of all that its rows say and of which of them are in; `columns` are files by column.

    `fell` is the file that says which rows are out, empty where none is; `taken` counts rows by the place of the step.
    """

    key: str
    length: int
    columns: Mapping[str, str]
    fell: str = ""
    taken: tuple[tuple[int, int], ...] = ()

    @property
    def files(self) -> set[str]:
        """The names of its files."""
        return {*self.columns.values(), *([self.fell] if self.fell else [])}

    def of(self, names: Iterable[str]) -> dict[str, list[str]]:
        """The columns to read of each file for these, and for which rows are in."""
        found: dict[str, list[str]] = {}
        for name in names:
            found.setdefault(self.columns[name], []).append(name)
        if self.fell:
            found.setdefault(self.fell, []).append(FELL)
        return found

    def having(self, file: str, names: Iterable[str], taken: Mapping[int, int]) -> ParquetPart:
        """The part with one more file."""
        columns = {**self.columns, **dict.fromkeys(names, file)}
        return replace(self, key=file.partition(".")[0], columns=columns, fell=file, taken=tuple(sorted(taken.items())))

    def as_dict(self) -> dict[str, Any]:
        """The part as JSON."""
        return {**vars(self), "columns": dict(self.columns), "taken": [list(each) for each in self.taken]}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> ParquetPart:
        """The part of that JSON."""
        return cls(**{**told, "taken": tuple((place, count) for place, count in told["taken"])})


@dataclass(frozen=True)
class Which:
    """Which rows of parts: those that no step up to `place` took out, or, `out`, those that the step there did."""

    place: int = STAYED
    out: bool = False

    def count(self, part: ParquetPart) -> int:
        """How many rows of a part these are."""
        if self.out:
            return dict(part.taken).get(self.place, 0)
        return part.length - sum(count for place, count in part.taken if place <= self.place)

    def numbers(self, table: pa.Table) -> NDArray[np.int64]:
        """Their numbers in a table of rows of a part, of which some may be out."""
        if FELL not in table.column_names:
            return np.arange(0 if self.out else table.num_rows)
        fell = table[FELL].to_numpy()
        stay = fell > self.place if self.place < STAYED else fell == STAYED
        return np.flatnonzero(fell == self.place if self.out else stay)


@dataclass(frozen=True)
class PartRows:
    """Rows of parts in their order; `kinds` are the columns with their types as words."""

    folder: WorkFolder
    parts: tuple[ParquetPart, ...]
    kinds: Mapping[str, Any]
    which: Which = Which()

    def __len__(self) -> int:
        return sum(map(self.which.count, self.parts))

    def __iter__(self) -> Iterator[Row]:
        """The rows as mappings, read a row group at a time."""
        for table in self.tables():
            yield from table.to_pylist()

    def __getitem__(self, key: str | slice) -> Any:
        """The values of a column; with a slice, those of every column, by name."""
        if isinstance(key, str):
            return [value for table in self.tables([key]) for value in values_of(table[key])]
        rows = self if key == slice(None) else self.select(range(*key.indices(len(self))))
        return {name: rows[name] for name in self.kinds}

    def to_list(self) -> list[Row]:
        """The rows as mappings."""
        return list(self)

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        return list(self.kinds)

    @property
    def features(self) -> Features:
        """The columns with their types."""
        return features(self.kinds)

    @cached_property
    def key(self) -> str:
        """A hash of all that the rows say, in their order."""
        return digest([[part.key for part in self.parts], self.which.place, self.which.out, list(self.kinds)])

    def select(self, indices: Any) -> Dataset:
        """Some of the rows, by their numbers, in memory."""
        numbers = np.asarray(indices, dtype=np.int64)
        return dataset_of(self.taken(list(self.kinds), numbers), self.kinds, digest([self.key, numbers.tolist()]))

    def slice(self, start: int, stop: int) -> Dataset:
        """The rows from `start` to `stop`, in memory."""
        return self.select(range(start, stop))

    def taken(self, names: Sequence[str], numbers: NDArray[np.int64]) -> pa.Table:
        """These columns of some of the rows, by their numbers; without columns nothing is read."""
        each, start = np.unique(numbers), 0
        found = [arrow_schema({name: self.kinds[name] for name in names}).empty_table()]
        for part in self.parts:  # of which only those are read that any of the rows is in
            stop = start + self.which.count(part)
            if names and len(mine := each[(each >= start) & (each < stop)]):
                some = pa.concat_tables(replace(self, parts=(part,)).tables(names))
                found.append(some.take(pa.array(mine - start)))
            start = stop
        table = pa.concat_tables(found)
        return table.take(pa.array(np.searchsorted(each, numbers))) if names else table

    def tables(self, names: Collection[str] | None = None) -> Iterator[pa.Table]:
        """The rows as tables with these columns alone, one for each row group."""
        chosen = list(self.kinds) if names is None else list(names)
        schema = arrow_schema({name: self.kinds[name] for name in chosen})
        for part in self.parts:
            for table in read(self.folder, part.of(chosen), part.length):
                numbers = self.which.numbers(table)
                some = table if len(numbers) == table.num_rows else table.take(pa.array(numbers))
                yield some.select(chosen).cast(schema)

    def batches(self, names: Collection[str] | None = None, size: int = BLOCK) -> Iterator[pa.Table]:
        """The rows as tables of so many, but for the last, with these columns alone."""
        waiting: list[pa.Table] = []
        for table in self.tables(names):
            waiting.append(table)
            while sum(map(len, waiting)) >= size:
                whole = pa.concat_tables(waiting)
                yield whole.slice(0, size)
                waiting = [whole.slice(size)]
        if any(map(len, waiting)):
            yield pa.concat_tables(waiting)

    def dataset(self) -> Dataset:
        """The rows as a dataset in memory."""
        found = pa.concat_tables([arrow_schema(self.kinds).empty_table(), *self.tables()])
        return dataset_of(found, self.kinds, self.key)

    def of(self, parts: Sequence[ParquetPart], kinds: Mapping[str, Any], which: Which | None = None) -> PartRows:
        """Rows of other parts, with other columns."""
        return PartRows(self.folder, tuple(parts), kinds, which or Which())

    def without(self, names: Collection[str]) -> PartRows:
        """The rows without these columns."""
        return replace(self, kinds={name: kind for name, kind in self.kinds.items() if name not in names})
