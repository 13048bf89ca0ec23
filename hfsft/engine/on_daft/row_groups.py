"""Parquet files of parts: written whole or not at all, cut into row groups of the same rows, read side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.cache import draft_of

GROUP = 8000  # rows of a row group
END = b"PAR1"
NOTE = "hfsft"  # what is noted in a file beside its rows


def read(folder: Path, wanted: Mapping[str, Sequence[str]], length: int) -> Iterator[pa.Table]:
    """The rows of a part as tables, one for each row group: columns of several files side by side.

    `wanted` are the columns by file.
    """
    with ExitStack() as until:
        files = [
            (until.enter_context(pq.ParquetFile(folder / name, memory_map=True)), list(names))
            for name, names in wanted.items()
        ]
        for group in range(-(-length // GROUP)):
            tables = [file.read_row_group(group, columns=names, use_threads=False) for file, names in files]
            columns = {name: table[name] for table in tables for name in table.column_names}
            yield pa.table(list(columns.values()), names=list(columns))


def whole(path: Path) -> bool:
    """Whether a file ends as Parquet does."""
    try:
        with path.open("rb") as file:
            file.seek(-len(END), os.SEEK_END)
            return file.read() == END
    except OSError:
        return False


def noted(path: Path) -> str | None:
    """What is noted in a file; None where there is none, or it is not whole."""
    try:
        found = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    said = found.get(NOTE.encode())
    return None if said is None else said.decode()


class PartWriter:
    """Writes tables as a file of row groups; it is there only once all of it is written."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._draft = path, draft_of(path)
        self._schema = pa.schema([pa.field(field.name, stored(field.type)) for field in schema])
        self._waiting: list[pa.Table] = []
        self._count, self.rows, self.note = 0, 0, ""

    def __enter__(self) -> PartWriter:
        self._file = pq.ParquetWriter(self._draft, self._schema, compression="zstd", write_statistics=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None and self._count:
                self._put(pa.concat_tables(self._waiting))
            if kind is None:
                self._file.add_key_value_metadata({NOTE: self.note})
            self._file.close()
            if kind is None:
                self._draft.replace(self._path)
        finally:
            self._draft.unlink(missing_ok=True)

    def write(self, table: pa.Table) -> None:
        """Some rows more."""
        self._waiting.append(table.cast(self._schema))
        self._count += table.num_rows
        self.rows += table.num_rows
        while self._count >= GROUP:
            waiting = pa.concat_tables(self._waiting)
            self._put(waiting.slice(0, GROUP))
            self._count -= GROUP
            self._waiting = [waiting.slice(GROUP)]

    def _put(self, table: pa.Table) -> None:
        self._file.write_table(table, row_group_size=GROUP)


def stored(kind: Any) -> Any:
    """How a type is stored: lists of one length with none among them cannot be read back from Parquet."""
    return pa.list_(kind.value_type) if pa.types.is_fixed_size_list(kind) else kind
