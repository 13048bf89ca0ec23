"""Parquet files of parts: written whole or not at all, cut into row groups of the same rows, read side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfsft.engine.on_daft.work_folder import NOTE, WorkFolder

GROUP = 8000  # rows of a row group


def read(folder: WorkFolder, wanted: Mapping[str, Sequence[str]], length: int) -> Iterator[pa.Table]:
    """The rows of a part as tables, one for each row group: columns of several files side by side.

    `wanted` are the columns by file. Raises `UserError` where a file cannot be read.
    """
    with ExitStack() as until:
        with folder.told():
            files = [(until.enter_context(folder.parquet(name)), list(names)) for name, names in wanted.items()]
        for group in range(-(-length // GROUP)):
            with folder.told():
                tables = [file.read_row_group(group, columns=names, use_threads=False) for file, names in files]
            columns = {name: table[name] for table in tables for name in table.column_names}
            yield pa.table(list(columns.values()), names=list(columns))


class PartWriter(AbstractContextManager["PartWriter"]):
    """Writes tables as a file of row groups; it is there only once all of it is written.

    Raises `UserError` where the folder takes no more.
    """

    def __init__(self, folder: WorkFolder, name: str, schema: pa.Schema) -> None:
        self._folder, self._writing = folder, self._written(name)
        self._schema = pa.schema([pa.field(field.name, stored(field.type)) for field in schema])
        self._waiting: list[pa.Table] = []
        self._count, self.rows, self.note = 0, 0, ""

    def __enter__(self) -> PartWriter:
        self._writing.__enter__()
        return self

    def __exit__(self, *raised: Any) -> bool | None:
        return self._writing.__exit__(*raised)

    @contextmanager
    def _written(self, name: str) -> Iterator[None]:
        with self._folder.writing(name) as sink:
            with self._folder.told():  # the first bytes are written at once
                self._file = pq.ParquetWriter(sink, self._schema, compression="zstd", write_statistics=False)
            try:
                yield
                if self._count:
                    self._put(pa.concat_tables(self._waiting))
                self._file.add_key_value_metadata({NOTE: self.note})
            except BaseException:
                with suppress(OSError):  # the first error counts
                    self._file.close()
                raise
            with self._folder.told():
                self._file.close()

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
        with self._folder.told():
            self._file.write_table(table, row_group_size=GROUP)


def stored(kind: Any) -> Any:
    """How a type is stored: lists of one length with none among them cannot be read back from Parquet."""
    return pa.list_(kind.value_type) if pa.types.is_fixed_size_list(kind) else kind
