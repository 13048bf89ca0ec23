"""One more file of a part, with columns that are made of its rows that are in, and with which of them are taken out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.cache import PART
from hfsft.engine.executor import Done
from hfsft.engine.on_daft.parquet_parts import BEFORE, FELL, STAYED, ParquetPart, PartRows, Which
from hfsft.engine.on_daft.part_files import streamed
from hfsft.engine.on_daft.row_groups import PartWriter, read
from hfsft.engine.outcome import ID
from hfsft.engine.parts.grouped import INSTEAD
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.step import Step
    from hfsft.rows.batch import Batch

FAILED, PASSED_OVER = 0, 1  # what takes a row out behind a step that asks or sees groups

Make = Callable[[pa.Table], "tuple[Batch, Sequence[int]]"]
"""What is made of rows: columns, and of each row what takes it out, or `STAYED`."""


def widened(
    rows: PartRows,
    part: ParquetPart,
    file: str,
    writes: Mapping[str, Any],
    given: Collection[str],
    make: Make,
    span: tuple[int, int] | None = None,
    *,
    again: bool,
) -> ParquetPart:
    """The part with a file of the columns `writes`, which `make` makes of the columns `given`, block by block.

    With a `span` the file holds those of its rows alone that have a number in it, from 0 on, those that are out too.
    A file that is there may be read `again`: it is not written anew then.
    """
    if again and (said := rows.folder.noted(file)):
        return part.having(file, writes, dict(json.loads(said)["taken"]))
    schema, wanted = arrow_schema({**writes, FELL: "int16"}), {name: rows.kinds[name] for name in given}
    taken: Counter[int] = Counter()
    with PartWriter(rows.folder, file, schema) as writer:
        for table in spanned(read(rows.folder, part.of(wanted), part.length), span):
            numbers = rows.which.numbers(table)
            made, out = make(table.select(list(wanted)).take(pa.array(numbers)).cast(arrow_schema(wanted)))
            fell = np.full(table.num_rows, BEFORE, np.int16)
            fell[numbers] = out
            arrays = (array_of(made[name], schema.field(name).type) for name in writes)
            columns = [spread(values, numbers, table.num_rows) for values in arrays]
            taken.update(fell[fell != STAYED].tolist())
            writer.write(pa.table([*columns, pa.array(fell)], schema=schema))
        writer.note = json.dumps({"rows": writer.rows, "taken": sorted(taken.items())})
    return part.having(file, writes, taken)


def spanned(tables: Iterable[pa.Table], span: tuple[int, int] | None) -> Iterator[pa.Table]:
    """The rows of tables that follow on one another with numbers from the first of `span` up to the second."""
    at = 0
    for table in tables:
        first, at = at, at + table.num_rows
        if span is None:
            yield table
        elif first < span[1] and at > span[0]:
            start = max(0, span[0] - first)
            yield table.slice(start, min(span[1] - first, table.num_rows) - start)


def added(
    rows: PartRows,
    key: str,
    made: Batch,
    writes: Mapping[str, Any],
    out: Sequence[int] | None = None,
    *,
    again: bool,
) -> list[ParquetPart]:
    """The parts with columns that have a value for each of these rows, in their order; `key` names them.

    Files that are there may be read `again` where the key says all that they hang on.
    """
    schema, count = arrow_schema(writes), len(rows)
    for name in writes:
        if len(made[name]) != count:
            raise InternalError(f"{count} rows were given to a step, and it made values for {len(made[name])}")
    values = {name: pa.chunked_array([pa.array(made[name], schema.field(name).type)]) for name in writes}

    def written(number: int, part: ParquetPart, start: int) -> ParquetPart:
        def make(table: pa.Table) -> tuple[Batch, Sequence[int]]:
            nonlocal start
            first, start = start, start + table.num_rows
            found: Any = {name: column.slice(first, table.num_rows) for name, column in values.items()}
            return found, [STAYED] * table.num_rows if out is None else out[first:start]

        file = digest([key, number]) + PART
        return widened(rows, part, file, writes, (ID,), make, again=again)

    starts = accumulate(map(rows.which.count, rows.parts), initial=0)
    return [written(number, part, start) for number, (part, start) in enumerate(zip(rows.parts, starts, strict=False))]


def named_by(rows: PartRows, made: Batch, writes: Mapping[str, Any], out: Sequence[int] = ()) -> str:
    """A name for such columns by what they say: where a step is done anew and comes to the same, as that of the sides
    of a split that are remembered from the first build on, all steps behind it are as they were.
    """
    schema = arrow_schema(writes)
    table = pa.table([array_of(made[name], schema.field(name).type) for name in writes], schema=schema)
    said = blake2b(streamed(table), digest_size=16).hexdigest()
    return digest([rows.key, rows.which.place, rows.which.out, dict(writes), said, list(out)])


def parted(rows: PartRows, step: Step, cached: bool, errors: Mapping[str, str] | None = None) -> Done[PartRows]:
    """Rows of which files say whether they failed, or others of their group stay."""
    kinds = {**rows.kinds, **step.writes}
    failed, over = (rows.of(rows.parts, kinds, Which(place, out=True)) for place in (FAILED, PASSED_OVER))
    instead: dict[str, str] = {}
    if len(over):
        told = over.of(over.parts, {**kinds, INSTEAD: "string"}, over.which)
        instead = dict(zip(told[ID], told[INSTEAD], strict=True))
    return Done(
        rows.of(rows.parts, kinds).without(step.drops),
        cached,
        failed=failed if len(failed) else None,
        errors=errors or {},
        passed_over=over if len(over) else None,
        instead=instead,
    )


def array_of(values: Any, kind: pa.DataType) -> Any:
    """Values as Arrow has them."""
    return values if isinstance(values, pa.ChunkedArray) else pa.array(values, kind)


def spread(values: Any, numbers: NDArray[np.int64], count: int) -> Any:
    """Values at these of `count` places, nothing at the others."""
    if len(numbers) == count:
        return values
    at = np.zeros(count, np.int64)
    at[numbers] = np.arange(len(numbers))
    there = np.zeros(count, bool)
    there[numbers] = True
    return values.take(pa.array(at, mask=~there))
