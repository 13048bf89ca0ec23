"""Scattered rows: the words in which a function over all rows says how it is worked out by rounds.

A function over all rows may have `spread` beside `__call__`, see `Spreading`. It is given rows that lie somewhere and
says what becomes of them: each row for itself (`through`), the rows of a group together (`grouped`), rows of two tables
side by side (`joined`). Nothing is worked out until somebody needs it; `kept` ends a round, which is not done again. A
table that is used twice and was not kept is worked out twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from hfsft.engine.resources import Resource, Work

NUMBER = "hfsft:number"  # int64: the number of a row among the rows that the step sees, from 0 on
Does = Callable[["pa.Table"], "pa.Table"]
"""What the work of a table does: any number of rows comes of the rows of some table."""
Told = Literal["count", "min", "max", "sum"]
"""What may be told of a group without looking at its rows one by one; `count` counts all of them."""


class Scattered(Protocol):
    """Rows somewhere, as columns; their order means nothing.

    `kinds` are the columns with their types, in the words of `hfsft.rows.features`. Keys (what is grouped by, joined
    on, or told apart) are numbers, texts, bytes or booleans; an empty key is like another empty one for a group, and
    like none for a join. `needs` are resources that `work` is made with, on the machine that does it; it returns a
    function of `pa.Table` to `pa.Table` that has exactly the columns `writes`.
    """

    @property
    def kinds(self) -> Mapping[str, Any]:
        """The columns, in order, with their types as words."""
        ...

    def only(self, columns: Sequence[str] | Mapping[str, str]) -> Scattered:
        """These columns alone; of a mapping those under its values, by the new names that are its keys."""
        ...

    def through(self, work: Work, writes: Mapping[str, Any], needs: Sequence[Resource] = ()) -> Scattered:
        """What `work` makes of the rows, whichever of them it is given at a time."""
        ...

    def grouped(
        self, by: Sequence[str], work: Work, writes: Mapping[str, Any], needs: Sequence[Resource] = ()
    ) -> Scattered:
        """What `work` makes of the rows of one group or of many at once, but never of a part of one.

        The rows of a group follow on one another; which of them comes first means nothing. See `starts`.
        """
        ...

    def told(self, by: Sequence[str], tells: Mapping[str, tuple[Told, str]]) -> Scattered:
        """A row for each group: the columns `by`, and for each of `tells` what it says of a column, as
        `{"smallest": ("min", "id")}`. Empty values count for nothing but `count`.
        """
        ...

    def joined(self, other: Scattered, on: Sequence[str], how: Literal["inner", "left"] = "inner") -> Scattered:
        """Each row beside each row of `other` that has the same keys; under `left` also those for which there is none,
        with nothing in the other's columns. But for the keys, no column may be of both.
        """
        ...

    def also(self, other: Scattered) -> Scattered:
        """The rows of both, which have the same columns."""
        ...

    def distinct(self) -> Scattered:
        """One of each of the rows that are the same in all columns, which are all keys."""
        ...

    def kept(self, name: str) -> Scattered:
        """The same rows, worked out now and kept: a round. `name` is what the step calls it, once in a step."""
        ...

    def count(self) -> int:
        """How many rows there are, which works them out unless they were kept."""
        ...

    def collected(self) -> pa.Table:
        """All rows, in this process: for tables that are small whatever the rows. Who calls it says why they are."""
        ...

    def of(self, table: pa.Table, kinds: Mapping[str, Any]) -> Scattered:
        """Rows that this process has, where these lie."""
        ...

    def shared(self, name: str, table: pa.Table) -> Resource:
        """A table that this process has, for the `needs` of work: whoever does it loads the whole, once a process.

        `name` is what the step calls it, once in a step.
        """
        ...


@runtime_checkable
class Spreading(Protocol):
    """A function over all rows that is also worked out where no process holds them."""

    def spread(self, rows: Scattered) -> Scattered:
        """The columns `NUMBER` and those that the step writes: one row for each row that has a value in any of them.

        `rows` have the columns that the step is given, and `NUMBER`. It makes what `__call__` does, to the byte. Of a
        step that `makes` a side table it makes those rows, with their numbers in it, or without `NUMBER` where they are
        to lie in the order of their `id`s, as `__call__` has them too. Where a step has a side table `beside` it, see
        `SpreadingBeside`.
        """
        ...


@runtime_checkable
class SpreadingBeside(Protocol):
    """The same of a step that has a side table beside it."""

    def spread(self, rows: Scattered, beside: Scattered) -> Scattered:
        """See `Spreading`; `beside` are all columns of the side table, with their `NUMBER`."""
        ...


def starts(table: pa.Table, by: Sequence[str]) -> NDArray[np.int64]:
    """The number of the first row of each group in a table in which the rows of a group follow on one another."""
    import numpy as np
    import pyarrow.compute as pc

    if not table.num_rows:
        return np.zeros(0, np.int64)
    first = np.zeros(table.num_rows, bool)
    first[0] = True
    for name in by:
        column = table[name].combine_chunks()
        here, before = column.slice(1), column.slice(0, len(column) - 1)
        other = pc.fill_null(pc.not_equal(here, before), fill_value=False)
        other = pc.or_(other, pc.xor(here.is_null(), before.is_null()))
        first[1:] |= other.to_numpy(zero_copy_only=False)
    found: NDArray[np.int64] = np.flatnonzero(first)
    return found
