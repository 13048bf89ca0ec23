"""Rows that steps make of rows: a part of their own, which holds only what they have that their parents have not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from hfsft.engine.parts.files import Files, rows_named, written
from hfsft.engine.parts.rows import Part, Rows, StoredColumn, some
from hfsft.engine.step import BATCH, Step
from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from hfsft.engine.parts.rows import Places

# In a file of such rows: of which row each is, and whether it is another one, that one itself, or stands for none.
OF, WHAT = "hfsft:of", "hfsft:what"
ANOTHER, ITSELF, NONE = 0, 1, 2

Come = Callable[[Row], Iterable[tuple[int, Row]]]
"""What comes of a row: others with their columns, or itself with those that are new to it."""


class Grown(NamedTuple):
    """What finished files hold of the rows that a step makes of those of one part."""

    lineage: str
    tables: list[tuple[str, pa.Table]]
    missing: Places  # the places of which nothing is known yet


def held(rows: Rows, step: Step, columns: Collection[str], files: Files, mark: str = "") -> list[Grown]:
    """What finished files hold of the rows that a step makes, part by part.

    What comes of a row hangs on `columns` and on `mark`.
    """
    found = []
    for index, part in enumerate(rows.parts):
        lineage = step.fingerprint(part.lineage(columns) + mark)
        wanted = np.zeros(part.length, bool)
        wanted[rows.of_part(index)] = True
        tables = []
        for key, table in files.tables(lineage):
            of = table[OF].to_numpy()
            if wanted[of].any():
                tables.append((key, table))
                wanted[of] = False
        found.append(Grown(lineage, tables, np.flatnonzero(wanted).astype(np.int32)))
    return found


def multiplied(
    rows: Rows,
    found: Sequence[Grown],
    come: Come,
    given: Collection[str],
    stored: Mapping[str, Any],
    own: Collection[str],
    drafts: Files,
) -> tuple[Rows, bool]:
    """The rows that come of each row, and whether all were cached.

    `come` gets the columns `given`. Files hold the columns `stored`; all others of a row that is new are those of the
    row that it comes of. A row that comes out itself has the columns `own` from there too.
    """
    cached, parts = True, list(rows.parts)
    numbers: list[tuple[Any, ...]] = []  # of rows that come out: the number of the row each is of, turn, part, place
    for index, (part, (lineage, tables, missing)) in enumerate(zip(rows.parts, found, strict=True)):
        if len(missing):
            cached = False
            path = drafts.path(lineage, rows_named(missing, part.length))
            tables = [*tables, (path.stem, _file(some(part, missing, rows.kinds), come, given, stored, path))]
        number, mine = np.full(part.length, -1, np.int64), rows.part == index
        number[rows.place[mine]] = np.flatnonzero(mine)
        waiting, at, before = number >= 0, np.full(part.length, -1, np.int32), 0
        for key, table in tables:
            of, what = table[OF].to_numpy(), table[WHAT].to_numpy()
            turn = np.flatnonzero(waiting[of] & (what != NONE))
            waiting[of] = False
            of, itself = of[turn], what[turn] == ITSELF
            numbers.append((number[of], turn, np.where(itself, index, len(parts)), np.where(itself, of, turn)))
            at[of[itself]] = before + turn[itself]
            before += table.num_rows
            parts.append(_part(part, key, table, stored, rows.kinds))
        schema = arrow_schema(stored)
        chunks = {name: [chunk for _, table in tables for chunk in table[name].chunks] for name in own}
        values = {name: pa.chunked_array(chunks[name], type=schema.field(name).type) for name in own}
        parts[index] = part.having({name: StoredColumn(values[name], at, lineage) for name in own})
    kinds = {**rows.kinds, **stored}
    if not numbers:
        return replace(rows, kinds=kinds, parts=tuple(parts)), cached
    number, turn, owner, place = map(np.concatenate, zip(*numbers, strict=True))
    order = np.lexsort((turn, number))
    return Rows(tuple(parts), owner[order].astype(np.int16), place[order].astype(np.int32), kinds), cached


def _part(part: Part, key: str, table: pa.Table, stored: Mapping[str, Any], kinds: Mapping[str, Any]) -> Part:
    """The rows of a file as a part; what is not stored there is read from the rows that they come of."""
    of = table[OF].to_numpy()
    columns = {name: StoredColumn(table[name], None, key) for name in stored}
    for name in kinds:
        if name not in stored:
            values, at, lineage = part.columns[name]
            columns[name] = StoredColumn(values, of if at is None else at[of], digest([part.key, lineage]))
    return Part(key, table.num_rows, columns)


def _file(rows: Rows, come: Come, given: Collection[str], stored: Mapping[str, Any], path: Path) -> pa.Table:
    """A file of what comes of these rows of one part."""
    kinds = {OF: "int32", WHAT: "int8", **stored}
    schema = arrow_schema(kinds)

    def filled(start: int) -> pa.Table:
        made: list[Row] = []
        places = rows.place[start : start + BATCH]
        for row, place in zip(rows.table(given, start, start + BATCH).to_pylist(), places, strict=True):
            came = list(come(row)) or [(NONE, {})]
            made += [{**values, OF: place, WHAT: what} for what, values in came]
        return pa.Table.from_pylist(made, schema=schema)

    return written(path, schema, map(filled, range(0, len(rows), BATCH)))
