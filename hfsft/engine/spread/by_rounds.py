"""A function over all rows that is worked out by rounds as well, made of two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfsft.rows.batch import Batch

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered


@dataclass(frozen=True)
class ByRounds:
    """What `here` makes of rows that a process has, and `rounds` of scattered ones, to the byte."""

    here: Callable[[Batch], Batch]
    rounds: Callable[[Scattered], Scattered]

    def __call__(self, batch: Batch) -> Batch:
        """What it makes of rows."""
        return self.here(batch)

    def spread(self, rows: Scattered) -> Scattered:
        """What it makes of scattered rows."""
        return self.rounds(rows)
