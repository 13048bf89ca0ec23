"""YAML text -> a tree of nodes that know where they stand, and everything that keeps the text from being a recipe.

    seeds:
      - prompts: [How long does a refund take?]

YAML 1.2 as editors check it, without its traps: `yes`, `no`, `on` and `off` are text, so are dates, `1:30`, `007`,
`0x1F` and `1_000`; `1e-3` is a number. Aliases are followed, up to a bound; a whole number as a key is its text.
Refused: duplicate keys, other keys that are not text, tags, merge keys, a second document, numbers that no computer
stores.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from yaml import events
from yaml.reader import Reader

from hfsft.errors import Place, Problem
from hfsft.recipe.yaml.syntax_errors import DEEPEST, explain

VALUES = 100_000
"""Most keys, texts, numbers, lists and mappings of one recipe, aliases counted once."""
TOLD = 100
"""Most problems that are told; behind them the text is not read on."""
TOO_MANY = "mend these first"
REPEATED = 1_000_000
"""Most characters that all aliases together may stand for: a bomb of aliases doubles until memory is gone."""

NULL = re.compile(r"~|null|Null|NULL|")
BOOL = re.compile(r"(true|True|TRUE)|false|False|FALSE")
INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)?\.[0-9]+|(0|[1-9][0-9]*)\.?)([eE][-+]?[0-9]+)?")
LARGEST = 2**63

# Line breaks in YAML 1.1, characters like others in 1.2 and in editors; swapped for the parser and back.
BREAKS = {0x85: 0xF0085, 0x2028: 0xF2028, 0x2029: 0xF2029}
BACK = {swapped: original for original, swapped in BREAKS.items()}

# Ten times as fast, and without the other's dislike of `?` within [ and ].
_Loader: type[yaml.Loader] = getattr(yaml, "CLoader", yaml.Loader)


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the file: a scalar, a list of nodes, or `{key: (its node, the value's node)}`."""

    start: int  # offsets into the text
    end: int
    value: Any
    style: str = ""  # of a scalar: quote or block indicator
    weight: int = 1  # how much text it stands for, aliases written out

    def plain(self) -> Any:
        """The value as plain Python; an alias becomes a copy."""
        if isinstance(self.value, dict):
            return {key: value.plain() for key, (_, value) in self.value.items()}
        return [item.plain() for item in self.value] if isinstance(self.value, list) else self.value

    def scalars(self) -> Iterator[tuple[int, int]]:
        """Where texts and numbers below begin and end, keys too."""
        if isinstance(self.value, dict):
            for key, value in self.value.values():
                yield from (*key.scalars(), *value.scalars())
        elif isinstance(self.value, list):
            for item in self.value:
                yield from item.scalars()
        else:
            yield self.start, self.end


