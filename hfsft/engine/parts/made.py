"""What steps make of rows: columns beside those they have, or more rows; read back where a build before made them.

A step writes what it makes, and nothing else, into files of its own. What looks at one row alone does not depend on
which other rows are there: it is kept by part of the rows, and of a part only the rows that came to the step are worked
out. A moved bound, or a row that is added, costs what is new. What sees all rows is made again when they are others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hfsft.engine.parts.all_rows import keep, kept
from hfsft.engine.parts.files import GAP, Files, gaps, rows_named
from hfsft.engine.parts.on_datasets import BATCH, written
from hfsft.engine.parts.rows import Column, Part, Rows, some
from hfsft.engine.step import Step
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.features import features

OF, SAME = "hfsft:of", "hfsft:same"  # in the file of a step that makes rows: of which row each is, and whether it is it


def by_row(
    rows: Rows,
    step: Step,
    function: Callable[[Batch], Batch],
    columns: list[str],
    writes: Mapping[str, Any],
    files: Files,
    *,
    batch: int = BATCH,
    mark: str = "",
    drafts: Files | None = None,
) -> tuple[Rows, bool]:
    """The rows with the columns `writes`, each made from `columns` of its row alone; and whether all were cached.

    Only rows that no finished file has are worked out. `mark` tells apart what is made otherwise than by the step
    itself; what is made is written to `drafts` where given.
    """
    schema, cached = features(writes).arrow_schema, True
    parts = []
    for index, part in enumerate(rows.parts):
        lineage = step.fingerprint(part.lineage(columns) + mark)
        wanted = rows.of_part(index)
        cover = files.cover(lineage, wanted, part.length)
        if len(missing := cover.missing(wanted)):
            cached = False
            path = (drafts or files).path(lineage, rows_named(missing, part.length))
            cover = cover.and_of(_rows_made(some(part, missing, rows.kinds), function, columns, writes, path, batch))
        parts.append(part.having({name: cover.column(name, schema.field(name).type, lineage) for name in writes}))
    return replace(rows, parts=tuple(parts), kinds={**rows.kinds, **writes}), cached


def _rows_made(
    rows: Rows,
    function: Callable[[Batch], Batch],
    columns: list[str],
    writes: Mapping[str, Any],
    path: Path,
    batch: int,
) -> pa.Table:
    """A file of columns for these rows of one part; where they are not all, with their places in it."""
    (part,) = rows.parts
    schema = features(writes).arrow_schema.remove_metadata()
    distances, kind = gaps(rows.place)
    apart = len(rows) < part.length

    def fill(start: int, stop: int) -> pa.Table:
        given = rows.table(columns, start, stop)
        made = function({name: given[name].to_pylist() for name in columns})
        table = pa.table([pa.array(made[name], schema.field(name).type) for name in writes], schema=schema)
        return table.append_column(GAP, pa.array(distances[start:stop])) if apart else table

    return written(len(rows), fill, {**writes, GAP: kind} if apart else writes, path, batch)


def of_all(step: Step, rows: Rows, files: Files) -> tuple[Rows, bool]:
    """The rows with what a step makes of all of them at once."""
    function, columns = step.function, step.given(rows.column_names)
    lineage = step.fingerprint(digest([rows.key, [part.lineage(columns) for part in rows.parts]]))
    alike = digest([step.name, dict(step.writes)])  # what it made in another way may be much the same
    schema = features(step.writes).arrow_schema.remove_metadata()

    def fill(*_: int) -> pa.Table:
        made = function({name: rows[name] for name in columns})
        return pa.table([pa.array(made[name], schema.field(name).type) for name in step.writes], schema=schema)

    if not len(rows):
        return rows.emptied(step.writes), True
    values = kept(alike, lineage, rows, step.writes, files)
    cached = values is not None
    if values is None:
        table = written(len(rows), fill, step.writes, None, len(rows))
        values = {name: table[name] for name in step.writes}
        keep(alike, lineage, rows, values, files)
    return rows.aligned(values, step.writes, lineage), cached


def grown(step: Step, rows: Rows, files: Files) -> tuple[Rows, bool]:
    """The rows that a step makes of each: the row itself stays where it lies, others become a part of their own."""
    cached, parts = True, list(rows.parts)
    found: list[tuple[Any, ...]] = []  # of rows that come out: the number of the row each is of, its turn, part, place
    for index, part in enumerate(rows.parts):
        lineage = step.fingerprint(part.lineage(rows.kinds))
        numbers, mine = np.full(part.length, -1, np.int64), rows.part == index
        numbers[rows.place[mine]] = np.flatnonzero(mine)
        wanted = numbers >= 0

        def add(key: str, table: pa.Table, index: int = index, numbers: Any = numbers, wanted: Any = wanted) -> None:
            of = table[OF].to_numpy()
            turn = np.flatnonzero(wanted[of])
            wanted[of] = False
            of, itself = of[turn], table[SAME].to_numpy()[turn]
            found.append((numbers[of], turn, np.where(itself, index, len(parts)), np.where(itself, of, turn)))
            parts.append(Part(key, len(table), {name: Column(table[name], None, key) for name in rows.kinds}))

        for key, table in files.tables(lineage):
            if wanted[table[OF].to_numpy()].any():
                add(key, table)
        if wanted.any():
            cached = False
            missing = np.flatnonzero(wanted).astype(np.int32)
            path = files.path(lineage, rows_named(missing, part.length))
            add(path.stem, _rows_grown(step, some(part, missing, rows.kinds), path))
    if not found:
        return rows, cached
    number, turn, owner, place = map(np.concatenate, zip(*found, strict=True))
    order = np.lexsort((turn, number))
    return Rows(tuple(parts), owner[order].astype(np.int16), place[order].astype(np.int32), rows.kinds), cached


def _rows_grown(step: Step, rows: Rows, path: Path) -> pa.Table:
    """A file of what a step makes of each of these rows of one part; of a row that comes out as it was, only that."""
    function, kinds = step.function, {OF: "int32", SAME: "bool", **rows.kinds}
    schema = features(kinds).arrow_schema.remove_metadata()

    def fill(start: int, stop: int) -> pa.Table:
        made: list[Row] = []
        for row, place in zip(rows.table(None, start, stop).to_pylist(), rows.place[start:stop], strict=True):
            same = False
            for grown in rows_of(function({name: [value] for name, value in row.items()})):
                itself, same = grown == row and not same, same or grown == row
                made.append({**({} if itself else grown), OF: place, SAME: itself})
        return pa.Table.from_pylist(made, schema=schema)

    return written(len(rows), fill, kinds, path, BATCH, same=False)
