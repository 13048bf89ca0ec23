"""Choices by hash: the same row and kind of defect always get the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Row = dict[str, Any]
"""A row of three texts, `instruction`, `context` and `response`, with its `group` (`en`, `zh`, `vi`, `code`)."""


class Draw:
    """A row of choices that depends on its key alone."""

    def __init__(self, key: str) -> None:
        self._key, self._count = key, 0

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        self._count += 1
        return int.from_bytes(hashlib.sha256(f"{self._key} {self._count}".encode()).digest()[:8], "big") % bound

    def of(self, values: Sequence[T]) -> T:
        """One of them."""
        return values[self.below(len(values))]


Planter = Callable[[Row, Draw], "Row | None"]
"""Makes of a clean row one with a defect; None where this row cannot have it, as Latin letters no mojibake."""


def answer(row: Row, text: str) -> Row:
    """The row with another response."""
    return {**row, "response": text}


def words(text: str) -> list[str]:
    """What stands between spaces; of a text without spaces, its characters two by two."""
    found = text.split()
    return found if len(found) > 3 else [text[place : place + 2] for place in range(0, len(text), 2)]
