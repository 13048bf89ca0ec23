"""Column types as plain words, so that a plan is made without importing datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Features


def features(columns: Mapping[str, Any]) -> Features:
    """The `datasets.Features` of columns given as words.

    A word is an Arrow type (`string`, `int32`, `float64`, `bool`), or `json` for whatever JSON can say, given as its
    text; a list of one type is a list of it; a mapping is a struct.
    """
    from datasets import Features

    return Features({name: _feature(kind) for name, kind in columns.items()})


def _feature(kind: Any) -> Any:
    from datasets import Json, List, Value

    if isinstance(kind, str):
        return Json() if kind == "json" else Value(kind)
    if isinstance(kind, list):
        return List(_feature(kind[0]))
    return {name: _feature(inner) for name, inner in kind.items()}


def placeholder(kind: Any) -> Any:
    """A value of that type that stands for one not known yet."""
    if isinstance(kind, list):
        return []
    if isinstance(kind, Mapping):
        return {name: placeholder(inner) for name, inner in kind.items()}
    return "…" if kind == "string" else None


def holds_text(kind: Any) -> bool:
    """Whether texts can stand in a column of that type, however deep; None is the type of one that no plan has."""
    if isinstance(kind, str):
        return kind in ("string", "large_string")
    return any(map(holds_text, kind.values() if isinstance(kind, Mapping) else kind or ()))
