"""JSON: a list of rows, an object around such a list, or a row a line, told by the content and not by the name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from hfsft.errors import SourceError, place_of
from hfsft.rows.reading.resuming import FileReading
from hfsft.rows.reading.turns import LISTS
from hfsft.rows.shapes import segments
from hfsft.rows.shapes.openai import TOOLS_FIELDS
from hfsft.rows.spelling import spelt
from hfsft.rows.tables import arrays
from hfsft.rows.tables.parsing import TOO_DEEP, TOO_LONG, Odd, parsed
from hfsft.rows.tables.text_files import Long, lines, open_text
from hfsft.rows.tables.zipped import File
from hfsft.rows.values import holds

TURN_KEYS = ("role", "from", "speaker")
WRAPPERS = ("data", "rows", "examples", "instances", "items", "train")
SPOKEN = ("system", "system_prompt", "instruction", "prompt", "context", "definition", *TOOLS_FIELDS)
"""What stands beside a list of rows and belongs to each of them: the object is then no mere wrapper."""


WHOLE = 2**27  # characters of a file that is one object
MARK = "\ufeff"  # a byte order mark, which also stands within a file where files were put together


def rows(path: File, reading: FileReading) -> Iterator[tuple[str, Any]]:
    """Each value with its mark behind the file's name: `:3` for a line, `[2]` for an item of a list."""
    with open_text(path) as text:
        source = lines(path, text)
        first, number = _next_line(source, 0)
        if first == "":
            return
        value, error = _parsed(first)
        second, second_number = _next_line(source, number)
        opening = arrays.opening(path)
        # A row of a list that is too much costs itself alone, though the list stands in one line.
        whole = value in (TOO_LONG, TOO_DEEP) and (opening.startswith("[") or (first is None and second == ""))
        if error is None and second != "" and not whole:
            reading.begins("lines of JSON")
            reading.at(number)
            yield f":{number}", value
            yield from _lines(path, second, second_number, source, reading)
            return
        if error is None and not whole:
            yield from _whole(path, value, number)
            return
        if error is not None and second and _parsed(second)[1] is None and second.lstrip()[:1] == "{":
            raise _no_json(path, error, number, first or "")  # only the first line is broken
    fault: arrays.BrokenError | None = None
    if opening.startswith("["):
        try:
            yield from arrays.rows(path)
        except arrays.BrokenError as broken:
            fault = broken
        else:
            return
    elif not opening.startswith("{") and error is None:
        raise _no_json(path, json.JSONDecodeError("Expecting value", opening, 0), number, opening)
    with open_text(path) as text:
        content = text.read(WHOLE + 1)
    value, whole_error = _parsed(content) if len(content) <= WHOLE else (None, None)
    if fault is not None and whole_error is None:
        raise SourceError(f"not JSON: {fault.message}", place=place_of(path, fault.line, fault.column))
    if len(content) > WHOLE:
        message = f"one JSON value of more than {WHOLE:,} characters"
        raise SourceError(message, place=place_of(path), help="write the rows as a list, [{...}, ...], or one a line")
    if whole_error is not None:
        raise _no_json(path, *_kept_line(whole_error, error or whole_error, number), first or opening)
    yield from _whole(path, value, number)


def starts_lines(path: File, text: IO[str]) -> bool:
    """Whether the first two lines that hold something are JSON objects, so that a `.txt` or `.csv` holds rows."""
    source = lines(path, text)
    first, number = _next_line(source, 0)
    second, _ = _next_line(source, number)
    found = [line for line in (first, second) if line]
    return bool(found) and all(line.lstrip()[:1] == "{" and isinstance(_parsed(line)[0], dict) for line in found)


def _next_line(source: Iterator[str | Long], number: int) -> tuple[str | None, int]:
    """The next line that holds something, None for one that is too long; empty at the end."""
    for line in source:
        number += 1
        if isinstance(line, Long):
            return None, number
        if line.strip(f"{MARK} \t\r\n\f\v"):
            return line.removeprefix(MARK), number
    return "", number


