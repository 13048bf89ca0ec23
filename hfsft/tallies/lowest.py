"""The items with the lowest keys of very many, such as a sample that is drawn by a hash."""

from __future__ import annotations

from typing import Any

SPARE = 64  # items that wait at least, so that they are not put in order one by one


class Lowest:
    """Of all items that are added the `count` with the lowest keys; of equal keys those that came first.

    `added` says how many there were.
    """

    def __init__(self, count: int) -> None:
        self.count, self.added = count, 0
        self._found: list[tuple[bytes, int, Any]] = []
        self._highest: bytes | None = None  # of those that are in, once there are enough

    def add(self, key: bytes, item: Any) -> None:
        """One more item."""
        self.added += 1
        if self._highest is None or key < self._highest:
            self._found.append((key, self.added, item))
            if len(self._found) >= 2 * self.count + SPARE:
                self._cut()

    def items(self) -> list[Any]:
        """The items, the one with the lowest key first."""
        self._cut()
        return [item for *_, item in self._found]

    def _cut(self) -> None:
        self._found = sorted(self._found, key=lambda each: each[:2])[: self.count]
        if self.count and len(self._found) == self.count:
            self._highest = self._found[-1][0]
