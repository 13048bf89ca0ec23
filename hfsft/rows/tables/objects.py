"""JSON: a list of rows, an object around such a list, or a row a line, told by the content and not by the name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from hfsft.errors import SourceError, place_of
from hfsft.rows.finding import brief
from hfsft.rows.refused import TOOLS_FIELDS, bare
from hfsft.rows.tables.files import open_text
from hfsft.rows.turns import LISTS
from hfsft.rows.values import DEEPEST, holds

LONGEST_NUMBER = 4_000  # digits; Python refuses to make a number of more
TURN_KEYS = ("role", "from", "speaker")
WRAPPERS = ("data", "rows", "examples", "instances", "items", "train")
SPOKEN = ("system", "system_prompt", "instruction", "prompt", "context", "definition", *TOOLS_FIELDS)
"""What stands beside a list of rows and belongs to each of them: the object is then no mere wrapper."""


class Odd(str):
    """In the place of a value: why there is none."""

    __slots__ = ()


TOO_DEEP = Odd("nested too deep")
MARK = "\ufeff"  # a byte order mark, which also stands within a file where files were put together


def rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Each value with its mark behind the file's name: `:3` for a line, `[2]` for an item of a list."""
    with open_text(path) as text:
        first, number = _next_line(text, 0)
        if not first:
            return
        value, error = _parsed(first)
        second, second_number = _next_line(text, number)
        if error is None and second:
            yield f":{number}", value
            yield from _lines(path, second, second_number, text)
            return
        if error is None:
            yield from _whole(path, value, number)
            return
        if second and _parsed(second)[1] is None and second.lstrip()[:1] == "{":  # only the first line is broken
            raise _no_json(path, error, number, first)
    with open_text(path) as text:
        value, whole_error = _parsed(text.read())
    if whole_error is not None:
        raise _no_json(path, *_kept_line(whole_error, error, number), first)
    yield from _whole(path, value, number)


def odd_in(value: Any, depth: int = 0) -> str | None:
    """Why a value is none, or one of those in it, at whatever depth; None where nothing is wrong."""
    if isinstance(value, Odd):
        return str(value)
    if not isinstance(value, Mapping | list | tuple):
        return None
    if depth >= DEEPEST:
        return str(TOO_DEEP)
    inside = value.values() if isinstance(value, Mapping) else value
    return next((reason for inner in inside if (reason := odd_in(inner, depth + 1))), None)


def starts_lines(text: IO[str]) -> bool:
    """Whether the first two lines that hold something are JSON objects, so that a `.txt` or `.csv` holds rows."""
    first, number = _next_line(text, 0)
    second, _ = _next_line(text, number)
    return all(line.lstrip()[:1] == "{" and isinstance(_parsed(line)[0], dict) for line in (first, second or first))


def _next_line(text: IO[str], number: int) -> tuple[str, int]:
    for line in text:
        number += 1
        if line.strip(f"{MARK} \t\r\n\f\v"):
            return line.removeprefix(MARK), number
    return "", number


def _lines(path: Path, line: str, number: int, text: IO[str]) -> Iterator[tuple[str, Any]]:
    while line:
        value, error = _parsed(line)
        if error is not None:
            raise _no_json(path, error, number, line)
        yield f":{number}", value
        line, number = _next_line(text, number)


def _whole(path: Path, value: Any, number: int) -> Iterator[tuple[str, Any]]:
    """The rows of a file that is one value."""
    if isinstance(value, Mapping):
        lists = [name for name, inner in value.items() if _is_table(name, inner)]
        says = any(bare(name) in SPOKEN and holds(inner) for name, inner in value.items() if name not in lists)
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
    return bool(set(LISTS) & first.keys()) if name in LISTS else not (set(TURN_KEYS) & first.keys())


def _parsed(text: str) -> tuple[Any, json.JSONDecodeError | None]:
    try:
        value = json.loads(text.rstrip(), object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        return None, error
    except RecursionError:
        return TOO_DEEP, None
    except ValueError:  # a number of more digits than Python takes
        value = json.loads(
            text,
            parse_int=lambda digits: float(digits) if len(digits) > LONGEST_NUMBER else int(digits),
            object_pairs_hook=_object,
        )
    return value, None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Odd:
    """An object; none where a key stands twice with two values, of which Python would quietly take the last."""
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    other = next((name for name, inner in pairs if value[name] != inner), None)
    return value if other is None else Odd(f"the key {brief(other)} stands twice in one object")


def _kept_line(
    whole: json.JSONDecodeError, line: json.JSONDecodeError, number: int
) -> tuple[json.JSONDecodeError, int]:
    """The error that says more, with the line that its own count begins at."""
    return (line, number) if whole.msg == "Extra data" and whole.lineno <= number else (whole, 1)


def _no_json(path: Path, error: json.JSONDecodeError, first: int, line: str) -> SourceError:
    place = place_of(path, first + error.lineno - 1, error.colno)
    start = line.strip()
    if start.endswith("},") or (error.msg == "Extra data" and error.doc[error.pos : error.pos + 1] == ","):
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
