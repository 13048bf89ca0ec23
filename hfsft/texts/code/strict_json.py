"""JSON as its standard has it: one value, no name twice in an object, no NaN and no Infinity."""

from __future__ import annotations

import json
from typing import Any


def strict_json(text: str) -> Any:
    """The value. Raises `ValueError` with what is wrong, `RecursionError` for one that is nested too deep."""
    return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has one name twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
