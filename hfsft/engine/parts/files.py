"""The files of a build's cache: each named by a hash of all that its content depends on, whole or not there.

    <fingerprint>-<which rows>-2.arrow   columns that a step made of some rows; several files may add up to all of them
    <hash>-<which call>-2.arrow          what a function over all rows keeps for later calls, see `facts`
    <fingerprint>.source.json            which rows of which parts a source came to
    <fingerprint>.spent.json             what the answers took that a step asked for

A file is drafted under another name first, so that nothing is read of a build that was killed; one that does not end as
it should is taken for none. What a build reads is touched: the time of a file says when a build used it last.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from hfsft.cache import STEP, draft_of, put
from hfsft.engine.parts.rows import BLOCK, StoredColumn
from hfsft.hashing import digest
from hfsft.without_datasets import caching

if TYPE_CHECKING:
    from hfsft.engine.parts.rows import Places

END = b"\xff\xff\xff\xff\0\0\0\0"  # how a stream of Arrow ends that was closed
LAID = f"-2{STEP}"  # how the name of a file ends: with the number of their layout, raised where that changes
GAP = "hfsft:gap"  # column of the distance from each row's place in its part to the one before


class Cover(NamedTuple):
    """Files of one step over one part; `at` has for each place of the part the number of its row there, -1 for none."""

    tables: list[pa.Table]
    at: Places

    def missing(self, wanted: Places) -> Places:
        """The places that no file has a row for, in their order."""
        return np.sort(wanted[self.at[wanted] < 0])

    def column(self, name: str, kind: pa.DataType, lineage: str) -> StoredColumn:
        """One of their columns."""
        chunks = [chunk for table in self.tables for chunk in table[name].chunks]
        aligned = len(self.tables) == 1 and self.tables[0].num_rows == len(self.at) > 0
        return StoredColumn(pa.chunked_array(chunks, type=kind), None if aligned else self.at, lineage)

    def and_of(self, table: pa.Table) -> Cover:
        """These and the rows of another file."""
        return Cover([*self.tables, table], _placed(self.at, table, sum(each.num_rows for each in self.tables)))


class Files:
    """The files in one folder. After `datasets.disable_caching()` none is read that was there before."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._names: dict[str, list[str]] = defaultdict(list)  # by fingerprint
        if caching():
            for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                if entry.name.endswith(LAID):
                    self._names[entry.name.removesuffix(LAID).partition("-")[0]].append(entry.name)

    def path(self, fingerprint: str, rows: str) -> Path:
        """Where columns of some rows are to be written; `rows` says of which."""
        name = f"{fingerprint}-{rows}{LAID}"
        if name not in self._names[fingerprint]:
            self._names[fingerprint].append(name)
        return self.folder / name

    def cover(self, fingerprint: str, wanted: Places, length: int) -> Cover:
        """What finished files hold of the rows at these places of a part of `length` rows."""
        paths = [self.folder / name for name in self._names.get(fingerprint, ())]
        found = [(path, table) for path in paths if (table := read(path)) is not None]
        at, tables, count = np.full(length, -1, np.int32), [], 0
        for path, table in sorted(found, key=lambda each: (-each[1].num_rows, each[0].name)):
            if (at[wanted] >= 0).all():
                break
            at, count = _placed(at, table, count), count + table.num_rows
            tables.append(table)
            touch(path)
        return Cover(tables, at)

    def covers(self, fingerprint: str, wanted: Places, length: int) -> bool:
        """Whether finished files hold all of the rows at these places."""
        return not len(self.cover(fingerprint, wanted, length).missing(wanted))

    def tables(self, fingerprint: str) -> Iterator[tuple[str, pa.Table]]:
        """The finished files of a step with this fingerprint, with their names."""
        for name in list(self._names.get(fingerprint, ())):
            if (table := self._used(name)) is not None:
                yield name.removesuffix(STEP), table

    def largest(self, fingerprint: str) -> Iterator[tuple[str, pa.Table]]:
        """The finished files of a step with this fingerprint, the largest first, each with its `rows` (see `path`)."""
        paths = [self.folder / name for name in self._names.get(fingerprint, ())]
        for path in sorted(paths, key=lambda path: (_size(path), path), reverse=True):
            if (table := read(path)) is not None:
                yield path.name.removesuffix(LAID).partition("-")[2], table

    def use(self, fingerprint: str, rows: str) -> None:
        """Note that a file is needed from now on."""
        touch(self.folder / f"{fingerprint}-{rows}{LAID}")

    def table(self, fingerprint: str, rows: str) -> pa.Table | None:
        """One finished file; None where there is none."""
        name = f"{fingerprint}-{rows}{LAID}"
        return self._used(name) if name in self._names.get(fingerprint, ()) else None

    def _used(self, name: str) -> pa.Table | None:
        if (table := read(self.folder / name)) is not None:
            touch(self.folder / name)
        return table

    def pack(self, fingerprint: str, rows: str, table: pa.Table) -> None:
        """Write columns that are made anew with each moved bound: compressed, so that they are read into memory."""
        path = self.path(fingerprint, rows)
        draft = draft_of(path)
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_stream(str(draft), table.schema, options=options) as stream:
            stream.write_table(table, max_chunksize=BLOCK)
        draft.replace(path)

    def remove(self, fingerprint: str, names: Collection[str], *, but: str) -> None:
        """Delete files of which another, of the rows `but`, says all; their names are as `tables` gives them."""
        for name in names:
            if name + STEP != self.path(fingerprint, but).name:
                self._names[fingerprint].remove(name + STEP)
                with suppress(OSError):  # another build may read it at this moment
                    (self.folder / (name + STEP)).unlink()

    def note(self, name: str, *, used: bool = True) -> dict[str, Any] | None:
        """What a file of JSON holds; None where there is none."""
        path = self.folder / name
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if used:
            touch(path)
        return found if isinstance(found, dict) and caching() else None

    def keep(self, name: str, value: Any) -> None:
        """Write a file of JSON."""
        put(self.folder / name, json.dumps(value))


