"""Rows out of Parquet and Arrow: a value that Python or Unicode cannot hold costs no other, and never the build."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hfsft.errors import Place, SourceError, place_of
from hfsft.rows.reading.resuming import FileReading
from hfsft.rows.tables.parsing import Odd
from hfsft.rows.tables.text_files import ENDLESS, open_bytes, seekable
from hfsft.rows.tables.zipped import File, beginning, size_of
from hfsft.rows.values import LONGEST, NOT_UNICODE, same_name
from hfsft.storage.stored_file import StoredFile

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".arrow", ".feather")
FILE = b"ARROW1"  # how a file of Arrow begins; a stream, as `datasets` writes it, has no mark
GROUPS, BATCHES = "row groups", "batches"  # how files are read of which pieces begin with one
BATCH = 100  # rows that are unpacked at once
REPEATED = 2**21  # bytes of a text that, kept once for all rows, is not unpacked for each of a batch
BURSTS = 1_000  # no table's texts come to so many times its size, unless it was packed to burst


def is_parquet(path: File) -> bool:
    """Whether a file begins as Parquet does."""
    return beginning(path, 4) == b"PAR1"


def parquet(path: File, reading: FileReading | None = None) -> Iterator[tuple[str, Any]]:
    """Each row of a Parquet file, with its mark `[5]`; `reading` is that of a piece of it."""
    import pyarrow.parquet as pq

    def opened(stack: ExitStack) -> _Opened:
        source = seekable(path, stack)
        file = pq.ParquetFile(source)
        file.close()
        far = isinstance(path, StoredFile)  # what is read of a row group is then asked for at once
        repeated = _repeated(file.metadata)
        file = pq.ParquetFile(source, metadata=file.metadata, read_dictionary=repeated, pre_buffer=far)
        stack.callback(file.close)
        if not far and reading is None:
            return file.schema_arrow.names, file.iter_batches(batch_size=BATCH)

        def from_group(first: int) -> Iterator[pa.RecordBatch]:
            groups = range(first, file.num_row_groups)
            return chain.from_iterable(file.iter_batches(batch_size=BATCH, row_groups=[each]) for each in groups)

        return file.schema_arrow.names, _Batches(from_group)

    return _marked(path, "a Parquet file", opened, reading)


class _Batches:
    """The batches of a file in pieces, from some piece on once it is told so."""

    def __init__(self, batches_from: Callable[[int], Iterator[pa.RecordBatch]]) -> None:
        self._from = batches_from
        self.go_on(0)

    def __iter__(self) -> _Batches:
        return self

    def __next__(self) -> pa.RecordBatch:
        return next(self._batches)

    def go_on(self, piece: int) -> None:
        """The batches from there on come next."""
        self._batches = self._from(piece)


def file(path: File, reading: FileReading | None = None) -> Iterator[tuple[str, Any]]:
    """Each row of an Arrow file (a Feather file of version 2); `reading` is that of a piece of it."""
    import pyarrow as pa

    def opened(stack: ExitStack) -> _Opened:
        source = seekable(path, stack)
        file = pa.ipc.open_file(stack.enter_context(pa.OSFile(str(source))) if source is path else source)
        return file.schema.names, _Batches(lambda first: map(file.get_batch, range(first, file.num_record_batches)))

    return _marked(path, "an Arrow file", opened, reading, BATCHES)


def batches_of(path: Path) -> Iterator[tuple[int, int, int]]:
    """Of each batch of an Arrow file how many batches and rows there are up to it, and its bytes; none of another file.

    They are read for that, one at a time.
    """
    import pyarrow as pa

    if beginning(path, len(FILE)) != FILE:
        return
    rows = 0
    try:
        with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                batch = file.get_batch(number)
                rows += batch.num_rows
                yield number + 1, rows, batch.nbytes
    except (pa.ArrowException, OSError):  # which its reader tells
        return


def stream(path: File) -> Iterator[tuple[str, Any]]:
    """Each row of a stream of Arrow, as `save_to_disk` writes its shards."""
    import pyarrow as pa

    def opened(stack: ExitStack) -> _Opened:
        stream = pa.ipc.open_stream(stack.enter_context(open_bytes(path)))
        return stream.schema.names, iter(stream)

    return _marked(path, "an Arrow file or stream", opened)


_Opened: TypeAlias = "tuple[list[str], Iterator[pa.RecordBatch]]"


def _marked(
    path: File,
    what: str,
    opened: Callable[[ExitStack], _Opened],
    reading: FileReading | None = None,
    kind: str = GROUPS,
) -> Iterator[tuple[str, Any]]:
    """The rows of all batches, each with its number."""
    with ExitStack() as stack:
        yield from _rows(path, what, opened, stack, reading, kind)


def _rows(
    path: File,
    what: str,
    opened: Callable[[ExitStack], _Opened],
    stack: ExitStack,
    reading: FileReading | None,
    kind: str,
) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    index = texts = 0
    most = max(ENDLESS, BURSTS * size_of(path))
    try:
        names, batches = opened(stack)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"not {what}: {_said(error)}", place=place_of(path)) from None
    if twice := same_name(names):
        raise SourceError(f"two columns are called {twice}", place=place_of(path))
    if reading is not None:
        reading.begins(kind)
    try:
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH):
                for row in plain_rows(batch.slice(start, BATCH)):
                    texts += sum(len(value) for value in row.values() if isinstance(value, str))
                    if texts > most:
                        place = Place(f"{place_of(path)}[{index}]")
                        raise SourceError(f"up to here its texts come to {BURSTS:,} times its size", place=place)
                    if reading is not None:
                        reading.at(index + 1)
                    yield f"[{index}]", row
                    index += 1
            if isinstance(batches, _Batches) and reading is not None and (mark := reading.skips()):
                batches.go_on(mark.end)
                index = mark.lines
    except (pa.ArrowException, OSError) as error:
        place = Place(f"{place_of(path)}[{index}]")
        raise SourceError(f"cannot be read from here on: {_said(error)}", place=place) from None


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class PaddedRow(dict[str, Any]):
    """A row of a table whose objects within objects have each other's keys, with null for those they had not."""


