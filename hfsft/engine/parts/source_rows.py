"""The rows of a source as a part that never changes, and as one more part when rows are added to the source.

Which rows a source came to is kept in `<fingerprint>.source.json`: its parts, runs `[part, first place, rows]` of them
in the order of the source, and what the source told of its reading. A source that changed is compared with the parts
of the build before, row by row: what is there already is not written again, and what was measured of it stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.cache import SOURCE, draft_of
from hfsft.engine.adding import Growing, Kept, SourceRows
from hfsft.engine.parts.files import Files
from hfsft.engine.parts.rows import Part, Rows, StoredColumn
from hfsft.engine.step import Step
from hfsft.errors import ReadAnewError
from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 1000
PARTS = 16  # at most; a source with more is written as one again
NOTED = {"step", "columns", "version", "parts", "runs", "moved", "told", "mark"}
ID = "id"  # the column that rows are found by
WHERE = ("source", "from_source")  # the columns that say where a row was read: they may change while the row does not
PART = "part"  # what the file of a part is called behind its key
PLACES = "source"  # and that of the columns `WHERE` of a source


def source_rows(step: Step, fingerprint: str, files: Files) -> tuple[Rows, Any, bool]:
    """The rows of a source, what it told of its reading, and whether they were read from the cache."""
    note = _note(fingerprint + SOURCE, files)
    if note and (rows := _read(note, step.writes, files)) is not None:
        return rows, note["told"], True
    of = {"step": step.name, "columns": digest(step.writes)}
    then, former = _former(of, files)
    wrote = None
    with suppress(ReadAnewError):
        wrote = _written(step, fingerprint, former, files, then)
    if wrote is None:
        wrote = _written(step, fingerprint, former, files, None)
    note = {**of, "version": step.version, **wrote}
    files.keep(fingerprint + SOURCE, note)
    found = _read(note, step.writes, files)
    assert found is not None, "what was written a moment ago"
    return found, note["told"], False


def ids_of(cache: Path, fingerprint: str) -> list[str]:
    """The ids of the rows that a source came to in a build before; raises `ValueError` where that is not known."""
    files = Files(cache)
    note = _note(fingerprint + SOURCE, files)
    rows = _read(note, {"id": "string"}, files) if note else None
    if rows is None:
        raise ValueError("the cache was emptied since")
    ids: list[str] = rows["id"]
    return ids


def _note(name: str, files: Files, *, used: bool = True) -> dict[str, Any] | None:
    """What is noted of a source; None where that is nothing, or was laid out by another version."""
    note = files.note(name, used=used)
    return note if note is not None and note.keys() == NOTED else None


def _read(note: Mapping[str, Any], kinds: Mapping[str, Any], files: Files) -> Rows | None:
    """The rows that a note tells of; None where a file of theirs is gone."""
    parts = [_part(key, files) for key in note["parts"]]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    runs = note["runs"]
    part = np.repeat(np.array([each for each, _, _ in runs], np.int16), [count for _, _, count in runs])
    place = [np.arange(first, first + count, dtype=np.int32) for _, first, count in runs]
    rows = Rows(tuple(found), part, np.concatenate([*place, np.empty(0, np.int32)]), kinds)
    asked = {name: kinds[name] for name in WHERE if name in kinds}
    if not note["moved"] or not asked:
        return rows
    where = files.table(note["moved"], PLACES)
    return rows.aligned({name: where[name] for name in asked}, asked, note["moved"]) if where is not None else None


def _part(key: str, files: Files) -> Part | None:
    table = files.table(key, PART)
    if table is None:
        return None
    columns = {name: StoredColumn(table[name], None, key) for name in table.column_names}
    return Part(key, table.num_rows, columns)


def _former(of: Mapping[str, str], files: Files) -> tuple[dict[str, Any] | None, list[Part]]:
    """What is noted of the same source's last reading, and the parts of the rows that it came to.

    There are none where they are many, and nothing is noted where one of them is gone.
    """
    times = [time for path in files.folder.glob(f"*{SOURCE}") if (time := _time(path))]
    for _, path in sorted(times, reverse=True):
        note = _note(path.name, files, used=False)
        if note and all(note[name] == value for name, value in of.items()):
            parts = [_part(key, files) for key in note["parts"]] if len(note["parts"]) < PARTS else []
            found = [part for part in parts if part is not None]
            return note if len(found) == len(note["parts"]) else None, found
    return None, []


def _time(path: Path) -> tuple[float, Path] | None:
    try:
        return path.stat().st_mtime, path
    except FileNotFoundError:  # another build has deleted it
        return None


def _written(
    step: Step, fingerprint: str, former: list[Part], files: Files, then: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Write what no part holds yet as a part of its own; the parts, the runs of them that are the source, whether old
    rows stand elsewhere in it than they did (then where each row was read is written for itself), what was told, and
    by which mark the source is read on. `then` is what is noted of its last reading, by whose mark it is now.
    """
    schema = arrow_schema(step.writes)
    known = _Known(former, step.writes)
    keys = [part.key for part in former]
    key = digest([fingerprint, keys])
    path = files.path(key, PART)
    draft = draft_of(path)
    runs: list[list[int]] = []
    named = [name for name in WHERE if name in step.writes]
    where: list[pa.Table] = []
    count, moved = 0, False
    function = step.function
    before = _read(then, step.writes, files) if then and then["mark"] and then["version"] == step.version else None
    if before is not None and then and isinstance(function, Growing):
        moved = bool(then["moved"])
        read = SourceRows(function.since(then["mark"], before))
    else:
        read = SourceRows(function())
    try:
        with pa.ipc.new_stream(str(draft), schema) as writer:
            for batch in _batches(iter(read)):
                if isinstance(batch, Kept):
                    assert before is not None, "nothing is kept of nothing"
                    kept = before.select(np.arange(batch.first, batch.first + batch.rows))
                    known.take(kept)
                    _extend(runs, kept.part, kept.place)
                    where.append(kept.table(named).select(named))
                    continue
                table = pa.Table.from_pylist(batch, schema=schema)
                part, place, elsewhere = known.look_up(table)
                new = part < 0
                fresh = int(new.sum())
                part[new], place[new] = len(former), np.arange(count, count + fresh)
                count += fresh
                if fresh:
                    writer.write_table(table if fresh == len(part) else table.filter(pa.array(new)))
                _extend(runs, part, place)
                where.append(table.select(named))
                moved = moved or elsewhere
        if count or not runs:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if moved:
        files.pack(fingerprint, PLACES, pa.concat_tables(where))
    used = sorted({each for each, _, _ in runs}) or [len(former)]
    return {
        "parts": [[*keys, key][each] for each in used],
        "runs": [[used.index(each), first, rows] for each, first, rows in runs],
        "moved": fingerprint if moved else "",
        "told": read.told,
        "mark": function.mark if isinstance(function, Growing) else None,
    }


