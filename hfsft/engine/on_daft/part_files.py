"""The files of parts in one folder, and what steps came to: notes which are written last and list the parts.

    <hash>.parquet      columns of the rows of a part
    <key>.parts.json    the parts that a step came to over certain rows, and what a source told of its reading

A part is named by all that its content depends on and put in its place when it is whole, so that a build that was
killed goes on behind its last part. A note says which files count: whatever else lies there is of nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from hfsft.cache import PART, PARTS
from hfsft.engine.on_daft.parquet_parts import ParquetPart
from hfsft.engine.on_daft.row_groups import PartWriter
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.step import BATCH
from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.features import arrow_schema
from hfsft.without_datasets import caching

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 16_000  # of a part at most, that are cut from others
BYTES = 1 << 27  # of its values, from which on it ends earlier


class Came(NamedTuple):
    """What a step came to."""

    parts: list[ParquetPart]
    told: Any  # what a source said of its reading, as JSON


class PartFiles:
    """After `datasets.disable_caching()` nothing is read that was there before; `again` says whether it may be read
    where another process was told so, as this one works for it.
    """

    def __init__(self, folder: WorkFolder, *, again: bool = True) -> None:
        self.folder, self.again = folder, again and caching()

    def came(self, key: str) -> Came | None:
        """What a step came to; None where that is not known, or a file of it is gone or broken."""
        if not self.again:
            return None
        note = key + PARTS
        try:
            found = json.loads(self.folder.text(note) or "")
            parts = [ParquetPart.from_dict(told) for told in found["parts"]]
        except (ValueError, TypeError, LookupError):
            return None
        files = {file for part in parts for file in part.files}
        if not self.folder.whole(*files):
            return None
        self.folder.used([*files, note])
        return Came(parts, found["told"])

    def keep(self, key: str, parts: Iterable[ParquetPart], told: Any = None) -> None:
        """Note what a step came to, whose files are all there."""
        parts = list(parts)
        note = key + PARTS
        self.folder.put(note, json.dumps({"parts": [part.as_dict() for part in parts], "told": told}))
        self.folder.used([*{file for part in parts for file in part.files}, note])

    def finished(self, file: str) -> str | None:
        """The note in a file that a build before finished; None where there is none."""
        return self.folder.noted(file) if self.again else None

    def cut(self, rows: Iterable[Row], kinds: Mapping[str, Any]) -> list[ParquetPart]:
        """Rows as parts, each named by what it says: those that are as they were are not written again."""
        names: set[str] = set()
        return [self.put(tables, kinds, names) for tables in _parts(_tables(rows, arrow_schema(kinds)))]

    def put(self, tables: Sequence[pa.Table], kinds: Mapping[str, Any], names: set[str]) -> ParquetPart:
        """Rows as one part, which is called as none of these `names`."""
        hashed = blake2b(digest_size=16)
        for table in tables:
            hashed.update(streamed(table))
        told = [hashed.hexdigest(), kinds]
        name = next(name for number in count() if (name := digest([*told, number])) not in names)
        names.add(name)
        if self.finished(name + PART) is None:
            with PartWriter(self.folder, name + PART, arrow_schema(kinds)) as writer:
                for table in tables:
                    writer.write(table)
        return ParquetPart(name, sum(map(len, tables)), dict.fromkeys(kinds, name + PART))


def _tables(rows: Iterable[Row], schema: pa.Schema) -> Iterator[pa.Table]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield pa.Table.from_pylist(batch, schema=schema)
            batch = []
    if batch:
        yield pa.Table.from_pylist(batch, schema=schema)


def _parts(tables: Iterable[pa.Table]) -> Iterator[list[pa.Table]]:
    part: list[pa.Table] = []
    for table in tables:
        part.append(table)
        if sum(map(len, part)) >= ROWS or sum(each.nbytes for each in part) >= BYTES:
            yield part
            part = []
    if part:
        yield part


def streamed(table: pa.Table) -> pa.Buffer:
    """A table as bytes, which are the same where it says the same."""
    sink = pa.BufferOutputStream()
    plain = table.combine_chunks()
    with pa.ipc.new_stream(sink, plain.schema) as stream:
        stream.write_table(plain)
    return sink.getvalue()
