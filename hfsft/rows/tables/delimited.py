"""CSV as spreadsheets write it: the delimiter told by the header, every fault with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from hfsft.errors import SourceError, place_of
from hfsft.rows.tables.files import open_text
from hfsft.rows.tables.objects import Odd
from hfsft.rows.values import same_name

FIELD_LIMIT = 2**24  # characters; the module's own 131,072 is less than a long conversation
DELIMITERS = (",", ";", "\t", "|")
NAMES = {"\t": "a tab"}
LOOKED_AT = 20  # rows that tell which of two delimiters is meant
TOO_MANY = Odd("more fields than the header names")


def rows(path: Path, usual: str = ",", delimiter: str | None = None) -> Iterator[tuple[str, Any]]:
    """Each row with the line that it begins at; `usual` is the delimiter of files so called."""
    csv.field_size_limit(FIELD_LIMIT)
    skipped, found = (0, delimiter) if delimiter else _delimiter(path, usual)
    with open_text(path, newline="") as lines:
        for _ in range(skipped):
            next(lines)
        records = _records(path, lines, found or usual, skipped)
        _, header = next(records, (0, []))
        names = [name if name.strip() else f"column {number}" for number, name in enumerate(header, 1)]
        if twice := same_name(names):
            raise SourceError(f"two columns are called {twice}", place=place_of(path, skipped + 1))
        for line, fields in records:
            mark = f":{line}"
            if len(fields) > len(names):
                yield mark, TOO_MANY
            else:
                yield mark, {**dict.fromkeys(names), **dict(zip(names, fields, strict=False))}


def _records(path: Path, lines: IO[str], delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """The fields of each record that has any, with the line that it begins at."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begins = skipped + 1
    try:
        for fields in reader:
            if any(fields):
                yield begins, fields
            begins = skipped + reader.line_num + 1
    except csv.Error as error:
        raise _fault(path, str(error), begins, skipped + reader.line_num) from None


def _fault(path: Path, message: str, begins: int, line: int) -> SourceError:
    behind = f", in the row that begins in line {begins}" if begins != line else ""
    if "expected after" in message:
        return SourceError(
            f"a quotation mark stands inside a quoted field{behind}",
            place=place_of(path, line),
            help='there it is written twice: "a 24"" screen"',
        )
    if "unexpected end of data" in message:
        return SourceError(
            'a field that begins with a quotation mark (") is never closed',
            place=place_of(path, begins),
            help='one that is part of the text is written twice, in a quoted field: """Open"" it says"',
        )
    return SourceError(f"{message}{behind}", place=place_of(path, line))


def _delimiter(path: Path, usual: str) -> tuple[int, str]:
    """Lines to skip (`sep=;`, which spreadsheets read), and the delimiter.

    Raises `SourceError` where the header and the first rows fit two of them.
    """
    with open_text(path, newline="") as lines:
        start = list(islice(lines, 200))
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
