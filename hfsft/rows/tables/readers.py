"""What reads a file, and the readers that are no more than a few lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hfsft.errors import SourceError, place_of
from hfsft.rows.reading.resuming import FileReading
from hfsft.rows.tables import arrow, delimited, objects
from hfsft.rows.tables.parsing import TOO_LONG
from hfsft.rows.tables.text_files import PACKED, SNIFFED, Long, head, lines, open_text, plain_suffix
from hfsft.rows.tables.zipped import BOOKS, MAGIC, ZIP, File
from hfsft.rows.values import LONGEST

Reader = Callable[[File], Iterator[tuple[str, Any]]]
"""From a file to each row in it, or what stands in its place, with its mark behind the file's name."""

TEXT_COLUMN = "text"  # the only column of a .txt file
WHOLE_TEXTS = (".md", ".markdown", ".rst", ".adoc", ".txt")
"""Files that are one text each, for who reads texts and no rows."""
CONTROL = re.compile("[\\0-\x08\x0e-\x1a\x1c-\x1f]")  # signs that no text has, but some a stray one of
DOCUMENTS = (".pdf", ".doc", ".docx", ".odt", ".rtf", ".html", ".htm", ".epub", ".pptx")
SUFFIXES = (".txt", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", *arrow.SUFFIXES)


def reader(path: File, delimiter: str | None, reading: FileReading, *, whole_texts: bool = False) -> Reader:
    """What reads a file: by its content where that is unmistakable, else by its name. `reading` is told how far it is.
    With `whole_texts` a file of text is one row, of its whole text.

    Raises `SourceError` for a file that is no table.
    """
    start, suffix, place = head(path), plain_suffix(path), place_of(path)
    if start.startswith(b"PAR1"):
        return partial(arrow.parquet, reading=reading if reading.part else None)
    if start.startswith(arrow.FILE):
        return partial(arrow.file, reading=reading if reading.part else None)
    if start.startswith(MAGIC):
        book = suffix in BOOKS
        what, advice = ("a workbook", "save the sheet as CSV") if book else ("a zip archive", "unpack it")
        raise SourceError(f"is {what}", place=place, help=advice)
    if suffix == ".parquet":
        raise SourceError("is no Parquet file: it does not begin with PAR1", place=place)
    if suffix in arrow.SUFFIXES:
        return arrow.stream
    if whole_texts and (suffix in WHOLE_TEXTS or suffix in DOCUMENTS):
        return _whole
    if not suffix and start.lstrip()[:1] in (b"{", b"["):
        return partial(objects.rows, reading=reading)
    if suffix not in SUFFIXES:
        able = (*SUFFIXES, *WHOLE_TEXTS) if whole_texts else SUFFIXES
        known = f"{', '.join(dict.fromkeys(able))}, each also packed as {', '.join(PACKED)}, or in a {ZIP}"
        raise SourceError(f"no reader for {suffix or 'such'} files", place=place, help=known)
    if suffix in (".csv", ".tsv", ".txt"):
        with open_text(path) as text:
            if objects.starts_lines(path, text):
                return partial(objects.rows, reading=reading)
    if suffix in (".csv", ".tsv"):
        usual = "\t" if suffix == ".tsv" else ","
        return partial(delimited.rows, reading=reading, usual=usual, delimiter=delimiter)
    return partial(_text if suffix == ".txt" else objects.rows, reading=reading)


def _whole(path: File) -> Iterator[tuple[str, Any]]:
    """The whole text of a file. Raises `SourceError` where it holds none."""
    place = place_of(path)
    if plain_suffix(path) in DOCUMENTS:
        raise SourceError(f"is no plain text but {plain_suffix(path)}", place=place, help="save it as Markdown or text")
    with open_text(path) as text:
        found = text.read(LONGEST + 1)
    if len(CONTROL.findall(start := found[:SNIFFED])) * 100 > len(start):
        raise SourceError("is no text", place=place)
    if not found.strip():
        raise SourceError("is empty", place=place)
    yield "", TOO_LONG if len(found) > LONGEST else {TEXT_COLUMN: found}


def _text(path: File, reading: FileReading) -> Iterator[tuple[str, Any]]:
    reading.begins("lines of text")
    yield from _text_lines(path, reading, 0, 0)


def _text_lines(path: File, reading: FileReading, start: int, number: int) -> Iterator[tuple[str, Any]]:
    with open_text(path, start=start) as text:
        for line in lines(path, text, number):
            number += 1
            reading.at(number)
            if isinstance(line, Long):
                yield f":{number}", TOO_LONG
            elif line.strip():
                yield f":{number}", {TEXT_COLUMN: line.rstrip("\n")}
            if mark := reading.skips():
                yield from _text_lines(path, reading, mark.end, mark.lines)
                return
    reading.ends(number)
