"""The one object that was asked for, within what stands around it.

[{"tone": 4, "use": 5}]                                             in a list
{"scores": {"tone": 4, "use": 5}}                                   one level down, or two
[{"criterion": "tone", "score": 4}, {"criterion": "use", ...}]      a list of its parts, each with its name
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hfsft.models.readings.fit_json import TWICE, Rounding, fit, other_scale, plain_name

_DEEPEST = 3
_NOT_IT = ("example", "sample", "template", "format", "schema")  # what stands there shows a shape
_MOST = 200  # values that are looked at


def within(value: Any, schema: dict[str, Any], rounding: Rounding) -> Any:
    """The value inside `value` that fits; ValueError where none does, or two that differ.

    What has some of the names itself is no wrapper of what has all of them.
    """
    if isinstance(value, dict) and (other := other_scale(value, schema)):
        raise ValueError(f"it is scored out of {other}")
    found: list[Any] = []
    for count, inner in enumerate(_inside(value, {plain_name(name) for name in schema["properties"]}, 0)):
        if count == _MOST:
            break
        with suppress(ValueError):
            fitted = fit(inner, schema, rounding)
            found += [] if fitted in found else [fitted]
    if len(found) != 1:
        raise ValueError("it holds two objects that fit, and they differ" if found else "nothing in it fits")
    return found[0]


def _inside(value: Any, names: set[str], depth: int) -> Iterator[Any]:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):  # JSON as the text of a JSON value
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict):
        if depth:
            yield value
        if names & set(map(plain_name, value)):
            return
        children = [inner for key, inner in value.items() if plain_name(key) not in _NOT_IT]
        parts = _side_by_side(children, names) or (_named_parts(children, names) if len(children) > 1 else None)
        if parts is not None:
            yield parts
            return
    elif isinstance(value, list):
        if (parts := _named_parts(value, names)) is not None:
            yield parts
            return
        children = value
    else:
        return
    if depth < _DEEPEST:
        for child in children:
            yield from _inside(child, names, depth + 1)


def _named_parts(items: list[Any], names: set[str]) -> dict[str, Any] | None:
    """A list of parts as the object of them; None where it is no such list."""
    found: dict[str, Any] = {}
    for item in items:
        part = _named_part(item, names)
        if part is None:
            return None
        name, said = part
        found[name] = TWICE if found.get(name, said) != said else said
    return found or None


def _side_by_side(children: list[Any], names: set[str]) -> dict[str, Any] | None:
    """The object of two lists, one of all names and the other of what each has; None where they are not that."""
    lists = [each for each in children if isinstance(each, list) and len(each) == len(names)]
    told = [each for each in lists if all(isinstance(item, str) for item in each)]
    named = [each for each in told if set(map(plain_name, each)) == names]
    if len(lists) != 2 or len(named) != 1:
        return None
    (others,) = (each for each in lists if each is not named[0])
    return dict(zip(map(plain_name, named[0]), others, strict=True))


def _named_part(item: Any, names: set[str]) -> tuple[str, Any] | None:
    if isinstance(item, list) and len(item) > 1 and isinstance(item[0], str) and plain_name(item[0]) in names:
        return plain_name(item[0]), item[1] if len(item) == 2 else item[1:]
    if not isinstance(item, dict):
        return None
    if len(item) == 1:
        ((name, said),) = item.items()
        return (plain_name(name), said) if plain_name(name) in names else None
    telling = [key for key, said in item.items() if isinstance(said, str) and plain_name(said) in names]
    if len(telling) != 1:
        return None
    return plain_name(item[telling[0]]), {key: said for key, said in item.items() if key != telling[0]}