@dataclass(frozen=True)
class Text:
    """A text whose offsets have places; lines are counted as editors count them."""

    file: str
    text: str
    starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ends = (match.end() for match in re.finditer(r"\r\n|\r|\n", self.text))
        object.__setattr__(self, "starts", [0, *ends])

    def place(self, offset: int) -> Place:
        """The place of a character."""
        line = bisect.bisect_right(self.starts, offset)
        return Place(self.file, line, offset - self.starts[line - 1] + 1)

    def line(self, place: Place) -> str:
        """The line that a place names; empty for one without a line."""
        start = self.starts[place.line - 1]
        return next(self.lines(start, start))[1] if place.line else ""

    def lines(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        """The lines that a stretch of text touches, each with its offset, the first one cut at `start`."""
        for number in range(bisect.bisect_right(self.starts, start) - 1, len(self.starts)):
            offset = max(self.starts[number], start)
            if offset > end:
                return
            following = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
            yield offset, self.text[offset:following].rstrip("\r\n")


class _Stop(Exception):  # noqa: N818
    """Nothing after this place can be read."""


@dataclass
class YamlReading:
    """One pass over the events of a text; `root` is None where no tree could be built."""

    text: Text
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    _anchors: dict[str, Node | None] = field(default_factory=dict)
    _repeated: int = 0
    _values: int = 0

    def __post_init__(self) -> None:
        if match := Reader.NON_PRINTABLE.search(self.text.text):
            name = f"U+{ord(match[0]):04X}" + (" (NUL)" if match[0] == "\0" else "")
            self._problem(match.start(), f"the character {name} cannot stand in YAML", "remove it or write it escaped")
            return
        self._events: Iterator[Any] = yaml.parse(self.text.text.translate(BREAKS), Loader=_Loader)
        with suppress(_Stop):
            try:
                self._document()
            except yaml.MarkedYAMLError as error:
                offset, message, advice = explain(error, self.text.text)
                self._problem(offset, message, advice)

    def _problem(self, offset: int, message: str, advice: str = "") -> None:
        self.problems.append(Problem(self.text.place(offset), message, advice))
        if len(self.problems) == TOLD:
            self.problems.append(Problem(self.text.place(offset), "from here on nothing was looked at", TOO_MANY))
            raise _Stop

    def _document(self) -> None:
        root = None
        for event in self._events:
            if isinstance(event, events.DocumentStartEvent):
                if root is not None:
                    self._problem(_start(event), "a second document starts here", "one file is one recipe")
                    break
                root = self._node(next(self._events), 0)
        self.root = root

    def _node(self, event: Any, depth: int) -> Node:
        start = _start(event)
        if isinstance(event, events.AliasEvent):
            return self._alias(event, start)
        if depth > DEEPEST:
            self._problem(start, f"nested deeper than {DEEPEST} levels")
            raise _Stop
        self._values += 1
        if self._values > VALUES:
            self._problem(start, f"a recipe has at most {VALUES:,} values", "rows belong in a file that `path:` names")
            raise _Stop
        if event.tag and event.tag != "!":
            self._problem(start, f"`{self.text.text[start:].split(maxsplit=1)[0]}` is a tag; a recipe has none")
        if event.anchor:
            self._anchors[event.anchor] = None
        if isinstance(event, events.ScalarEvent):
            value, end = self._scalar(event, start), _end(event)
            node = Node(start, end, value, event.style or "", 1 + len(event.value))
        elif isinstance(event, events.SequenceStartEvent):
            node = self._list(start, depth)
        else:
            node = self._mapping(start, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, start: int) -> Node:
        if event.anchor not in self._anchors:
            self._problem(start, f"no `&{event.anchor}` stands before this", "text that begins with * needs quotes")
            raise _Stop
        node = self._anchors[event.anchor]
        if node is None:
            self._problem(start, f"`*{event.anchor}` contains itself")
            raise _Stop
        self._repeated += node.weight
        if self._repeated > REPEATED:
            self._problem(start, f"aliases repeat more than {REPEATED:,} characters up to here")
            raise _Stop
        return node

    def _list(self, start: int, depth: int) -> Node:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, events.SequenceEndEvent):
                return Node(start, _end(event), items, "", 1 + sum(item.weight for item in items))
            items.append(self._node(event, depth + 1))
        raise _Stop

    def _mapping(self, start: int, depth: int) -> Node:
        entries: dict[str, tuple[Node, Node]] = {}
        for event in self._events:
            if isinstance(event, events.MappingEndEvent):
                weight = 1 + sum(key.weight + value.weight for key, value in entries.values())
                return Node(start, _end(event), entries, "", weight)
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if type(key.value) is int:  # such as a score: the text that it is written as
                key = replace(key, value=str(key.value))
            if not isinstance(key.value, str):
                self._key_problem(key)
            elif key.value == "<<" and not key.style:
                self._problem(key.start, "merge keys (<<) are not part of the language", "write the keys out")
            elif key.value in entries:
                line = self.text.place(entries[key.value][0].start).line
                self._problem(key.start, f"`{key.value}` stands here twice, first on line {line}", "keep one of them")
            else:
                entries[key.value] = (key, value)
        raise _Stop

    def _key_problem(self, key: Node) -> None:
        if isinstance(key.value, dict):
            self._problem(key.start, "a key must be text, not a mapping", "text that begins with {{ needs quotes")
        elif isinstance(key.value, list):
            self._problem(key.start, "a key must be text, not a list", "text that begins with [ needs quotes")
        else:
            written = self.text.text[key.start : key.end] or "nothing"
            self._problem(key.start, f"a key must be text, not {written}", f'write "{written}"' if key.end else "")

    def _scalar(self, event: Any, start: int) -> Any:
        text: str = event.value.translate(BACK)
        if event.style or event.tag:
            return text
        if NULL.fullmatch(text):
            return None
        if match := BOOL.fullmatch(text):
            return bool(match[1])
        whole = INT.fullmatch(text)
        if not whole and not FLOAT.fullmatch(text):
            return text
        number = int(text) if whole and len(text) < 30 else float(text)
        if math.isfinite(number) and (abs(number) < LARGEST or not whole):
            return number
        self._problem(start, "this number is too large", "if it is text, put it in quotes")
        return text


def _start(event: Any) -> int:
    return event.start_mark.index  # type: ignore[no-any-return]


def _end(event: Any) -> int:
    return event.end_mark.index  # type: ignore[no-any-return]