def _batches(rows: Iterator[Row | Kept]) -> Iterator[list[Row] | Kept]:
    batch: list[Row] = []
    for row in rows:
        if isinstance(row, Kept):
            if batch:
                yield batch
            batch = []
            yield row
            continue
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _extend(runs: list[list[int]], part: NDArray[Any], place: NDArray[Any]) -> None:
    """Add rows to runs of rows that follow one another in one part."""
    breaks = np.flatnonzero((np.diff(part) != 0) | (np.diff(place) != 1)) + 1
    for first, stop in zip([0, *breaks.tolist()], [*breaks.tolist(), len(part)], strict=True):
        run = [int(part[first]), int(place[first]), stop - first]
        if runs and runs[-1][0] == run[0] and runs[-1][1] + runs[-1][2] == run[1]:
            runs[-1][2] += run[2]
        else:
            runs.append(run)


class _Known:
    """Where in these parts a row stands that says the same, wherever it was read; rows are found by their ids."""

    def __init__(self, parts: list[Part], kinds: Mapping[str, Any]) -> None:
        owner = np.repeat(np.arange(len(parts), dtype=np.int16), [part.length for part in parts])
        places = [np.arange(part.length, dtype=np.int32) for part in parts]
        self._rows = Rows(tuple(parts), owner, np.concatenate([*places, np.empty(0, np.int32)]), kinds)
        ids = [_hashes(table) for table in self._rows.batches([ID])] if ID in kinds else []
        hashes = np.concatenate([*ids, np.empty(0, np.int64)])
        self._starts = np.cumsum([0, *(part.length for part in parts)])
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]
        self._free = np.ones(len(hashes), bool)  # a row of a part stands for one row of the source

    def take(self, rows: Rows) -> None:
        """These rows of the parts stand for rows of the source."""
        at = self._starts[rows.part] + rows.place
        taken = np.zeros(len(self._hashes), bool)
        taken[at] = True
        self._free &= ~taken[self._order]

    def look_up(self, table: pa.Table) -> tuple[NDArray[np.int16], NDArray[np.int32], bool]:
        """Part and place of each row, -1 for those that are new; and whether any of the others was read elsewhere."""
        part, place = np.full(table.num_rows, -1, np.int16), np.full(table.num_rows, -1, np.int32)
        if not len(self._hashes):
            return part, place, False
        wanted = _hashes(table)
        # Of rows with one id, as of a text that was changed and changed again, the latest is looked at.
        at = np.maximum(np.searchsorted(self._hashes, wanted, side="right") - 1, 0)
        found = np.flatnonzero((self._hashes[at] == wanted) & self._free[at])
        _, first = np.unique(at[found], return_index=True)
        found = np.sort(found[first])
        stored = self._rows.select(self._order[at[found]])
        pairs = list(zip(stored, table.take(pa.array(found)).to_pylist(), strict=True))
        moved = any(old.get(name) != new.get(name) for old, new in pairs for name in WHERE)
        anywhere = dict.fromkeys(WHERE)
        same = np.fromiter(({**old, **anywhere} == {**new, **anywhere} for old, new in pairs), bool, len(pairs))
        self._free[at[found[same]]] = False
        part[found[same]], place[found[same]] = stored.part[same], stored.place[same]
        return part, place, moved


def _hashes(table: pa.Table) -> NDArray[np.int64]:
    # Other ones in each process, which is no matter: they are kept in none, and rows of one hash are compared whole.
    return np.fromiter(map(hash, table[ID].to_pylist()), np.int64, table.num_rows)