def read(path: Path) -> pa.Table | None:
    """The rows of a finished file, which stay on disk; None where there is none, or it is not whole."""
    try:
        with path.open("rb") as file:
            file.seek(-len(END), os.SEEK_END)
            if file.read() != END:
                return None
        return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid):
        return None


def written(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> pa.Table:
    """Write tables of that schema as one file; its rows, which stay on disk."""
    draft = draft_of(path)
    try:
        with pa.ipc.new_stream(str(draft), schema) as stream:
            for table in tables:
                stream.write_table(table.combine_chunks())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    found = read(path)
    assert found is not None, "what was written a moment ago"
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # another build has deleted it
        return 0


def touch(path: Path) -> None:
    """Note that a file was used now."""
    with suppress(OSError):  # a cache that may not be written is read all the same
        os.utime(path)


def rows_named(places: Places, length: int) -> str:
    """What a file of these rows of a part is called: all of them, or a hash."""
    return "all" if len(places) == length else digest([len(places), places.tobytes().hex()], 16)


def gaps(places: Places) -> tuple[Any, str]:
    """Places in their order as distances, in the smallest type that holds them, and its name."""
    found = np.diff(places, prepend=np.int32(0))
    kind = np.min_scalar_type(int(found.max()))
    return found.astype(kind), str(kind)


def _placed(at: Places, table: pa.Table, count: int) -> Places:
    """`at` with the rows of a file that it lacks; `count` rows of other files stand before them."""
    places = np.arange(len(at)) if GAP not in table.column_names else np.cumsum(table[GAP].to_numpy(), dtype=np.int32)
    new = at[places] < 0
    at = at.copy()
    at[places[new]] = count + np.flatnonzero(new)
    return at
