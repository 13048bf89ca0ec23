"""The rows of a source as a part that never changes, and as one more part when rows are added to the source.

Which rows a source came to is kept in `<fingerprint>.source.json`: its parts, and runs `[part, first place, rows]` of
them in the order of the source. A source that changed is compared with the parts of the build before, row by row: what
is there already is not written again, and what was measured of it stays as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from datasets.arrow_writer import ArrowWriter

from hfsft.cache import DRAFT, SOURCE
from hfsft.plan.columns import Column, Part, Rows, whole
from hfsft.plan.features import features
from hfsft.plan.files import Files
from hfsft.plan.step import Row, Step, digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 1000
PARTS = 16  # at most; a source with more is written as one again
PART = "part"  # what the file of a part is called behind its key


def source_rows(step: Step, fingerprint: str, files: Files) -> tuple[Rows, bool]:
    """The rows of a source, and whether they were read from the cache."""
    note = files.note(fingerprint + SOURCE)
    if note and (rows := _read(note, step.writes, files)) is not None:
        return rows, True
    former = _former(step.writes, files)
    parts, runs = _written(step, fingerprint, former, files)
    note = {"columns": digest(step.writes), "parts": parts, "runs": runs}
    files.keep(fingerprint + SOURCE, note)
    found = _read(note, step.writes, files)
    assert found is not None, "what was written a moment ago"
    return found, False


def ids_of(cache: Path, fingerprint: str) -> list[str]:
    """The ids of the rows that a source came to in a build before; raises `ValueError` where that is not known."""
    files = Files(cache)
    note = files.note(fingerprint + SOURCE)
    rows = _read(note, {"id": "string"}, files) if note else None
    if rows is None:
        raise ValueError("the cache was emptied since")
    ids: list[str] = rows["id"]
    return ids


def _read(note: Mapping[str, Any], kinds: Mapping[str, Any], files: Files) -> Rows | None:
    """The rows that a note tells of; None where a file of theirs is gone."""
    parts = [_part(key, files) for key in note["parts"]]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    runs = note["runs"]
    part = np.repeat(np.array([each for each, _, _ in runs], np.int16), [count for _, _, count in runs])
    place = [np.arange(first, first + count, dtype=np.int32) for _, first, count in runs]
    return Rows(tuple(found), part, np.concatenate(place) if place else np.empty(0, np.int32), kinds)


def _part(key: str, files: Files) -> Part | None:
    table = files.table(key, PART)
    if table is None:
        return None
    columns = {name: Column(table[name], None, key) for name in table.column_names}
    return Part(key, table.num_rows, columns)


def _former(kinds: Mapping[str, Any], files: Files) -> list[Part]:
    """The parts of the source that a build used last; none where there are many, or where they have other columns."""
    times = [time for path in files.folder.glob(f"*{SOURCE}") if (time := _time(path))]
    for _, path in sorted(times)[-1:]:
        note = files.note(path.name)
        if note and note["columns"] == digest(kinds) and len(note["parts"]) < PARTS:
            parts = [_part(key, files) for key in note["parts"]]
            return [part for part in parts if part is not None]
    return []


def _time(path: Path) -> tuple[float, Path] | None:
    try:
        return path.stat().st_mtime, path
    except FileNotFoundError:  # another build has deleted it
        return None


def _written(step: Step, fingerprint: str, former: list[Part], files: Files) -> tuple[list[str], list[list[int]]]:
    """Write what no part holds yet as a part of its own; the parts, and the runs of them that are the source."""
    assert step.fn is not None
    wanted = features(step.writes)
    schema = wanted.arrow_schema.remove_metadata()
    known = _Known(former, step.writes)
    keys = [part.key for part in former]
    key = digest([fingerprint, keys])
    path = files.path(key, PART)
    draft = path.with_name(f"{DRAFT}{os.getpid()}-{path.name}")
    runs: list[list[int]] = []
    count = 0
    try:
        with ArrowWriter(features=wanted, path=str(draft)) as writer:
            for batch in _batches(step.fn()):
                table = pa.Table.from_pylist(batch, schema=schema)
                part, place = known.look_up(table)
                new = part < 0
                fresh = int(new.sum())
                part[new], place[new] = len(former), np.arange(count, count + fresh)
                count += fresh
                if fresh:
                    writer.write_table(table if fresh == len(part) else table.filter(pa.array(new)))
                _extend(runs, part, place)
            writer.finalize()
        if count or not former:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    used = sorted({each for each, _, _ in runs}) or [len(former)] * bool(count or not former)
    return [[*keys, key][each] for each in used], [[used.index(each), first, rows] for each, first, rows in runs]


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
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
    """Where in these parts a row stands that is the same in all columns."""

    def __init__(self, parts: list[Part], kinds: Mapping[str, Any]) -> None:
        self._kinds = kinds
        hashes = [_hashes(table) for part in parts for table in whole(part, kinds).batches(size=BATCH)]
        found = np.concatenate(hashes) if hashes else np.empty((0, 2), np.uint64)
        part = np.repeat(np.arange(len(parts), dtype=np.int16), [part.length for part in parts])
        place = [np.arange(part.length, dtype=np.int32) for part in parts]
        order = np.argsort(found[:, 0], kind="stable")
        self._hashes, self._part = found[order], part[order]
        self._place = np.concatenate(place)[order] if place else np.empty(0, np.int32)
        self._free = np.ones(len(order), bool)  # a row of a part stands for one row of the source

    def look_up(self, table: pa.Table) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """Part and place of each row; -1 for those that are new."""
        part, place = np.full(table.num_rows, -1, np.int16), np.full(table.num_rows, -1, np.int32)
        if not len(self._hashes):
            return part, place
        wanted = _hashes(table)
        at = np.minimum(np.searchsorted(self._hashes[:, 0], wanted[:, 0]), len(self._hashes) - 1)
        same = (self._hashes[at] == wanted).all(axis=1) & self._free[at]
        found = np.flatnonzero(same)
        _, first = np.unique(at[found], return_index=True)
        same[:] = False
        same[found[first]] = True
        part[same], place[same] = self._part[at[same]], self._place[at[same]]
        self._free[at[same]] = False
        return part, place


def _hashes(table: pa.Table) -> NDArray[np.uint64]:
    """A hash of each row, as two numbers."""
    texts = (json.dumps(list(row.values()), sort_keys=True) for row in table.to_pylist())
    joined = b"".join(blake2b(text.encode(), digest_size=16).digest() for text in texts)
    return np.frombuffer(joined, np.uint64).reshape(-1, 2)
