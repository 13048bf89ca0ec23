"""CSV as spreadsheets write it: the delimiter told by the header, every fault with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Any

from hfsft.errors import SourceError, place_of
from hfsft.rows.reading.resuming import FileReading
from hfsft.rows.tables.parsing import TOO_LONG, Odd
from hfsft.rows.tables.text_files import Long, lines, open_text
from hfsft.rows.tables.zipped import File
from hfsft.rows.values import LONGEST, same_name

COLUMNS = 10_000
SNIFFED = 2**20  # characters that tell the delimiter
DELIMITERS = (",", ";", "\t", "|")
UNENDED = "field larger than field limit"  # as the module says
NAMES = {"\t": "a tab"}
LOOKED_AT = 20  # rows that tell which of two delimiters is meant
TOO_MANY = Odd("more fields than the header names")


def rows(path: File, reading: FileReading, usual: str = ",", delimiter: str | None = None) -> Iterator[tuple[str, Any]]:
    """Each row with the line that it begins at; `usual` is the delimiter of files so called."""
    csv.field_size_limit(LONGEST)  # the module's own 131,072 is less than a long conversation
    skipped, found = (0, delimiter) if delimiter else _delimiter(path, usual)
    reading.begins(_kind(skipped, found or usual))
    with ExitStack() as opened:
        text = opened.enter_context(open_text(path, newline=""))
        for _ in range(skipped):
            next(text)
        source = _Lines(lines(path, text), skipped)
        records = _records(path, source, found or usual)
        _, header = next(records, (0, []))
        if header is None:
            raise SourceError(f"the header is {TOO_LONG}", place=place_of(path, skipped + 1))
        names = [name if name.strip() else f"column {number}" for number, name in enumerate(header, 1)]
        if len(names) > COLUMNS:
            raise SourceError(f"more than {COLUMNS:,} columns", place=place_of(path, skipped + 1))
        if twice := same_name(names):
            raise SourceError(f"two columns are called {twice}", place=place_of(path, skipped + 1))
        while record := next(records, None):
            line, fields = record
            mark = f":{line}"
            reading.at(line, source.number)
            if fields is None:
                yield mark, TOO_LONG
            elif len(fields) > len(names):
                yield mark, TOO_MANY
            else:
                yield mark, {**dict.fromkeys(names), **dict(zip(names, fields, strict=False))}
            if behind := reading.skips():
                text = opened.enter_context(open_text(path, newline="", start=behind.end))
                source = _Lines(lines(path, text, behind.lines), behind.lines)
                records = _records(path, source, found or usual)
        reading.ends(source.number, source.began)


def kind_of(path: File, usual: str = ",", delimiter: str | None = None) -> str:
    """How the rows of a file are read, as `rows` tells its reading. Raises `SourceError` where that is not clear."""
    return _kind(0, delimiter) if delimiter else _kind(*_delimiter(path, usual))


def _kind(skipped: int, delimiter: str) -> str:
    return f"CSV by {delimiter!r} from line {skipped + 1}"


class _Lines:
    """The lines for the `csv` module: an empty one for one that is too long, which is told."""

    def __init__(self, found: Iterator[str | Long], number: int) -> None:
        self.found, self.long = found, False
        self.number = number  # of the line that was given last
        self.began = number + 1  # the line that the last record began in

    def __iter__(self) -> Iterator[str]:
        for line in self.found:
            self.number += 1
            if isinstance(line, Long):
                if line.quotes % 2:
                    raise csv.Error(UNENDED)
                self.long = True
            yield "\n" if isinstance(line, Long) else line


def _records(path: File, source: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """The fields of each record that has any, with the line that it begins at; None of one that is too long."""
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    begins = source.number + 1
    try:
        for fields in reader:
            source.began = begins
            long, source.long = source.long, False
            if long or sum(map(len, fields)) > LONGEST:
                yield begins, None
            elif any(fields):
                yield begins, fields
            begins = source.number + 1
    except csv.Error as error:
        raise _fault(path, str(error), begins, source.number) from None


def _fault(path: File, message: str, begins: int, line: int) -> SourceError:
    behind = f", in the row that begins in line {begins}" if begins != line else ""
    if "expected after" in message:
        return SourceError(
            f"a quotation mark stands inside a quoted field{behind}",
            place=place_of(path, line),
            help='there it is written twice: "a 24"" screen"',
        )
    if UNENDED in message:
        return SourceError(
            f"a field is {TOO_LONG}",
            place=place_of(path, begins),
            help='is a quotation mark (") never closed? one that is part of the text is written twice',
        )
    if "unexpected end of data" in message:
        return SourceError(
            'a field that begins with a quotation mark (") is never closed',
            place=place_of(path, begins),
            help='one that is part of the text is written twice, in a quoted field: """Open"" it says"',
        )
    return SourceError(f"{message}{behind}", place=place_of(path, line))


def _delimiter(path: File, usual: str) -> tuple[int, str]:
    """Lines to skip (`sep=;`, which spreadsheets read), and the delimiter.

    Raises `SourceError` where the header and the first rows fit two of them.
    """
    with open_text(path, newline="") as text:
        read = text.read(SNIFFED)
    start = list(islice(io.StringIO(read, newline=""), 200))
    if len(read) == SNIFFED and len(start) > 1:
        del start[-1]  # which may be cut
    said = start[0].strip() if start else ""
    if said.lower().startswith("sep=") and len(said) == len("sep=") + 1:
        return 1, said[-1]
    counts = {one: _widths(start, one) for one in DELIMITERS}
    able = [one for one in DELIMITERS if counts[one] and counts[one][0] > 1]
    if len(able) > 1:
        even = [one for one in able if len(set(counts[one])) == 1]
        able = even or able
    if len(able) > 1:
        names = " or ".join(NAMES.get(one, f"`{one}`") for one in able)
        raise SourceError(
            f"the columns may be separated by {names}",
            place=place_of(path, 1),
            key="delimiter",
            help="say which with delimiter:",
        )
    return 0, (able or [usual])[0]


def _widths(start: list[str], delimiter: str) -> list[int]:
    """How many fields the first records have."""
    try:
        return [len(fields) for fields in islice(csv.reader(start, delimiter=delimiter), LOOKED_AT) if any(fields)]
    except csv.Error:
        return []
