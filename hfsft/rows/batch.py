"""A row, and many rows as columns: the two shapes in which steps get them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]
Batch = dict[str, list[Any]]


def rows_of(batch: Batch) -> Iterator[Row]:
    """The rows of a batch, one by one."""
    for values in zip(*batch.values(), strict=True):
        yield dict(zip(batch, values, strict=True))
