"""Ids and other texts of very many rows: 40 bytes each as Arrow holds them, where Python takes three times as many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import pyarrow as pa
import pyarrow.compute as pc


class TextColumn(Sequence[Any]):
    """A column of texts, some of them None."""

    def __init__(self, chunks: Iterable[Any]) -> None:
        self.chunks: pa.ChunkedArray = pa.chunked_array(
            [chunk for each in chunks for chunk in (each.chunks if isinstance(each, pa.ChunkedArray) else [each])],
            pa.string(),
        )

    @classmethod
    def of(cls, values: Sequence[str | None]) -> TextColumn:
        """The column of a sequence of texts."""
        return values if isinstance(values, TextColumn) else cls([pa.array(values, pa.string())])

    def __len__(self) -> int:
        return len(self.chunks)

    def __iter__(self) -> Iterator[Any]:
        for chunk in self.chunks.chunks:
            yield from chunk.to_pylist()

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, int):
            return self.chunks[place].as_py()
        start, stop, step = place.indices(len(self))
        return self.chunks.slice(start, stop - start).to_pylist()[::step] if step > 0 else list(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self) -> str:
        return repr(list(self))


def twins(columns: Iterable[Sequence[str | None]]) -> list[str]:
    """The texts that stand in these columns more than once."""
    every = pa.chunked_array([chunk for each in columns for chunk in TextColumn.of(each).chunks.chunks], pa.string())
    if pc.count_distinct(every, mode="all") == len(every):
        return []
    return [each["values"] for each in pc.value_counts(every).to_pylist() if each["counts"] > 1]
