"""Ids and other texts of very many rows, which stay where they lie: they are read anew by whoever goes over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, overload

import numpy as np

if TYPE_CHECKING:
    from hfsft.engine.executor import Rows


class TextColumn(Sequence[Any]):
    """A column of rows; of none of them a text is held."""

    def __init__(self, rows: Rows, name: str) -> None:
        self._rows, self._name = rows, name

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Any]:
        for table in self._rows.batches([self._name]):
            yield from table[self._name].to_pylist()

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        numbers = range(len(self))[place]
        if isinstance(numbers, int):
            return next(iter(TextColumn(self._rows.slice(numbers, numbers + 1), self._name)))
        first, last = (min(numbers), max(numbers)) if numbers else (0, -1)
        found = list(TextColumn(self._rows.slice(first, last + 1), self._name))
        return [found[number - first] for number in numbers]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self) -> str:
        return repr(list(self))


def twins(columns: Callable[[], Iterable[Iterable[str | None]]]) -> list[str | None]:
    """The texts that stand in columns more than once, the columns told anew by each call: 8 bytes are held of each."""
    hashes = np.fromiter(map(hash, chain.from_iterable(columns())), np.int64)
    hashes.sort()
    twice = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
    if not twice:
        return []
    counted = Counter(text for text in chain.from_iterable(columns()) if hash(text) in twice)
    return [text for text, count in counted.items() if count > 1]
