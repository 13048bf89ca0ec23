"""A function over all rows that is worked out in two ways: by a process that has them, and by rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfsft.engine.resources import Work
from hfsft.rows.batch import Batch

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered


@dataclass(frozen=True)
class TwoWays:
    """What `here` makes of rows that a process has, and the function of `rounds` of scattered ones, to the byte."""

    here: Callable[[Batch], Batch]
    rounds: Work

    def __call__(self, batch: Batch) -> Batch:
        """What it makes of rows."""
        return self.here(batch)

    def spread(self, rows: Scattered) -> Scattered:
        """What it makes of scattered rows."""
        made: Scattered = self.rounds.made(rows)
        return made
