"""Columns that a step makes of all rows at once, kept as what differs from those that it made of other rows before.

Where a row comes or goes, most others keep their values, such as their family. So a file has either the values of all
rows, or, beside such a file, those of the rows alone that it lacks or that have others there. Both say which rows of
which parts they are of, so that a step to which rows can be added finds what it made before.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.engine.adding import Before
from hfsft.engine.parts.files import Files
from hfsft.engine.parts.rows import Rows, StoredColumn, taken
from hfsft.rows.features import values_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.adding import Numbers
    from hfsft.rows.batch import Batch

    Values = Mapping[str, pa.ChunkedArray]

NUMBER = "hfsft:number"  # how far the row is from the one before, in a file of rows that differ
# Notes of a file: its rows; the keys of their parts, each with the lineage of the columns that the step was given; what
# the step was that made it; the file that it is beside.
ROWS, PARTS, BY, BASE = b"hfsft:rows", b"hfsft:parts", b"hfsft:by", b"hfsft:base"
LOOKED_AT = 4  # files at most of which the one is looked for that has the most rows of now


class AllRows:
    """Rows as a step that sees all is given them, with what it made of them before; columns are read when asked for."""

    def __init__(self, rows: Rows, columns: Sequence[str], made: Values | None = None) -> None:
        self._rows, self._names, self._made = rows, columns, made or {}
        self._read: Batch = {}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def column_names(self) -> list[str]:
        """What the step is given, and what it made."""
        return list(dict.fromkeys((*self._names, *self._made)))

    def __contains__(self, name: object) -> bool:
        return name in self._names or name in self._made

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._read:
            if name not in self:
                raise KeyError(name)
            self._read[name] = values_of(self._made[name]) if name in self._made else self._rows[name]
        return self._read[name]

    def of(self, numbers: Numbers) -> Batch:
        """All columns of some of the rows."""
        some = self._rows.select(numbers)
        given = {name: some[name] for name in self._names}
        return given | {name: values_of(_taken(values, numbers)) for name, values in self._made.items()}

    def batch(self) -> Batch:
        """All columns of all rows."""
        return {name: self[name] for name in self.column_names}


def kept(step: str, which: str, rows: Rows, names: Mapping[str, Any], files: Files) -> Values | None:
    """What a step made of just these rows, `which` being a hash of them and all they say; None where it is not kept."""
    table = files.table(step, which)
    return None if table is None or not _laid_out(table) else _values(table, rows, names, step, files)


def keep(step: str, which: str, by: str, columns: Sequence[str], rows: Rows, made: Values, files: Files) -> None:
    """Write what a step made of these columns of these rows; `by` is a hash of all else that it depends on."""
    table = pa.table(dict(made))
    notes = {
        ROWS: _packed(rows),
        PARTS: json.dumps([[part.key, part.lineage(columns)] for part in rows.parts]),
        BY: json.dumps(by),
    }
    whole = ((name, base) for name, base in files.largest(step) if _laid_out(base) and _note(base, BASE) is None)
    for name, base in islice(whole, 1):
        numbers = np.flatnonzero(_differing(base, rows, made))
        if len(numbers) < len(rows) / 2:
            files.use(step, name)
            fewer = table.take(pa.array(numbers)).append_column(NUMBER, pa.array(_steps(numbers)))
            files.pack(step, which, fewer.replace_schema_metadata(notes | {BASE: json.dumps(name)}))
            return
    files.pack(step, which, table.replace_schema_metadata(notes))


def lineage_of(step: str, which: str, files: Files) -> str:
    """The lineage of the columns in a file: where they say the same as another file of the step does, that one's.

    So a step that was changed, or that knows more, and makes the same of these rows, leaves what follows as it is.
    """
    table = files.table(step, which)
    base = None if table is None or table.num_rows else _note(table, BASE)
    return which if base is None else str(base)


def before(
    step: str, by: str, columns: Sequence[str], rows: Rows, names: Mapping[str, Any], files: Files
) -> Before | None:
    """What the same step made of other rows, as many of which as possible are among these; None where it made nothing
    of any of them, or where some of those rows cannot be read any more.
    """
    found: tuple[Numbers, Rows, str, pa.Table] | None = None
    for name, table in islice(files.largest(step), LOOKED_AT):
        if not _laid_out(table) or _note(table, BY) != by or (then := _then(table, columns, rows)) is None:
            continue
        number = _places(then, rows)
        if found is None or (number >= 0).sum() > (found[0] >= 0).sum():
            found = number, then, name, table
    if found is None or not (found[0] >= 0).any():
        return None
    number, then, name, table = found
    made = _values(table, then, names, step, files)
    if made is None:
        return None
    files.use(step, name)
    return Before(number, AllRows(then, columns, made))


def _laid_out(table: pa.Table) -> bool:
    """Whether a file says what files here say; one of another layout is made anew."""
    notes = table.schema.metadata or {}
    return {ROWS, PARTS, BY} <= notes.keys() and (BASE in notes) == (NUMBER in table.column_names)


def _then(table: pa.Table, columns: Sequence[str], rows: Rows) -> Rows | None:
    """The rows that a file is of, read from parts of now."""
    now = {(part.key, part.lineage(columns)): index for index, part in enumerate(rows.parts)}
    parts = [now.get((key, lineage), -1) for key, lineage in _note(table, PARTS)]
    part, place = _unpacked(table)
    part = np.array([*parts, -1], np.int16)[part]
    if (part < 0).any():
        return None
    then = Rows(rows.parts, part, place, {name: rows.kinds[name] for name in columns})
    for index, each in enumerate(rows.parts):
        mine = then.of_part(index)
        for name in columns:
            at = each.columns[name].at
            if at is not None and (at[mine] < 0).any():
                return None
    return then


def _values(table: pa.Table, rows: Rows, names: Mapping[str, Any], step: str, files: Files) -> Values | None:
    """What a file says of its rows; None where the file that it is beside is gone."""
    if (beside := _note(table, BASE)) is None:
        return {name: table[name] for name in names}
    base = files.table(step, beside)
    if base is None or not _laid_out(base):
        return None
    at = _in_base(base, rows)
    at[np.cumsum(table[NUMBER].to_numpy())] = base.num_rows + np.arange(table.num_rows)
    if (at < 0).any():
        return None
    return {
        name: _taken(pa.chunked_array([*base[name].chunks, *table[name].chunks], type=base[name].type), at)
        for name in names
    }


def _differing(base: pa.Table, rows: Rows, made: Values) -> NDArray[np.bool_]:
    """For each row whether `base` lacks it, or has another value of it."""
    at = _in_base(base, rows)
    differs = at < 0
    both = np.flatnonzero(~differs)
    for name, values in made.items():
        old, new = _taken(base[name], at[both]).to_pylist(), _taken(values, both).to_pylist()
        differs[both] |= np.fromiter((a != b for a, b in zip(old, new, strict=True)), bool, len(both))
    return differs


def _in_base(base: pa.Table, rows: Rows) -> Numbers:
    """For each of the rows its number in a file; -1 for those that are not there."""
    known = {part.key: index for index, part in enumerate(rows.parts)}
    part, place = _unpacked(base)
    index = np.array([*(known.get(key, -1) for key, _ in _note(base, PARTS)), -1], np.int16)[part]
    return _places(Rows(rows.parts, index, place, {}), rows)


def _places(then: Rows, rows: Rows) -> Numbers:
    """For each of the rows its number among others of the same parts; -1 for those that are not there."""
    at = np.full(len(rows), -1, np.int64)
    for index, part in enumerate(rows.parts):
        numbers = np.flatnonzero(then.part == index)
        by_place = np.full(part.length, -1, np.int64)
        by_place[then.place[numbers]] = numbers
        mine = rows.part == index
        at[mine] = by_place[rows.place[mine]]
    return at


def _packed(rows: Rows) -> bytes:
    """Which rows these are, as text: parts, then places as distances, which are nearly all the same."""
    return b64encode(zlib.compress(rows.part.astype(np.int16).tobytes() + _steps(rows.place).tobytes(), 1))


def _unpacked(table: pa.Table) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    packed = zlib.decompress(b64decode(table.schema.metadata[ROWS]))
    count = len(packed) // 6
    part = np.frombuffer(packed, np.int16, count)
    return part, np.cumsum(np.frombuffer(packed, np.int32, count, 2 * count)).astype(np.int32)


def _taken(values: pa.ChunkedArray, at: NDArray[Any]) -> pa.ChunkedArray:
    return taken(StoredColumn(values, None, ""), at)


def _steps(numbers: NDArray[Any]) -> NDArray[np.int32]:
    """Numbers as distances."""
    return np.diff(numbers, prepend=0).astype(np.int32)


def _note(table: pa.Table, name: bytes) -> Any:
    noted = (table.schema.metadata or {}).get(name)
    return None if noted is None else json.loads(noted)
