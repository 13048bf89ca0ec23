"""An object written in lines: a name and its value each, as people write a form.

**Relevance:** 4/5 - to the point        | relevance | to the point | 4 |       <relevance>4</relevance>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.readings.fit_json import TWICE, free_text, plain_name, sole

_LONGEST = 20_000
_LONGEST_LINE = 2_000
_TAG = at_first_use(r"<(/?)([A-Za-z]\w{0,60})>")
_BETWEEN = at_first_use(r"[:=|\u2013\u2014\u2192]|->|\s-\s")
_NEXT = at_first_use(r"[,;]\s(?=\s?\w[\w -]{0,40}[:=])")
# A number, and how many there are in all; what follows on it must not be part of another number, or of a range.
_NUMBER = at_first_use(
    r"([+-]?\d{1,9}(?:\.\d{1,9})?(?:\s{0,3}(?:[/\uff0f]|out of|of)\s{0,3}\d{1,9})?)(?![\d%\xbc-\xbe+/~]|\.\d)"
    r"[*_`\"']{0,3}\s{0,5}",
    re.IGNORECASE,
)
_UNSURE = at_first_use(
    r"[\s|,;:.(\u2013\u2014-]{0,9}(?:\d|~|(?:or|maybe|perhaps|possibly|but)\b"
    r"|(?:to|and|up to)\s{1,3}(?:\d|(?:one|two|three|four|five|six|seven|eight|nine|ten)\b))",
    re.IGNORECASE,
)
# Beside a name, the scale that its number is on: `Relevance (1-5): 4`.
_SCALE = at_first_use(
    r"\s{0,3}[(\[](?:\s{0,3}(?:on a|score|scale|rating|from|range)){0,3}\s{0,3}"
    r"(?:(\d{1,9})\s{0,3}(?:[-\u2013]|to|\.\.)|(?:out )?of)\s{0,3}(\d{1,9})\s{0,3}[)\]]",
    re.IGNORECASE,
)
_ENDS = "|,;:.(\u2013\u2014-"
_AROUND = " \t*_`\"'"
_RULE = at_first_use(r"[\s|:-]*")


class _Said(NamedTuple):
    """One value: of which property, which part of it (empty: all of it), and what it is."""

    name: str
    part: str
    value: str


def written(text: str, schema: dict[str, Any]) -> dict[str, Any] | None:
    """What the lines of `text` say under the names of the schema; None where they say nothing, or there are braces.

    What a name has two different values for is `TWICE`. Lines under other names are not looked at.
    """
    if "{" in text or len(text) > _LONGEST:
        return None
    scales = set(map(_bounds, schema["properties"].values()))
    scales |= {(None, most) for _, most in scales}
    text = _SCALE.sub(lambda said: "" if (said[1], said[2]) in scales else said[0], text)
    lines = _TAG.sub(lambda tag: "\n" if tag[1] else f"\n{tag[2]}: ", text).splitlines()
    found: dict[str, Any] = {}
    names = {plain_name(name): name for name in schema["properties"]}
    for name, part, value in (*_of_lines(lines, schema, names), *_of_columns(lines, schema, names)):
        if not part:
            found[name] = TWICE if found.get(name, value) != value else value
        elif found.get(name) is not TWICE:
            parts = found.setdefault(name, {})
            parts[part] = TWICE if parts.get(part, value) != value else value
    return found or None


def _of_lines(lines: list[str], schema: dict[str, Any], names: dict[str, str]) -> Iterator[_Said]:
    current = ""  # the name below which a line tells one of its parts
    for line in lines:
        if len(line) > _LONGEST_LINE:
            continue
        if line.count("|") > 1:
            yield from _of_cells(_cells(line), schema, names)
            continue
        for piece in _NEXT.split(line):
            between = _BETWEEN.search(piece.strip("-\u2022 \t"))
            key, rest = _parted(piece.strip("-\u2022 \t"), between)
            if (name := _named(key, names)) and (between or key):
                current = name
                yield from _told(name, schema["properties"][name], rest)
            elif current and between:
                inner = schema["properties"][current].get("properties", {})
                parts = {plain_name(part): part for part in inner}
                if part := parts.get(plain_name(key)):
                    yield from (_Said(current, part, each.value) for each in _told(part, inner[part], rest))


def _bounds(schema: dict[str, Any]) -> tuple[str | None, str]:
    """The least and the most that the number of a property may be, as digits; empty for none."""
    number = schema["properties"][sole(schema)] if sole(schema) else schema
    return str(number.get("minimum", "")), str(number.get("maximum", ""))


def _parted(line: str, between: re.Match[str] | None) -> tuple[str, str]:
    if between is None:
        return line.strip(_AROUND), ""
    return line[: between.start()].strip(_AROUND), line[between.end() :].strip(_AROUND + ":")


def _named(key: str, names: dict[str, str]) -> str:
    plain = plain_name(key)
    return names.get(plain) or names.get(plain.removesuffix("_score").removesuffix("_rating"), "")


def _told(name: str, schema: dict[str, Any], rest: str) -> Iterator[_Said]:
    """What stands behind a name: the number of a property that is or has one, and what is said of it; or a text."""
    if free_text(schema):
        if rest:
            yield _Said(name, "", rest)
        return
    number = _NUMBER.match(rest)
    after = rest[number.end() :] if number else ""
    if number is None or (after and (after[0] not in _ENDS or _UNSURE.match(after))):
        return
    yield _Said(name, sole(schema), number[1])
    yield from _reason(name, schema, after.strip(_AROUND + _ENDS + ")"))


def _reason(name: str, schema: dict[str, Any], text: str) -> Iterator[_Said]:
    """What is said beside a number, where the schema has one place for it."""
    texts = [part for part, inner in schema.get("properties", {}).items() if free_text(inner)]
    if text and len(texts) == 1 and sole(schema):
        yield _Said(name, texts[0], text)


def _cells(line: str) -> list[str]:
    return [cell.strip(_AROUND) for cell in line.strip().strip("|").split("|")]


def _of_cells(cells: list[str], schema: dict[str, Any], names: dict[str, str]) -> Iterator[_Said]:
    """A row of a table that begins with a name and has one number."""
    name = _named(cells[0], names)
    numbers = [cell for cell in cells[1:] if (found := _NUMBER.match(cell)) and found.end() == len(cell)]
    if name and len(numbers) == 1:
        yield from _told(name, schema["properties"][name], numbers[0])
        yield from _reason(name, schema["properties"][name], ", ".join(c for c in cells[1:] if c and c != numbers[0]))


def _of_columns(lines: list[str], schema: dict[str, Any], names: dict[str, str]) -> Iterator[_Said]:
    """The rows of a table whose head has all the names."""
    head: list[str] = []
    for line in lines:
        if line.count("|") < 2 or _RULE.fullmatch(line):
            continue
        cells = _cells(line)
        if set(names.values()) <= (found := {_named(cell, names) for cell in cells}):
            head = [_named(cell, names) for cell in cells] if len(found) == len(cells) else []
        elif len(head) == len(cells):
            for name, cell in zip(head, cells, strict=True):
                if name:
                    yield from _told(name, schema["properties"][name], cell)