def plain_rows(table: pa.Table | pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Each row by the names of the columns.

    JSON that is stored as such (as `datasets` does with columns of mixed types) is what it holds, not its own text;
    bytes that are UTF-8 are text, as whoever wrote them meant, and a map with each key once is an object. A
    time beyond Python's calendar, or in a zone that this machine does not know, is the number that stands for it; in
    the place of a text that is not UTF-8 stands an `Odd`.
    """
    names = list(map(str, table.schema.names))
    # Of texts that are kept once for many rows, each row may hold them all.
    times = table.num_rows if any(map(_has_dictionary, table.schema.types)) else 1
    at_once = table.num_rows if table.nbytes * times <= LONGEST else LONGEST // table.nbytes if times > 1 else 1
    at_once = max(at_once, 1)
    made = PaddedRow if any(_structs(kind) > 1 for kind in table.schema.types) else dict
    for start in range(0, table.num_rows, at_once):
        columns = [_values(column) for column in table.slice(start, at_once).columns]
        for cells in zip(*columns, strict=True):
            yield made(zip(names, cells, strict=True))


def _values(column: Any) -> list[Any]:
    try:
        values = list(column.to_pylist())
    except (ValueError, OverflowError, LookupError):
        values = [_value(cell) for cell in column]
    return [_decoded(value, column.type) for value in values] if _is_encoded(column.type) else values


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return Odd(NOT_UNICODE)
    except (ValueError, OverflowError, LookupError):
        number = getattr(cell, "value", None)
        return Odd("a time that no calendar has") if number is None else number


def _has_dictionary(kind: Any) -> bool:
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return str(kind).startswith("dictionary<") or any(map(_has_dictionary, inner))


def _structs(kind: Any) -> int:
    """How many objects stand within one another in a column; JSON that is stored as such has its own keys."""
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return (str(kind).startswith("struct<")) + max(map(_structs, inner), default=0)


def _is_encoded(kind: Any) -> bool:
    """Whether something in a column is stored in another type than it is meant in: as JSON, as bytes, as a map."""
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return _is_json(kind) or _is_map(kind) or _is_binary(kind) or any(map(_is_encoded, inner))


def _is_map(kind: Any) -> bool:
    return str(kind).startswith("map<")


def _is_binary(kind: Any) -> bool:
    return str(kind) in ("binary", "large_binary", "binary_view")


def _is_json(kind: Any) -> bool:
    return getattr(kind, "extension_name", "") == "arrow.json"


def _decoded(value: Any, kind: Any) -> Any:
    if _is_json(kind) and isinstance(value, str) and not isinstance(value, Odd):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, bytes) and _is_binary(kind):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    if isinstance(value, list) and _is_map(kind):
        pairs = [(_decoded(key, kind.key_type), _decoded(item, kind.item_type)) for key, item in value]
        return pairs if same_name(str(key) for key, _ in pairs) else {str(key): item for key, item in pairs}
    if isinstance(value, dict):
        return {name: _decoded(inner, kind.field(name).type) for name, inner in value.items()}
    if isinstance(value, list) and hasattr(kind, "value_type"):
        return [_decoded(inner, kind.value_type) for inner in value]
    return value


def _repeated(metadata: Any) -> list[str]:
    """The columns that may hold long texts once for many rows, which would take their memory once a row."""
    found = set()
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            column = metadata.row_group(group).column(index)
            large = column.physical_type == "BYTE_ARRAY" and column.total_uncompressed_size > REPEATED
            if large and {"RLE_DICTIONARY", "PLAIN_DICTIONARY"} & set(column.encodings):
                found.add(column.path_in_schema)
    return sorted(found)
