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

from hfsft.models.readings.fit_json import TWICE, Rounding, fit, plain_name

_DEEPEST = 3
_MOST = 200  # values that are looked at


def within(value: Any, schema: dict[str, Any], rounding: Rounding) -> Any:
    """The value inside `value` that fits; ValueError where none does, or two that differ.

    What has some of the names itself is no wrapper of what has all of them.
    """
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
        children = list(value.values())
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


def _named_part(item: Any, names: set[str]) -> tuple[str, Any] | None:
    if not isinstance(item, dict):
        return None
    if len(item) == 1:
        ((name, said),) = item.items()
        return (plain_name(name), said) if plain_name(name) in names else None
    telling = [key for key, said in item.items() if isinstance(said, str) and plain_name(said) in names]
    if len(telling) != 1:
        return None
    return plain_name(item[telling[0]]), {key: said for key, said in item.items() if key != telling[0]}
