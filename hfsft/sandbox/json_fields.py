"""A text that is JSON, as templates read it: `{{ query.intent }}` is one of its fields, `{{ query }}` the text."""

from __future__ import annotations

import json
from typing import Any


class _Object(dict[str, Any]):
    """An object that is written as JSON, not as Python would."""

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)


class _List(list[Any]):
    """A list that is written so."""

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)


def fields_of(text: Any) -> Any:
    """What a text of JSON says; anything that is none, such as None, as it is."""
    if not isinstance(text, str):
        return text
    try:
        return said_in(text)
    except (ValueError, RecursionError):
        return text


def said_in(text: str) -> Any:
    """What a text of JSON says. Raises `ValueError` for any other text."""
    return _read(json.loads(text))


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return _Object((name, _read(inner)) for name, inner in value.items())
    return _List(map(_read, value)) if isinstance(value, list) else value
