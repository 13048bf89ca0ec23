"""A step that sees all rows, worked out by rounds: rows are read from their parts as scattered ones, and what comes of
them is written beside the parts, each by the work of a group. No process holds more of them than a group has.

Of rows this process holds nothing, of each part what names its files: less than a kilobyte for thousands of rows.
"""

from __future__ import annotations

import base64
import json
import pickle
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.cache import PART
from hfsft.engine.on_daft.beside import PASSED_OVER, spread, widened
from hfsft.engine.on_daft.parquet_parts import STAYED, ParquetPart, PartRows
from hfsft.engine.on_daft.part_files import ROWS
from hfsft.engine.on_daft.row_groups import PartWriter
from hfsft.engine.on_daft.shuffles import Rounds, Shuffled, read_from
from hfsft.engine.outcome import ID
from hfsft.engine.parts.grouped import KINDS, STAYS, Grouped
from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.errors import InternalError
from hfsft.hashing import digest, unit
from hfsft.rows.features import arrow_schema, values_of
from hfsft.without_datasets import caching

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.engine.step import Step
    from hfsft.rows.batch import Batch

SPREAD_FROM = 200_000  # rows from which a step is worked out by rounds where it can be
PLACE, TOLD = "hfsft:part", "hfsft:told"  # the number of a part, and the part itself, pickled
GROUP = "hfsft:group"  # what a group is called
SAMPLES = 64  # of each part of a side table at a time, from which its borders are drawn


@dataclass(frozen=True)
class _PartAt:
    """A part as a process is given it: these rows, of which the first has the number `first`."""

    rows: PartRows
    first: int
    file: str = ""
    again: bool = field(default_factory=caching)  # whether the file may be read where it is there


def scattered(rows: PartRows, names: Sequence[str], rounds: Rounds) -> Shuffled:
    """These columns of rows in parts, with the numbers of the rows."""
    places = [pickle.dumps(each) for each in _places(rows, names, "")]
    kinds = {NUMBER: "int64", **{name: rows.kinds[name] for name in names}}

    def work(wanted: Sequence[str]) -> Work:
        return Work(path_of(reading), {"names": list(wanted)})

    return read_from(pa.table({TOLD: pa.array(places, pa.binary())}), work, kinds, rounds)


def _places(rows: PartRows, names: Sequence[str], key: str) -> list[_PartAt]:
    counts = list(map(rows.which.count, rows.parts))
    kinds = {name: rows.kinds[name] for name in names}
    firsts = accumulate(counts, initial=0)
    return [
        _PartAt(rows.of([part], kinds, rows.which), first, digest([key, number]) + PART)
        for number, (part, first) in enumerate(zip(rows.parts, firsts, strict=False))
    ]


def reading(names: Sequence[str]) -> Does:
    """The work that reads parts."""
    given = [name for name in names if name != NUMBER]

    def does(table: pa.Table) -> pa.Table:
        found = []
        for told in table[TOLD].to_pylist():
            place: _PartAt = pickle.loads(told)  # noqa: S301, of the process that asks
            first = place.first
            for some in place.rows.tables(given or [ID]):
                numbers = pa.array(np.arange(first, first + some.num_rows))
                found.append(some.select(given).append_column(NUMBER, numbers).select(list(names)))
                first += some.num_rows
        kinds = {**place.rows.kinds, NUMBER: "int64"}
        schema = arrow_schema({name: kinds[name] for name in names})
        return pa.concat_tables([pa.Table.from_batches([], schema=schema), *(some.cast(schema) for some in found)])

    return does


def by_rounds(
    step: Step, function: Any, rows: PartRows, rounds: Rounds, beside: PartRows | None = None
) -> list[ParquetPart]:
    """The parts with what a step's function, which is `Spreading`, made of all rows; of a step that makes a side table
    the parts of that. Raises what it raises.
    """
    given = [scattered(rows, step.given(rows.column_names), rounds)]
    if beside is not None:
        given.append(scattered(beside, beside.column_names, rounds))
    made = function.spread(*given)
    into = side_table if step.makes else brought
    return into(rows, made, step.writes, rounds)


