"""Work over tables, which processes import by its path."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.spread.scattered import starts
from hfsft.errors import UserError

WORKS = "tests.engine.spread.works:"
SIZES = {"a": "string", "size": "int64", "smallest": "int64"}


def doubling() -> Callable[[pa.Table], pa.Table]:
    """Each row as often as its number says, with twice that."""

    def does(table: pa.Table) -> pa.Table:
        numbers = table["n"].to_numpy()
        again = np.repeat(np.arange(len(numbers)), numbers % 3)
        return pa.table({"twice": pa.array(2 * numbers[again]), "a": table["a"].take(pa.array(again))})

    return does


def sizes() -> Callable[[pa.Table], pa.Table]:
    """A row for each group: its key, how many rows it has, and the smallest number."""

    def does(table: pa.Table) -> pa.Table:
        first = starts(table, ["a"])
        ends = [*first[1:].tolist(), table.num_rows]
        groups = [table.slice(start, end - start) for start, end in zip(first.tolist(), ends, strict=True)]
        return pa.table(
            {
                "a": pa.array([each["a"][0].as_py() for each in groups], pa.string()),
                "size": pa.array([len(each) for each in groups], pa.int64()),
                "smallest": pa.array([pc.min(each["n"]).as_py() for each in groups], pa.int64()),
            }
        )

    return does


def fewer() -> Callable[[pa.Table], pa.Table]:
    """Other columns than were said."""
    return lambda table: table.select(["a"])


def as_it_is() -> Callable[[pa.Table], pa.Table]:
    """The rows."""
    return lambda table: table


def refusing() -> Callable[[pa.Table], pa.Table]:
    """What raises an error of the user's."""

    def does(_: pa.Table) -> pa.Table:
        raise UserError("nothing to do here")

    return does


def slowly() -> Callable[[pa.Table], pa.Table]:
    """The rows, after a while."""

    def does(table: pa.Table) -> pa.Table:
        time.sleep(1.5)
        return table

    return does


def sizes_slowly() -> Callable[[pa.Table], pa.Table]:
    """What `sizes` gives, after a while."""
    inner = sizes()

    def does(table: pa.Table) -> pa.Table:
        time.sleep(1.5)
        return inner(table)

    return does
