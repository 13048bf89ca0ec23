"""What reads a file, and the readers that are no more than a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hfsft.errors import Place, SourceError, place_of
from hfsft.rows.tables import delimited, hub, objects
from hfsft.rows.tables.arrow import plain_rows
from hfsft.rows.tables.files import ENDLESS, PACKED, Long, head, lines, open_text, plain_suffix
from hfsft.rows.tables.parsing import TOO_LONG
from hfsft.rows.values import same_name

Reader = Callable[[Path], Iterator[tuple[str, Any]]]
"""From a file to each row in it, or what stands in its place, with its mark behind the file's name."""

TEXT_COLUMN = "text"  # the only column of a .txt file
BATCH = 100  # rows that are unpacked at once
REPEATED = 2**21  # bytes of a text that, kept once for all rows, is not unpacked for each of a batch
BURSTS = 1_000  # no table's texts come to so many times its size, unless it was packed to burst
SUFFIXES = (".txt", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")


def reader(path: Path, delimiter: str | None) -> Reader:
    """What reads a file: by its content where that is unmistakable, else by its name.

    Raises `SourceError` for a file that is no table.
    """
    start, suffix, place = head(path), plain_suffix(path), place_of(path)
    if start.startswith(b"PAR1"):
        return _parquet
    if start.startswith(b"PK\x03\x04"):
        book = suffix in (".xlsx", ".ods", ".xlsm")
        what, advice = ("a workbook", "save the sheet as CSV") if book else ("a zip archive", "unpack it")
        raise SourceError(f"is {what}", place=place, help=advice)
    if suffix == ".parquet":
        raise SourceError("is no Parquet file: it does not begin with PAR1", place=place)
    if not suffix and start.lstrip()[:1] in (b"{", b"["):
        return objects.rows
    if suffix not in SUFFIXES:
        known = f"{', '.join(SUFFIXES)}, each also packed as {', '.join(PACKED)}"
        raise SourceError(f"no reader for {suffix or 'such'} files", place=place, help=known)
    if suffix in (".csv", ".tsv", ".txt"):
        with open_text(path) as text:
            if objects.starts_lines(path, text):
                return objects.rows
    if suffix in (".csv", ".tsv"):
        return partial(delimited.rows, usual="\t" if suffix == ".tsv" else ",", delimiter=delimiter)
    return _text if suffix == ".txt" else objects.rows


def _text(path: Path) -> Iterator[tuple[str, Any]]:
    with open_text(path) as text:
        for number, line in enumerate(lines(path, text), 1):
            if isinstance(line, Long):
                yield f":{number}", TOO_LONG
            elif line.strip():
                yield f":{number}", {TEXT_COLUMN: line.rstrip("\n")}


def _parquet(path: Path) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    index = texts = 0
    most = max(ENDLESS, BURSTS * path.stat().st_size)
    try:
        file = pq.ParquetFile(path)
        file = pq.ParquetFile(path, metadata=file.metadata, read_dictionary=_repeated(file.metadata))
        if twice := same_name(file.schema_arrow.names):
            raise SourceError(f"two columns are called {twice}", place=place_of(path))
        for batch in file.iter_batches(batch_size=BATCH):
            for row in plain_rows(batch):
                texts += sum(len(value) for value in row.values() if isinstance(value, str))
                if texts > most:
                    place = Place(f"{place_of(path)}[{index}]")
                    raise SourceError(f"up to here its texts come to {BURSTS:,} times its size", place=place)
                yield f"[{index}]", row
                index += 1
    except pa.ArrowInvalid as error:
        raise SourceError(f"not a Parquet file: {hub.cause(error)}", place=place_of(path)) from None
    except pa.ArrowException as error:
        place = Place(f"{place_of(path)}[{index}]")
        raise SourceError(f"cannot be read from here on: {hub.cause(error)}", place=place) from None


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
