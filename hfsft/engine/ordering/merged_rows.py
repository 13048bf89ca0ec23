"""Rows that lie in sorted runs, read as one: of each run as many rows as come next.

Where in its run a row lies follows from which run each row is of: a number of 16 bits for each row is all that is held
of rows that nobody reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.engine.ordering.merging import joined, owners
from hfsft.engine.ordering.sorted_run import GROUP
from hfsft.engine.ordering.streamed_rows import StreamedRows
from hfsft.engine.parts.rows import BLOCK, dataset_of
from hfsft.hashing import digest
from hfsft.rows.features import arrow_schema, features

if TYPE_CHECKING:
    from datasets import Dataset, Features
    from numpy.typing import NDArray

    from hfsft.engine.on_daft.work_folder import WorkFolder


@dataclass(frozen=True)
class RunPiece:
    """Rows of one run that follow on one another."""

    file: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class MergedRows(StreamedRows):
    """Rows of several runs in the order that each of these is in, by the columns `by`. It is data."""

    folder: WorkFolder
    pieces: tuple[RunPiece, ...]
    kinds: dict[str, Any]
    by: tuple[str, ...]

    def __getstate__(self) -> dict[str, Any]:
        return {name: vars(self)[name] for name in self.__dataclass_fields__}  # without what is found out again

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    @property
    def column_names(self) -> list[str]:
        """The columns, in order."""
        return list(self.kinds)

    @property
    def features(self) -> Features:
        """The columns with their types."""
        return features(self.kinds)

    def select(self, indices: Any) -> Dataset:
        """Some of the rows, by their numbers, in memory; only what lies between the first and the last is read."""
        numbers = np.asarray(indices, np.int64)
        first, last = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, -1)
        table = pa.concat_tables([arrow_schema(self.kinds).empty_table(), *self.slice(first, last + 1).batches()])
        told = [[vars(piece) for piece in self.pieces], numbers.tolist()]
        return dataset_of(table.take(pa.array(numbers - first)), self.kinds, digest(told))

    def without(self, names: Collection[str]) -> MergedRows:
        """The rows without these columns."""
        return replace(self, kinds={name: kind for name, kind in self.kinds.items() if name not in names})

    def slice(self, start: int, stop: int) -> MergedRows:
        """The rows from `start` to `stop`."""
        before, these = (
            np.bincount(part, minlength=len(self.pieces)) for part in np.split(self._owners[:stop], [start])
        )
        pieces = [
            RunPiece(piece.file, piece.start + int(skipped), piece.start + int(skipped + count))
            for piece, skipped, count in zip(self.pieces, before, these, strict=True)
            if count
        ]
        return replace(self, pieces=tuple(pieces))

    def batches(self, names: Collection[str] | None = None, size: int = BLOCK) -> Iterator[pa.Table]:
        """The rows as tables of so many, but for the last, with these columns alone."""
        chosen = list(self.kinds) if names is None else list(names)
        schema = arrow_schema({name: self.kinds[name] for name in chosen})
        with ExitStack() as until:
            runs = [until.enter_context(_Reading(self.folder, piece, chosen)) for piece in self.pieces]
            for start in range(0, len(self), size):
                mine = self._owners[start : start + size]
                grouped = np.argsort(mine, kind="stable")
                counts = np.bincount(mine, minlength=len(runs)).tolist()
                found = [table for run, count in zip(runs, counts, strict=True) if count for table in run.take(count)]
                places = np.empty_like(grouped)
                places[grouped] = np.arange(len(grouped))
                yield pa.concat_tables(found).take(pa.array(places)).cast(schema)

    @property
    def key(self) -> str:
        """A hash of all that the rows say, in their order."""
        return digest([[vars(piece) for piece in self.pieces], self.kinds, self.by])

    @cached_property
    def _owners(self) -> NDArray[np.int16]:
        """Of each row, in order, the number of its run."""
        runs = [(joined(table, self.by) for table in _read(self.folder, piece, self.by)) for piece in self.pieces]
        return np.concatenate([np.empty(0, np.int16), *owners(runs)])


class _Reading:
    """A run, of which the next rows are taken again and again."""

    def __init__(self, folder: WorkFolder, piece: RunPiece, names: Sequence[str]) -> None:
        self._folder, self._piece, self._names = folder, piece, names

    def __enter__(self) -> _Reading:
        self._tables = _read(self._folder, self._piece, self._names)
        self._left: pa.Table | None = None
        return self

    def __exit__(self, *raised: object) -> None:
        self._tables.close()

    def take(self, count: int) -> Iterator[pa.Table]:
        """So many rows."""
        while count:
            table = self._left if self._left is not None and len(self._left) else next(self._tables)
            some = table.slice(0, count)
            self._left = table.slice(len(some))
            count -= len(some)
            yield some


def _read(folder: WorkFolder, piece: RunPiece, names: Sequence[str]) -> Any:
    """The rows of a piece, a row group at a time."""
    with folder.told(), folder.parquet(piece.file) as file:
        for group in range(piece.start // GROUP, -(-piece.stop // GROUP)):
            table = file.read_row_group(group, columns=list(names), use_threads=False).select(list(names))
            first = group * GROUP
            yield table.slice(max(piece.start - first, 0), min(piece.stop - first, GROUP) - max(piece.start - first, 0))
