"""Scattered rows that all lie in this process: what serves few rows, for which no shuffle is worth its while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import AT_ONCE, Resource, Work, path_of
from hfsft.engine.spread.scattered import starts
from hfsft.errors import InternalError
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered, Told

LEFT, RIGHT = "hfsft:left", "hfsft:right"  # the numbers of rows that a join puts side by side


@dataclass(frozen=True)
class AllHere:
    """The rows of a table. With `cut`, work is given so many at a time, or as many as whole groups have."""

    table: pa.Table
    kinds: Mapping[str, Any]
    cut: int | None = None

    def only(self, columns: Sequence[str] | Mapping[str, str]) -> AllHere:
        """These columns alone, or others by new names."""
        names = columns if isinstance(columns, Mapping) else dict(zip(columns, columns, strict=True))
        table = self.table.select(list(names.values())).rename_columns(list(names))
        return AllHere(table, {new: self.kinds[name] for new, name in names.items()}, self.cut)

    def through(self, work: Work, writes: Mapping[str, Any], needs: Sequence[Resource] = ()) -> AllHere:
        """What work makes of the rows."""
        count = self.table.num_rows
        size = self.cut or max(count, 1)
        cuts = (self.table.slice(start, size) for start in range(0, count, size))
        return self._made(cuts, work.made(*needs), writes)

    def grouped(
        self, by: Sequence[str], work: Work, writes: Mapping[str, Any], needs: Sequence[Resource] = ()
    ) -> AllHere:
        """What work makes of groups."""
        table = self.table.sort_by([(name, "ascending") for name in by]).combine_chunks()
        return self._made(whole_groups(table, by, self.cut or max(table.num_rows, 1)), work.made(*needs), writes)

    def _made(self, cuts: Iterator[pa.Table], does: Does, writes: Mapping[str, Any]) -> AllHere:
        schema = arrow_schema(writes)
        found = [pa.Table.from_batches([], schema=schema), *(checked(does(table), schema) for table in cuts)]
        return AllHere(pa.concat_tables(found), writes, self.cut)

    def told(self, by: Sequence[str], tells: Mapping[str, tuple[Told, str]]) -> AllHere:
        """What groups say."""
        every = pc.CountOptions(mode="all")
        wanted = [(name, how, every if how == "count" else None) for how, name in tells.values()]
        found = self.table.group_by(list(by)).aggregate(wanted)
        columns = [*(found[name] for name in by), *(found[f"{name}_{how}"] for how, name in tells.values())]
        kinds = {name: self.kinds[name] for name in by}
        kinds |= {new: told_kind(how, self.kinds[name]) for new, (how, name) in tells.items()}
        return AllHere(pa.table(columns, names=list(kinds)).cast(arrow_schema(kinds)), kinds, self.cut)

    def joined(self, other: Scattered, on: Sequence[str], how: Literal["inner", "left"] = "inner") -> AllHere:
        """Rows side by side."""
        there, kinds = other.collected(), joined_kinds(self.kinds, other.kinds, on)
        left = self.table.select(list(on)).append_column(LEFT, pa.array(np.arange(self.table.num_rows)))
        right = there.select(list(on)).append_column(RIGHT, pa.array(np.arange(there.num_rows)))
        pairs = left.join(right, list(on), join_type="inner" if how == "inner" else "left outer")
        mine, others = self.table.take(pairs[LEFT]), there.drop_columns(list(on)).take(pairs[RIGHT])
        columns = {name: side[name] for side in (mine, others) for name in side.column_names}
        return AllHere(pa.table([columns[name] for name in kinds], schema=arrow_schema(kinds)), kinds, self.cut)

    def also(self, other: Scattered) -> AllHere:
        """The rows of both."""
        there = other.collected().select(list(self.kinds)).cast(self.table.schema)
        return AllHere(pa.concat_tables([self.table, there]), self.kinds, self.cut)

    def distinct(self) -> AllHere:
        """One of each."""
        names = list(self.kinds)
        return AllHere(self.table.group_by(names).aggregate([]).select(names), self.kinds, self.cut)

    def kept(self, name: str) -> AllHere:
        """The same rows."""
        return self

    def count(self) -> int:
        """How many rows there are."""
        return int(self.table.num_rows)

    def collected(self) -> pa.Table:
        """All rows."""
        return self.table

    def of(self, table: pa.Table, kinds: Mapping[str, Any]) -> AllHere:
        """Other rows."""
        return AllHere(table.select(list(kinds)).cast(arrow_schema(kinds)), kinds, self.cut)

    def shared(self, name: str, table: pa.Table) -> Resource:
        """A table of this process."""
        key = uuid4().hex
        SHARED[key] = table
        while len(SHARED) > AT_ONCE:
            SHARED.popitem(last=False)
        return Resource("table", Work(path_of(SharedHere), {"key": key}), key)


SHARED: OrderedDict[str, pa.Table] = OrderedDict()
"""The tables of this process that are shared within it."""


class SharedHere:
    """One of them, as a resource."""

    def __init__(self, key: str) -> None:
        self._key = key

    def identity(self) -> str:
        """A name that no other has."""
        return self._key

    def load(self) -> pa.Table:
        """The table."""
        return SHARED[self._key]


def whole_groups(table: pa.Table, by: Sequence[str], size: int) -> Iterator[pa.Table]:
    """The table in pieces of whole groups, each of the fewest that have `size` rows."""
    if not table.num_rows:
        return
    firsts = [*starts(table, by).tolist(), table.num_rows]
    ends = [0]
    for first in firsts[1:]:
        if first - ends[-1] >= size:
            ends.append(first)
    if ends[-1] < table.num_rows:
        ends.append(table.num_rows)
    for start, stop in pairwise(ends):
        yield table.slice(start, stop - start)


def checked(made: pa.Table, schema: pa.Schema) -> pa.Table:
    """What work made, as columns of these types. Raises `InternalError` where it has others."""
    if set(made.column_names) != set(schema.names):
        raise InternalError(f"work over scattered rows made the columns {made.column_names}, not {schema.names}")
    return made.select(schema.names).cast(schema)


def told_kind(how: Told, kind: Any) -> Any:
    """The type of what a group says of a column."""
    if how == "count":
        return "int64"
    if how == "sum":
        return "float64" if str(kind).startswith("float") else "int64"
    return kind


def joined_kinds(left: Mapping[str, Any], right: Mapping[str, Any], on: Sequence[str]) -> dict[str, Any]:
    """The columns of rows side by side. Raises `InternalError` where both have one that they are not joined on."""
    twice = (left.keys() & right.keys()) - set(on)
    if twice:
        raise InternalError(f"scattered rows that are joined both have the columns {sorted(twice)}")
    return {**left, **{name: kind for name, kind in right.items() if name not in on}}
