"""One value of a YAML text changed or added, with every comment, quote and space elsewhere as it was.

Only what is named is written anew; where it cannot be without touching more (an alias, an anchor, a layout in which
there is no place for it) the text is refused: what comes out is read again and must say what was asked for, nothing
else.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hfsft.marks import Loc
from hfsft.plain import digits
from hfsft.recipe.yaml.tree import Node, Text, YamlReading


class NoPlaceError(Exception):
    """The text has no place in which the value could be written without a change of something else."""


def with_value(text: str, loc: Loc, value: Any) -> str:
    """The text in which `value`, of numbers, texts, lists and mappings, stands at a path of keys and places.

    What is not there yet is made: a key behind the last one of its mapping, an item behind the last one of its list.
    Raises `NoPlaceError`.
    """
    before = _read(text)
    node, made = before, list(loc)
    while made and (inner := _inner(node, made[0])) is not None and not _empty(inner):
        node = inner
        made.pop(0)
    if made and (inner := _inner(node, made[0])) is not None:  # it is there, and says nothing, as in `filters:`
        found = _filled(text, node, made, value)
    elif not made:
        found = _replaced(text, node, value)
    elif node is before and isinstance(node.value, dict) and not _in_brackets(text, node):
        found = _at_the_end(text, f"{_key(made[0])}:{_lines(_nested(made[1:], value))}")
    elif isinstance(node.value, dict):
        found = _added(text, node, f"{_key(made[0])}: {_flow(_nested(made[1:], value))}")
    elif isinstance(node.value, list):
        item = _nested(made[1:], value)
        found = _added(text, node, _flow(item) if _in_brackets(text, node) else _item(item))
    else:
        raise NoPlaceError
    wanted = copy.deepcopy(before.plain())
    if _read(found).plain() != _set(wanted, loc, value):
        raise NoPlaceError
    return found


def _read(text: str) -> Node:
    reading = YamlReading(Text("", text))
    if reading.root is None or reading.problems:
        raise NoPlaceError
    return reading.root


def _inner(node: Node, step: str | int) -> Node | None:
    if isinstance(node.value, dict) and step in node.value:
        entry: Node = node.value[str(step)][1]
        return entry
    if isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
        item: Node = node.value[step]
        return item
    return None


def _empty(node: Node) -> bool:
    return node.value is None or node.value == {} or node.value == []


def _replaced(text: str, node: Node, value: Any) -> str:
    """A scalar, or a mapping or list in brackets, written anew."""
    if isinstance(node.value, dict | list) and not _in_brackets(text, node):
        raise NoPlaceError
    if node.style in ("|", ">"):
        raise NoPlaceError
    return text[: node.start] + _flow(value) + text[node.end :]


def _filled(text: str, parent: Node, steps: Sequence[str | int], value: Any) -> str:
    """A value that says nothing, such as `[]`, `~` or what is left out behind a key, written anew."""
    node = _inner(parent, steps[0])
    assert node is not None, "the caller has found it"
    said = _flow(_nested(steps[1:], value))
    if node.end > node.start:
        return text[: node.start] + said + text[node.end :]
    if not isinstance(parent.value, dict):
        raise NoPlaceError
    key = parent.value[str(steps[0])][0]
    colon = text.index(":", key.end) + 1
    return f"{text[:colon]} {said}{text[colon:]}"


def _added(text: str, node: Node, entry: str) -> str:
    """A mapping or list with one more entry behind its last one."""
    last = _last(text, node)
    if _in_brackets(text, node):
        return f"{text[: last.end]}, {entry}{text[last.end :]}"
    column = node.start - (text.rfind("\n", 0, node.start) + 1)
    newline = "\r\n" if "\r\n" in text else "\n"
    # A text of several lines ends where the next value begins, behind lines that say nothing.
    end = text.find("\n", len(text[: last.end].rstrip()) if last.style in ("|", ">") else last.end)
    line = " " * column + ("- " if isinstance(node.value, list) else "") + entry
    if end < 0:
        return f"{text}{newline}{line}{newline}"
    return f"{text[: end + 1]}{line}{newline}{text[end + 1 :]}"


def _at_the_end(text: str, entry: str) -> str:
    """A text with one more entry of its outermost mapping."""
    newline = "\r\n" if "\r\n" in text else "\n"
    end = "" if text.endswith("\n") else newline
    return text + end + entry.replace("\n", newline) + newline


def _lines(value: Any) -> str:
    """A value behind a key, of a list an item a line."""
    return "".join(f"\n  - {_item(item)}" for item in value) if isinstance(value, list) else f" {_flow(value)}"


def _item(value: Any) -> str:
    """An item on a line of its own, which needs no brackets around its one key."""
    return _flow(value)[1:-1] if isinstance(value, dict) and len(value) == 1 else _flow(value)


def _last(text: str, node: Node) -> Node:
    """The last value of a list or mapping, or its key where that says nothing; of one in lines the last in turn."""
    if not node.value:
        raise NoPlaceError
    entries: list[tuple[Node | None, Node]]
    entries = list(node.value.values()) if isinstance(node.value, dict) else [(None, item) for item in node.value]
    key, value = entries[-1]
    if value.end <= value.start and key is not None:
        return key
    nested = isinstance(value.value, dict | list) and value.value and not _in_brackets(text, value)
    return _last(text, value) if nested else value


def _in_brackets(text: str, node: Node) -> bool:
    return text[node.start : node.start + 1] in ("{", "[")


def _nested(steps: Sequence[str | int], value: Any) -> Any:
    """The value within the keys and lists that are still to be made."""
    for step in reversed(steps):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def _set(data: Any, loc: Loc, value: Any) -> Any:
    """The data with the value at the path."""
    if not loc:
        return value
    step, rest = loc[0], loc[1:]
    if isinstance(step, int):
        items = list(data or [])
        if step == len(items):
            return [*items, _nested(rest, value)]
        items[step] = _set(items[step], rest, value)
        return items
    entries = dict(data or {})
    entries[step] = _set(entries[step], rest, value) if entries.get(step) is not None else _nested(rest, value)
    return entries


def _flow(value: Any) -> str:
    """A value in one line, as a person writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        said = digits(value)
        return said if float(said) == value else repr(value)
    return _key(value)


def _key(text: str | int) -> str:
    """A text as it stands where no sign of it means anything in YAML, else in quotes."""
    said = str(text)
    plain = said.replace("_", "").replace("-", "").isalnum() and said.isascii() and not said[:1].isdigit()
    return said if plain and said.lower() not in ("true", "false", "null") and said[:1] != "-" else json.dumps(said)
