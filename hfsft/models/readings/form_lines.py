"""An object written in lines: a name and its value each, as people write a form.

**Relevance:** 4/5 - to the point        | relevance | to the point | 4 |       <relevance>4</relevance>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.readings.fit_json import TWICE, free_text, most, plain_name, sole
from hfsft.models.readings.one_number import alone, number_in
from hfsft.models.readings.plain_lines import lines_of
from hfsft.models.readings.yes_no import asks, inline, yes_or_no

_LONGEST = 20_000
_LONGEST_LINE = 2_000
_BETWEEN = at_first_use(r"[:=|\u2013\u2014\u2192]|->|\.{2,}|\s-\s")
_NEXT = at_first_use(r"[,;]\s(?=\s?\w[\w -]{0,40}[:=])")
_LEADS = {
    "score", "scores", "rating", "ratings", "grade", "grades", "verdict", "result", "results", "evaluation", "answer",
    "final_scores", "final_verdict", "my_scores", "my_verdict", "assessment",
}  # fmt: skip
_LABELS = {"criterion", "criteria", "name", "aspect", "dimension", "metric", "category"}
_SCALES = {"max", "out_of", "scale", "max_score"}
# A line of its own that says which scale the numbers are on.
_SCALE = at_first_use(
    r"(?:out of|scale|from|of|/)\D{0,20}?(?:\d{1,9}\s{0,3}(?:[-\u2013]|to|\.\.)\s{0,3})?(\d{1,9})\W*\Z", re.IGNORECASE
)
_AROUND = " \t*_`\"'"
_BEHIND = _AROUND + ":-\u2013\u2014"
_ANSWER = at_first_use(r"\(?(\d{1,2})[.):]{1,2}\s{0,5}(.*)\Z")
_NUMBERED = at_first_use(r"\A\(?(?:\d{1,2}|[a-zA-Z])[.)]\s{1,5}(?=\D)")
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
    form = _Form(schema)
    lines = [line for line in lines_of(text, form.scales) if len(line) <= _LONGEST_LINE]
    if any(map(form.other_scale, lines)):
        return None
    found: dict[str, Any] = {}
    for name, part, value in (*form.of_lines(lines), *form.of_columns(lines)):
        if not part:
            found[name] = TWICE if found.get(name, value) != value else value
        elif found.get(name) is not TWICE:
            parts = found.setdefault(name, {})
            parts[part] = TWICE if parts.get(part, value) != value else value
    return found or None


class _Form:
    """The names that lines may give values of, and how a line is read that gives one."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._inner: dict[str, dict[str, Any]] = schema["properties"]
        self._names: dict[str, str] = {plain_name(name): name for name in self._inner}
        self.scales = {bounds for each in self._inner.values() if (bounds := _bounds(each))}
        self._most = most(schema)
        words = sorted(map(str.split, (name.replace("_", " ") for name in self._names)), key=len, reverse=True)
        any_name = "|".join(r"[\s_-]{0,2}".join(map(re.escape, each)) for each in words) or "(?!)"
        any_name = rf"(?:{any_name})(?:[\s_](?:score|rating))?"
        digits = r"[*_\"'`]{0,3}[(\[]{0,2}\d"
        self._next = re.compile(
            rf"(?<=[\w)\]*.])\s{{0,3}}(?:[,;|/&]|\band\b)\s{{0,3}}(?={any_name}[*_`\"']{{0,3}}\s{{0,3}}(?:[:=]|is\b|{digits}))",
            re.IGNORECASE,
        )
        self._then = re.compile(
            rf"[(\[<]?({any_name})[)\]>]?(?:\s{{1,3}}is)?[\s,;]{{1,3}}(?={digits})(.*)\Z", re.IGNORECASE
        )
        self._bracket = re.compile(rf"({any_name})\s{{0,3}}[(\[]([^()\[\]]{{1,30}})[)\]](.*)\Z", re.IGNORECASE)

    def other_scale(self, line: str) -> bool:
        """Whether a line, which gives no value, says that numbers are on another scale than the schema's."""
        key, between, rest = _parted(line)
        if between and plain_name(key) in _SCALES:
            return rest.isdigit() and self._most is not None and int(rest) != self._most
        told = _SCALE.search(line) if len(line) <= 80 and not list(self.of_lines([line])) else None
        return bool(told and self._most is not None and int(told[1]) != self._most and int(told[1]) >= 3)

    def of_lines(self, lines: list[str]) -> Iterator[_Said]:
        """What lines say that begin with a name, or stand below one."""
        current = part = ""  # the name, and which of its parts, that a line below may tell
        for line in lines:
            pieces = self._next.split(line)
            if len(pieces) == 1 and line.count("|") > 1:
                yield from self._of_cells(_cells(line))
                continue
            for piece in pieces if len(pieces) > 1 else _NEXT.split(line):
                name, rest = self._name_of(piece)
                if name:
                    current, part = name, ""
                    yield from self._told(name, self._inner[name], rest)
                elif current and (answers := list(self._answers(current, piece.strip("-\u2022 \t")))):
                    yield from answers
                elif current:
                    parts = {plain_name(each): each for each in self._inner[current].get("properties", {})}
                    key, between, rest = _parted(piece)
                    if named := parts.get(plain_name(key)):
                        part = named if not rest else ""
                        yield from self._of_part(current, named, rest)
                    elif not between and (part or sole(self._inner[current])):
                        yield from self._below(current, part, piece)
                        part = ""

    def _name_of(self, piece: str) -> tuple[str, str]:
        """The name that a piece of a line gives a value of, and what stands behind it."""
        piece = _NUMBERED.sub("", piece.strip("-\u2022 \t"))
        if found := self._bracket.match(piece.strip(_AROUND)):
            name = self._named(found[1])
            told = self._number(name, found[2])
            if told and not any(sign.isdigit() for sign in found[3][:3]):
                return name, f"{told} - {found[3].strip(_BEHIND)}"
        key, between, rest = _parted(piece)
        if name := self._named(key):
            return name, rest
        if between and plain_name(key) in _LABELS and (name := self._named(rest)):
            return name, ""
        if found := self._then.match(piece.strip(_AROUND)):
            return self._named(found[1]), found[2]
        if between and plain_name(key) in _LEADS:
            return self._name_of(rest)
        return "", ""

    def _named(self, key: str) -> str:
        plain = plain_name(key.strip("()[]<>" + _AROUND))
        for before in ("", "score_for_", "rating_for_", "score_of_"):
            for behind in ("", "_score", "_rating"):
                if name := self._names.get(plain.removeprefix(before).removesuffix(behind)):
                    return name
        return ""

    def _number(self, name: str, text: str) -> str | None:
        """A number and nothing else, by the scale of a name."""
        bounds = _bounds(self._inner[name]) if name else None
        return alone(text, *bounds) if bounds else None

    def _below(self, name: str, part: str, text: str) -> Iterator[_Said]:
        """What a line says below a name that says nothing but a value."""
        if part and free_text(self._inner[name]["properties"][part]):
            yield _Said(name, part, text.strip(_AROUND))
        elif number := self._number(name, text):
            yield _Said(name, sole(self._inner[name]), number)

    def _of_part(self, name: str, part: str, rest: str) -> Iterator[_Said]:
        for each in self._told(part, self._inner[name]["properties"][part], rest):
            yield _Said(name, part, each.value)

    def _answers(self, name: str, text: str) -> Iterator[_Said]:
        """What a line below a name answers to one of its numbered questions."""
        found = _ANSWER.match(text)
        if found and asks(self._inner[name].get("properties", {}).get(found[1], {})) and (said := yes_or_no(found[2])):
            yield _Said(name, found[1], said)

    def _told(self, name: str, schema: dict[str, Any], rest: str) -> Iterator[_Said]:
        """What stands behind a name: the number of a property that is or has one, and what is said of it; or a text."""
        if free_text(schema):
            if rest:
                yield _Said(name, "", rest)
            return
        bounds = _bounds(schema)
        told = number_in(rest, *bounds) if bounds else None
        if told:
            yield _Said(name, sole(schema), told.number)
            yield from _reason(name, schema, told.remark)
        elif "enum" in schema and rest:
            yield _Said(name, "", rest)
        else:
            yield from (_Said(name, number, word) for number, word in inline(rest, schema).items())

    def _of_cells(self, cells: list[str]) -> Iterator[_Said]:
        """A row of a table that begins with a name and has one number."""
        name = self._named(cells[0])
        numbers = [cell for cell in cells[1:] if self._number(name, cell)]
        if name and len(numbers) == 1:
            schema = self._inner[name]
            yield from self._told(name, schema, numbers[0])
            yield from _reason(name, schema, ", ".join(cell for cell in cells[1:] if cell and cell != numbers[0]))

    def of_columns(self, lines: list[str]) -> Iterator[_Said]:
        """The rows of a table whose head has all the names."""
        head: list[str] = []
        for line in lines:
            if line.count("|") < 2 or _RULE.fullmatch(line):
                continue
            cells = _cells(line)
            if set(self._names.values()) <= (found := set(map(self._named, cells))):
                head = list(map(self._named, cells)) if len(found) == len(cells) else []
            elif len(head) == len(cells):
                for name, cell in zip(head, cells, strict=True):
                    if name:
                        yield from self._told(name, self._inner[name], cell)


def _bounds(schema: dict[str, Any]) -> tuple[float, float] | None:
    """The least and the most that the number of a property may be; None for none of both."""
    number = schema["properties"][sole(schema)] if sole(schema) else schema
    low, high = number.get("minimum"), number.get("maximum")
    return None if low is None or high is None else (low, high)


def _parted(line: str) -> tuple[str, bool, str]:
    """What stands before and behind the first sign that parts a name from its value, and whether there is one."""
    line = line.strip("-\u2022 \t")
    between = _BETWEEN.search(line)
    if between is None:
        return line.strip(_AROUND), False, ""
    return line[: between.start()].strip(_AROUND), True, line[between.end() :].strip(_AROUND + ":")


def _reason(name: str, schema: dict[str, Any], text: str) -> Iterator[_Said]:
    """What is said beside a number, where the schema has one place for it."""
    texts = [part for part, inner in schema.get("properties", {}).items() if free_text(inner)]
    if text and len(texts) == 1 and sole(schema):
        yield _Said(name, texts[0], text)


def _cells(line: str) -> list[str]:
    return [cell.strip(_AROUND) for cell in line.strip().strip("|").split("|")]
