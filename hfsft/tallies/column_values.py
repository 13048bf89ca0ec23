"""A column of very many rows, read anew and some rows at a time whenever somebody goes over it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import Any


class ColumnValues(Collection[Any]):
    """The values that `read` goes over, the same ones each time; `length` says how many, where that is known."""

    def __init__(self, read: Callable[[], Iterable[Any]], length: int | None = None) -> None:
        self._read, self._known = read, length

    def __iter__(self) -> Iterator[Any]:
        return iter(self._read())

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return bool(self._known) if self._known is not None else any(True for _ in self)

    def __contains__(self, value: object) -> bool:
        return any(each == value for each in self)

    @cached_property
    def _length(self) -> int:
        return sum(1 for _ in self) if self._known is None else self._known


def chained(*columns: Collection[Any]) -> ColumnValues:
    """The values of columns, one after the other."""
    return ColumnValues(lambda: chain(*columns), sum(map(len, columns)))
