"""Calls of tools and schemas of tools, in every way in which they are written down -> typed ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hfsft.rows.spelling import letters
from hfsft.rows.values import absent

ARGUMENTS = ("arguments", "args", "parameters", "input", "params", "kwargs")
IDS = ("tool_call_id", "tool_use_id", "toolCallId", "call_id", "id")
OBJECTS = "objects"
"""The word in `dialect` for arguments that were written as objects, not as JSON in a text."""
Call = dict[str, str]


class ShapeError(ValueError):
    """Why a row cannot be read in its shape, or written in one: in words for whoever wrote it."""


def calls_of(value: Any) -> tuple[list[Call], bool]:
    """The calls that a value holds, and whether their arguments came as objects.

    The value is a call, a list of them, or JSON of either; a call has a name and arguments, by themselves or below
    `function`. Raises `ShapeError`.
    """
    value = _from_json(value, "a tool call is")
    listed = list(value) if isinstance(value, list | tuple) else [value]
    found = [_call(_from_json(one, "a tool call is")) for one in listed]
    return [call for call, _ in found], any(objects for _, objects in found)


def _call(value: Any) -> tuple[Call, bool]:
    if not isinstance(value, Mapping):
        raise ShapeError("a tool call is not an object")
    inner = value.get("function")
    function = inner if isinstance(inner, Mapping) else value
    name = (
        function.get("name")
        or value.get("name")
        or value.get("toolName")
        or (inner if isinstance(inner, str) else None)
    )
    if not isinstance(name, str) or not name.strip():
        raise ShapeError("a tool call without a name")
    given = next((function[key] for key in ARGUMENTS if function.get(key) is not None), None)
    number = next((value[key] for key in IDS if not absent(value.get(key))), None)
    text, objects = arguments_of(given)
    return {**({"id": str(number)} if number is not None else {}), "name": name, "arguments": text}, objects


def arguments_of(value: Any) -> tuple[str, bool]:
    """Arguments as the JSON text of an object, and whether they were written as an object; none are `{}`.

    A text is kept to the letter. Raises `ShapeError` for what is no JSON object.
    """
    if absent(value):
        return "{}", False
    if isinstance(value, str):
        if not isinstance(_from_json(value, "arguments of a tool call are"), Mapping):
            raise ShapeError("arguments of a tool call are not a JSON object")
        return value, False
    if not isinstance(value, Mapping):
        raise ShapeError("arguments of a tool call are not a JSON object")
    return as_json(value), True


def call_json(call: Mapping[str, Any]) -> str:
    """A call as a JSON object, its arguments to the letter as they were written; what is no JSON is a text in it."""
    text = call.get("arguments") or "{}"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        text = as_json(text)
    return f'{{"name": {as_json(call["name"])}, "arguments": {text}}}'


def as_json(value: Any) -> str:
    """A value as JSON on one line, letters of any alphabet as they are. Raises `ShapeError` where JSON has no such."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        raise ShapeError("a value that JSON cannot hold") from None


def _from_json(value: Any, what: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ShapeError(f"{what} not JSON") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def tools_of(value: Any) -> list[dict[str, Any]]:
    """The schemas that a value holds: a list of objects or of JSON texts, one object, or the JSON of these.

    Raises `ShapeError` for anything else; schemas are not looked into.
    """
    value = _from_json(value, "tools are")
    if isinstance(value, Mapping):
        inner = next((value[key] for key in value if letters(key) in ("tools", "functions") and len(value) == 1), None)
        value = inner if isinstance(inner, list) else [value]
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ShapeError("tools are not a list")
    listed = [_from_json(one, "tools are") for one in value]
    if not all(isinstance(one, Mapping) for one in listed):
        raise ShapeError("tools are not objects")
    return [dict(one) for one in listed]


def wrapped(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as OpenAI writes it: below `function`, beside its type."""
    return dict(tool) if isinstance(tool.get("function"), Mapping) else {"type": "function", "function": dict(tool)}
