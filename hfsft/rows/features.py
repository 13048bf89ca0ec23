"""Column types as plain words, so that a plan is made without importing datasets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Features

_VECTOR = re.compile(r"vector(?:\[(\d+)\])?")


def features(columns: Mapping[str, Any]) -> Features:
    """The `datasets.Features` of columns given as words.

    A word is an Arrow type (`string`, `int32`, `float64`, `bool`), or `json` for whatever JSON can say, given as its
    text; `vector[256]` is so many numbers of single precision, `vector` as many as its maker gives; a list of one type
    is a list of it; a mapping is a struct.
    """
    from datasets import Features

    return Features({name: _feature(kind) for name, kind in columns.items()})


def arrow_schema(columns: Mapping[str, Any]) -> pa.Schema:
    """How Arrow stores columns given as words, as `datasets` has it of their `features`."""
    return _schema(json.dumps(columns))


@lru_cache(maxsize=512)  # asked for with each batch of rows
def _schema(columns: str) -> pa.Schema:
    import pyarrow as pa

    return pa.schema({name: _arrow_type(kind) for name, kind in json.loads(columns).items()})


def _arrow_type(kind: Any) -> pa.DataType:
    import pyarrow as pa

    if isinstance(kind, str) and (vector := _VECTOR.fullmatch(kind)):
        return pa.list_(pa.float32(), int(vector[1] or -1))
    if isinstance(kind, str):
        return pa.json_() if kind == "json" else pa.type_for_alias(kind)
    if isinstance(kind, list):
        return pa.list_(_arrow_type(kind[0]))
    return pa.struct({name: _arrow_type(inner) for name, inner in kind.items()})


def _feature(kind: Any) -> Any:
    from datasets import Json, List, Value

    if isinstance(kind, str) and (vector := _VECTOR.fullmatch(kind)):
        return List(Value("float32"), length=int(vector[1] or -1))
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


def vector_kind(dimensions: int | None) -> str:
    """The word for a column of vectors of so many numbers, or of as many as their maker gives."""
    return f"vector[{dimensions}]" if dimensions else "vector"


def values_of(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """The values of a column as Python has them, its vectors as arrays of single precision that share its memory."""
    import pyarrow as pa

    kind = column.type
    fixed = pa.types.is_fixed_size_list(kind)
    if not (fixed or pa.types.is_list(kind)) or kind.value_type != pa.float32():
        found: list[Any] = column.to_pylist()
        return found
    found = []
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        numbers = chunk.values.to_numpy(zero_copy_only=False)
        if fixed:
            ends = [(chunk.offset + place) * kind.list_size for place in range(len(chunk) + 1)]
        else:
            ends = chunk.offsets.to_pylist()
        there = chunk.is_valid().to_pylist()
        found += [numbers[ends[place] : ends[place + 1]] if valid else None for place, valid in enumerate(there)]
    return found