def _lines(
    path: File, line: str | None, number: int, source: Iterator[str | Long], reading: FileReading
) -> Iterator[tuple[str, Any]]:
    while line != "":
        value, error = _parsed(line)
        if error is not None:
            raise _no_json(path, error, number, line or "")
        reading.at(number)
        yield f":{number}", value
        if mark := reading.skips():
            with open_text(path, start=mark.end) as text:
                source = lines(path, text, mark.lines)
                yield from _lines(path, *_next_line(source, mark.lines), source, reading)
            return
        line, number = _next_line(source, number)
    reading.ends(number)


def _whole(path: File, value: Any, number: int) -> Iterator[tuple[str, Any]]:
    """The rows of a file that is one value."""
    if isinstance(value, Mapping):
        lists = [name for name, inner in value.items() if _is_table(name, inner)]
        says = any(spelt(name) in SPOKEN and holds(inner) for name, inner in value.items() if name not in lists)
        if len(lists) == 1 and (len(value) == 1 or lists[0] in WRAPPERS) and not says:
            value = value[lists[0]]
        else:
            value = _columns(value) or value
    if isinstance(value, Mapping | Odd):
        yield f":{number}", value
        return
    if not isinstance(value, list):
        raise SourceError("not a list of rows", place=place_of(path), help="a list of objects, or an object a line")
    for index, row in enumerate(value):
        yield f"[{index}]", row


def _columns(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of a table that is written column by column, as `{"prompt": ["a", "b"], ...}` or, by index, objects."""
    columns = list(value.values())
    if len(columns) < 2:
        return None
    if all(isinstance(column, Mapping) and column.keys() == columns[0].keys() for column in columns):
        numbered = all(index.isdecimal() for index in columns[0])
        columns = [list(column.values()) for column in columns] if numbered else []
    plain_lists = all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns)
    if not columns or not plain_lists or any(isinstance(cell, Mapping | list) for column in columns for cell in column):
        return None
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _is_table(name: str, value: Any) -> bool:
    """Whether the value is a list of rows: of objects, but not of the turns of one conversation."""
    if not isinstance(value, list):
        return False
    if not value:
        return True
    first = value[0]
    if not isinstance(first, Mapping):
        return False
    if name == segments.COLUMN and segments.is_piece(first):
        return False
    return bool(set(LISTS) & first.keys()) if name in LISTS else not (set(TURN_KEYS) & first.keys())


def _parsed(line: str | None) -> tuple[Any, json.JSONDecodeError | None]:
    return (TOO_LONG, None) if line is None else parsed(line.rstrip())


def _kept_line(
    whole: json.JSONDecodeError, line: json.JSONDecodeError, number: int
) -> tuple[json.JSONDecodeError, int]:
    """The error that says more, with the line that its own count begins at."""
    return (line, number) if whole.msg == "Extra data" and whole.lineno <= number else (whole, 1)


def _no_json(path: File, error: json.JSONDecodeError, first: int, line: str) -> SourceError:
    place = place_of(path, first + error.lineno - 1, error.colno)
    start = line.strip()
    if (start.endswith("},") and start[:1] != "[") or (
        error.msg == "Extra data" and error.doc[error.pos : error.pos + 1] == ","
    ):
        return SourceError(
            "a comma follows the object, as in a list, but no [ stands before it",
            place=place,
            help="put [ and ] around all of them, or take the commas away",
        )
    if error.msg == "Extra data" and error.lineno > 1:
        return SourceError(
            "one object ended and another begins: they are written over several lines, with no list around them",
            place=place,
            help="put [ ] around them and commas between, or write each on one line",
        )
    if start[:1] not in ("{", "["):
        return SourceError(
            f"not JSON: it begins with {start[:20]!r}", place=place, help="rows are objects: {...} a line, or [{...}]"
        )
    return SourceError(f"not JSON: {error.msg}", place=place)
