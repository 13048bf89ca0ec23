"""What a function makes of rows that it holds, and what it makes of the same rows scattered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from hfsft.engine.spread.in_memory import AllHere
from hfsft.engine.spread.scattered import NUMBER, Scattered, Spreading
from hfsft.rows.batch import Batch
from hfsft.rows.features import arrow_schema, values_of


def scattered(batch: Batch, kinds: Mapping[str, Any], cut: int | None = None, over: Scattered | None = None) -> Any:
    """A batch as scattered rows, of which work is given so many at a time, or as rows of `over`."""
    names = {NUMBER: "int64", **{name: kinds[name] for name in batch}}
    count = len(next(iter(batch.values())))
    table = pa.table({NUMBER: np.arange(count), **batch}, schema=arrow_schema(names))
    return AllHere(table, names, cut) if over is None else over.of(table, names)


def spread_out(function: Any, rows: Scattered, count: int, writes: Mapping[str, Any]) -> Batch:
    """What a function makes of scattered rows, as a batch."""
    assert isinstance(function, Spreading)
    made = function.spread(rows)
    assert set(made.kinds) == {NUMBER, *writes}
    found = made.collected()
    numbers = found[NUMBER].to_pylist()
    assert len(set(numbers)) == len(numbers), "a row for each row at most"
    columns: Batch = {name: [None] * count for name in writes}
    for name in writes:
        for number, value in zip(numbers, values_of(found[name]), strict=True):
            columns[name][number] = value
    return columns