def side_table(rows: PartRows, made: Scattered, writes: Any, rounds: Rounds) -> list[ParquetPart]:
    """Rows as parts, each by the work of a group, in the order of their numbers, or of their ids."""
    numbered = NUMBER in made.kinds
    if set(made.kinds) - {NUMBER} != set(writes):
        raise InternalError(f"work by rounds made the columns {list(made.kinds)}, and not {list(writes)}")
    if numbered:
        work = Work(path_of(by_number))
    else:
        made = made.kept("rows of the side table")
        buckets = -(-made.count() // ROWS)
        share = {"share": min(1.0, SAMPLES * buckets / max(made.count(), 1))}
        drawn = (
            made.only([ID]).through(Work(path_of(some_ids), share), {ID: "string"}).collected()
        )  # some for each part
        ids = sorted(drawn[ID].to_pylist())
        borders = [ids[len(ids) * each // buckets] for each in range(1, buckets)] if ids else []
        work = Work(path_of(between), {"borders": borders})
    placed = made.through(work, {PLACE: "int64", **made.kinds})
    folder = base64.b64encode(pickle.dumps(rows.folder)).decode()
    told = {"folder": folder, "key": rounds.key, "writes": dict(writes), "again": caching()}
    parts = placed.grouped([PLACE], Work(path_of(side_parts), told), {PLACE: "int64", "part": "string"})
    told_of = parts.collected().sort_by(PLACE)["part"].to_pylist()  # a row for each part
    return [ParquetPart.from_dict(json.loads(part)) for part in told_of]


def by_number() -> Does:
    """The work that says of each row in which part its number is."""
    return lambda table: table.append_column(PLACE, pa.array(table[NUMBER].to_numpy() // ROWS))


def some_ids(share: float) -> Does:
    """The work that draws a share of ids, by a hash of each."""
    return lambda table: table.filter(pa.array([unit(each) < share for each in table[ID].to_pylist()], pa.bool_()))


def between(borders: Sequence[str]) -> Does:
    """The work that says of each row between which ids it lies."""

    def does(table: pa.Table) -> pa.Table:
        places = [bisect_right(borders, each) for each in table[ID].to_pylist()]
        return table.append_column(PLACE, pa.array(places, pa.int64()))

    return does


def side_parts(folder: str, key: str, writes: Any, *, again: bool) -> Does:
    """The work that writes parts of a side table, but for those that are there and may be read `again`."""
    where, schema = pickle.loads(base64.b64decode(folder)), arrow_schema(writes)  # noqa: S301, of the process that asks

    def does(table: pa.Table) -> pa.Table:
        first = [*starts(table, [PLACE]).tolist(), table.num_rows]
        places, parts = [], []
        for start, end in pairwise(first):
            some = table.slice(start, end - start).sort_by(NUMBER if NUMBER in table.column_names else ID)
            places.append(some[PLACE][0].as_py())
            name = digest([key, "side", places[-1]])
            if not again or where.noted(name + PART) is None:
                with PartWriter(where, name + PART, schema) as writer:
                    writer.write(some.select(list(writes)).cast(schema))
            part = ParquetPart(name, some.num_rows, dict.fromkeys(writes, name + PART))
            parts.append(json.dumps(part.as_dict()))
        return pa.table({PLACE: pa.array(places, pa.int64()), "part": pa.array(parts, pa.string())})

    return does


def by_groups(step: Step, rows: PartRows, rounds: Rounds) -> list[ParquetPart]:
    """The parts with what a step made of the rows of each group, and with which of them are taken out."""
    given = step.given(rows.column_names, ID)
    there = scattered(rows, given, rounds)
    told = base64.b64encode(pickle.dumps(step)).decode()
    named = there.through(Work(path_of(naming), {"by": step.group_by}), {GROUP: "string", **there.kinds})
    writes = {**step.writes, **KINDS}
    made = named.grouped([GROUP], Work(path_of(grouping), {"step": told}), {NUMBER: "int64", **writes})
    return brought(rows, made, writes, rounds)


def naming(by: str) -> Does:
    """The work that says of each row of which group it is; one without a value is of its own."""

    def does(table: pa.Table) -> pa.Table:
        pairs = zip(values_of(table[by]), table[NUMBER].to_pylist(), strict=True)
        names = [f"{number}" if value is None else f"={json.dumps(value, default=str)}" for value, number in pairs]
        return table.append_column(GROUP, pa.array(names, pa.string()))

    return does


def grouping(step: str) -> Does:
    """The work that does a step over groups."""
    known: Step = pickle.loads(base64.b64decode(step))  # noqa: S301, of the process that asks
    does_groups, schema = Grouped(known), arrow_schema({**known.writes, **KINDS})

    def does(table: pa.Table) -> pa.Table:
        given = [name for name in table.column_names if name not in (GROUP, NUMBER)]
        made = does_groups({name: values_of(table[name]) for name in given})
        columns = {name: pa.array(made[name], schema.field(name).type) for name in schema.names}
        return pa.table({NUMBER: table[NUMBER], **columns})

    return does


def brought(rows: PartRows, made: Scattered, writes: Any, rounds: Rounds) -> list[ParquetPart]:
    """The parts with columns beside them, of which rows were made by their numbers."""
    if set(made.kinds) != {NUMBER, *writes}:
        raise InternalError(f"work by rounds made the columns {list(made.kinds)}, and not {[NUMBER, *writes]}")
    places = _places(rows, [ID], rounds.key)
    if not places:
        return []
    firsts = [place.first for place in places]
    kinds = {PLACE: "int64", NUMBER: "int64", TOLD: "binary", **writes}
    values = made.through(Work(path_of(placing), {"firsts": firsts, "writes": dict(writes)}), kinds)
    told = {PLACE: list(range(len(places))), TOLD: list(map(pickle.dumps, places))}
    nothing = {name: [None] * len(places) for name in kinds}
    parts = made.of(pa.table({**nothing, **told}, schema=arrow_schema(kinds)), kinds)
    work = Work(path_of(bringing), {"writes": dict(writes)})
    answers = values.also(parts).grouped([PLACE], work, {PLACE: "int64", "part": "string"})
    found = answers.collected()  # a row for each part
    by_place = dict(zip(found[PLACE].to_pylist(), found["part"].to_pylist(), strict=True))
    return [ParquetPart.from_dict(json.loads(by_place[number])) for number in range(len(places))]


def placing(firsts: Sequence[int], writes: Any) -> Does:
    """The work that says of each row in which part it is."""

    def does(table: pa.Table) -> pa.Table:
        numbers = np.searchsorted(np.array(firsts), table[NUMBER].to_numpy(), side="right") - 1
        columns = {PLACE: pa.array(numbers), TOLD: pa.nulls(len(table), pa.binary())}
        return pa.table({**columns, **{name: table[name] for name in (NUMBER, *writes)}})

    return does


def bringing(writes: Any) -> Does:
    """The work that writes files of parts."""

    def does(table: pa.Table) -> pa.Table:
        first = [*starts(table, [PLACE]).tolist(), table.num_rows]
        groups = [table.slice(start, end - start) for start, end in pairwise(first)]
        parts = [_brought(each, writes) for each in groups]
        return pa.table({PLACE: [each[PLACE][0].as_py() for each in groups], "part": pa.array(parts, pa.string())})

    return does


def _brought(group: pa.Table, writes: Any) -> str:
    """The part of a group, with a file of what was made of its rows, as JSON."""
    (told,) = group[TOLD].drop_null().to_pylist()
    place: _PartAt = pickle.loads(told)  # noqa: S301, of the process that asks
    values = group.filter(group[NUMBER].is_valid()).sort_by(NUMBER).select([NUMBER, *writes])
    return json.dumps(_written(place, values, writes).as_dict())


def _written(place: _PartAt, values: pa.Table, writes: Any) -> ParquetPart:
    (part,), start = place.rows.parts, 0
    there = values[NUMBER].to_numpy() - place.first
    count = len(place.rows)
    if len(there) != len(np.unique(there)) or (len(there) and not 0 <= there[0] <= there[-1] < count):
        raise InternalError("work by rounds made several rows of one, or of one that is not there")
    columns = {name: spread(values[name].combine_chunks(), there, count) for name in writes}
    stays = columns.pop(STAYS).to_pylist() if STAYS in columns else [True] * count
    out = [STAYED if each else PASSED_OVER for each in stays]

    def make(table: pa.Table) -> tuple[Batch, Sequence[int]]:
        nonlocal start
        first, start = start, start + table.num_rows
        found: Any = {name: pa.chunked_array([column.slice(first, len(table))]) for name, column in columns.items()}
        return found, out[first:start]

    kinds = {name: kind for name, kind in writes.items() if name != STAYS}
    return widened(place.rows, part, place.file, kinds, (ID,), make, again=place.again)
