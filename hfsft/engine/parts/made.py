"""What steps make of rows: columns beside those they have; read back where a build before made them.

A step writes what it makes, and nothing else, into files of its own. What looks at one row alone does not depend on
which other rows are there: it is kept by part of the rows, and of a part only the rows that came to the step are worked
out. A moved bound, or a row that is added, costs what is new. What sees all rows is made again when they are others,
from what it made before where the step's function can add to that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from hfsft.engine.adding import Adding, Keeping
from hfsft.engine.parts.all_rows import AllRows, before, keep, kept, lineage_of
from hfsft.engine.parts.facts import keep_facts, kept_facts
from hfsft.engine.parts.files import GAP, Cover, Files, gaps, rows_named, written
from hfsft.engine.parts.rows import Rows, some
from hfsft.engine.step import BATCH, Step
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch
from hfsft.rows.features import arrow_schema, values_of

Elsewhere = Callable[[int, pa.Schema, Iterator[pa.Table], Callable[[pa.Table], pa.Table]], "Iterator[pa.Table] | None"]
"""Makes columns of that schema of so many rows, batch by batch, in another place; None where it is not for them. The
last argument makes them in this one."""


class HeldColumns(NamedTuple):
    """What finished files hold of a step's columns for the rows of one part."""

    lineage: str
    cover: Cover


def held(rows: Rows, step: Step, columns: Collection[str], files: Files, mark: str = "") -> list[HeldColumns]:
    """What finished files hold of a step over these columns, part by part.

    `mark` tells apart what is made otherwise than by the step and these columns alone.
    """
    lineages = [step.fingerprint(part.lineage(columns) + mark) for part in rows.parts]
    return [
        HeldColumns(lineage, files.cover(lineage, rows.of_part(index), part.length))
        for index, (part, lineage) in enumerate(zip(rows.parts, lineages, strict=True))
    ]


def by_row(
    rows: Rows,
    found: Sequence[HeldColumns],
    function: Callable[[Batch], Batch],
    columns: Collection[str],
    writes: Mapping[str, Any],
    drafts: Files,
    *,
    batch: int = BATCH,
    elsewhere: Elsewhere | None = None,
) -> tuple[Rows, bool]:
    """The rows with the columns `writes`, each made from `columns` of its row alone; and whether all were cached.

    Only rows that no finished file has are worked out, `elsewhere` where there is such a place for so many; what is
    made is written to `drafts`.
    """
    schema, cached = arrow_schema(writes), True
    parts = []
    for index, (part, (lineage, cover)) in enumerate(zip(rows.parts, found, strict=True)):
        if len(missing := cover.missing(rows.of_part(index))):
            cached = False
            path = drafts.path(lineage, rows_named(missing, part.length))
            new = some(part, missing, rows.kinds)
            cover = cover.and_of(_rows_made(new, function, columns, writes, path, batch, elsewhere))
        parts.append(part.having({name: cover.column(name, schema.field(name).type, lineage) for name in writes}))
    return replace(rows, parts=tuple(parts), kinds={**rows.kinds, **writes}), cached


def _rows_made(
    rows: Rows,
    function: Callable[[Batch], Batch],
    columns: Collection[str],
    writes: Mapping[str, Any],
    path: Path,
    batch: int,
    elsewhere: Elsewhere | None,
) -> pa.Table:
    """A file of columns for these rows of one part; where they are not all, with their places in it."""
    (part,) = rows.parts
    schema = arrow_schema(writes)
    distances, kind = gaps(rows.place)
    apart = len(rows) < part.length

    def here(given: pa.Table) -> pa.Table:
        return _table(function({name: values_of(given[name]) for name in columns}), schema)

    others = elsewhere(len(rows), schema, rows.batches(columns, batch), here) if elsewhere else None

    def filled(start: int) -> pa.Table:
        stop = start + batch
        table = here(rows.table(columns, start, stop)) if others is None else next(others)
        _require(table, len(distances[start:stop]))
        return table.append_column(GAP, pa.array(distances[start:stop])) if apart else table

    stored = arrow_schema({**writes, GAP: kind}) if apart else schema
    return written(path, stored, map(filled, range(0, len(rows), batch)))


def _table(made: Batch, schema: pa.Schema) -> pa.Table:
    return pa.table([pa.array(made[field.name], field.type) for field in schema], schema=schema)


def _require(table: pa.Table, count: int) -> None:
    """Raise `InternalError` where a step that was given so many rows made values for another number of them."""
    if table.num_rows != count:
        raise InternalError(f"{count} rows were given to a step, and it made values for {table.num_rows}")


def of_all(
    rows: Rows,
    step: Step,
    function: Callable[[Batch], Batch],
    columns: Sequence[str],
    writes: Mapping[str, Any],
    files: Files,
    drafts: Files,
    *,
    mark: str = "",
) -> tuple[Rows, bool]:
    """The rows with what a step makes of all of them at once, and whether that was cached.

    A function that is `Adding` is given what it made of other rows before, one that is `Keeping` what it keeps.
    """
    if not len(rows):
        return rows.emptied(writes), True
    lineage, alike = key_of_all(rows, step, columns, mark), _alike(step, writes)
    by = step.fingerprint(mark)
    schema = arrow_schema(writes)

    def filled() -> pa.Table:
        seen, then = AllRows(rows, columns), None
        if isinstance(function, Keeping):
            made, new = function.over(seen, facts)
            if new is not None:
                keep_facts(function.keeps, lineage, new, facts, drafts)
        else:
            if isinstance(function, Adding):
                then = before(alike, by, columns, rows, writes, files)
            made = function.add(seen, then) if isinstance(function, Adding) and then else function(seen.batch())
        return _table(made, schema)

    facts = kept_facts(function.keeps, files) if isinstance(function, Keeping) else None
    values = kept(alike, lineage, rows, writes, files)
    cached = values is not None
    if values is None:
        table = filled()
        _require(table, len(rows))
        values = {name: table[name] for name in writes}
        keep(alike, lineage, by, columns, rows, values, drafts)
    return rows.aligned(values, writes, lineage_of(alike, lineage, files if cached else drafts)), cached


def holds_all(
    rows: Rows, step: Step, columns: Sequence[str], writes: Mapping[str, Any], files: Files, mark: str = ""
) -> bool:
    """Whether a file holds what a step makes of all of just these rows."""
    if not len(rows):
        return True
    return kept(_alike(step, writes), key_of_all(rows, step, columns, mark), rows, writes, files) is not None


def key_of_all(rows: Rows, step: Step, columns: Sequence[str], mark: str = "") -> str:
    """What tells apart what a step makes of all of just these rows."""
    return step.fingerprint(digest([rows.key, [part.lineage(columns) for part in rows.parts], mark]))


def _alike(step: Step, writes: Mapping[str, Any]) -> str:
    return digest([step.name, dict(writes)])  # what it made in another way may be much the same
