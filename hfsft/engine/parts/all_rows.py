"""Columns that a step makes of all rows at once, kept as what differs from those that it made of other rows before.

Where a row comes or goes, most others keep their values, such as their family. So a file has either the values of all
rows, with the places of these in their parts, or, beside such a file, those of the rows alone that it lacks or that
have others there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.engine.parts.files import Files
from hfsft.engine.parts.rows import Column, Rows, taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = Mapping[str, pa.ChunkedArray]

PART, GAP = "hfsft:part", "hfsft:gap"  # of each row its part, and how far its place is from that of the row before
NUMBER = "hfsft:number"  # how far the row is from the one before, in a file of rows that differ
PARTS, BASE = b"hfsft:parts", b"hfsft:base"  # notes of a file: the keys of its parts; the file that it is beside


def kept(step: str, which: str, rows: Rows, names: Mapping[str, Any], files: Files) -> Values | None:
    """What a step made of just these rows, `which` being a hash of them and all they say; None where it is not kept."""
    table = files.table(step, which)
    if table is None:
        return None
    if (beside := _note(table, BASE)) is None:
        return {name: table[name] for name in names}
    base = files.table(step, beside)
    if base is None:
        return None
    at = _places(base, rows)
    at[np.cumsum(table[NUMBER].to_numpy())] = base.num_rows + np.arange(table.num_rows)
    if (at < 0).any():
        return None
    return {name: taken(_column(base, table, name), at) for name in names}


def keep(step: str, which: str, rows: Rows, made: Values, files: Files) -> None:
    """Write what a step made of these rows."""
    table = pa.table(dict(made))
    whole = ((name, base) for name, base in files.largest(step) if _note(base, BASE) is None)
    for name, base in islice(whole, 1):
        numbers = np.flatnonzero(_differing(base, rows, made))
        if len(numbers) < len(rows) / 2:
            files.use(step, name)
            fewer = table.take(pa.array(numbers)).append_column(NUMBER, pa.array(_steps(numbers)))
            files.pack(step, which, fewer.replace_schema_metadata({BASE: json.dumps(name)}))
            return
    table = table.append_column(PART, pa.array(rows.part)).append_column(GAP, pa.array(_steps(rows.place)))
    keys = json.dumps([part.key for part in rows.parts])
    files.pack(step, which, table.replace_schema_metadata({PARTS: keys}))


def _differing(base: pa.Table, rows: Rows, made: Values) -> NDArray[np.bool_]:
    """For each row whether `base` lacks it, or has another value of it."""
    at = _places(base, rows)
    differs = at < 0
    both = np.flatnonzero(~differs)
    for name, values in made.items():
        old = taken(Column(base[name], None, ""), at[both]).to_pylist()
        new = taken(Column(values, None, ""), both).to_pylist()
        differs[both] |= np.fromiter((a != b for a, b in zip(old, new, strict=True)), bool, len(both))
    return differs


def _places(base: pa.Table, rows: Rows) -> NDArray[np.int64]:
    """For each of the rows its number in `base`; -1 for those that are not there."""
    parts, places = base[PART].to_numpy(), np.cumsum(base[GAP].to_numpy())
    at = np.full(len(rows), -1, np.int64)
    known = {key: index for index, key in enumerate(_note(base, PARTS))}
    for index, part in enumerate(rows.parts):
        numbers = np.flatnonzero(parts == known.get(part.key, -1))
        by_place = np.full(part.length, -1, np.int64)
        by_place[places[numbers]] = numbers
        mine = rows.part == index
        at[mine] = by_place[rows.place[mine]]
    return at


def _column(base: pa.Table, table: pa.Table, name: str) -> Column:
    chunks = [*base[name].chunks, *table[name].chunks]
    return Column(pa.chunked_array(chunks, type=base[name].type), None, "")


def _steps(numbers: NDArray[Any]) -> NDArray[np.int32]:
    """Numbers as distances, which are nearly all the same and so are compressed to next to nothing."""
    return np.diff(numbers, prepend=0).astype(np.int32)


def _note(table: pa.Table, name: bytes) -> Any:
    noted = (table.schema.metadata or {}).get(name)
    return None if noted is None else json.loads(noted)
