"""Rows out of Arrow tables: a value that Python or Unicode cannot hold costs no other, and never the build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hfsft.rows.tables.parsing import Odd
from hfsft.rows.values import LONGEST, NOT_UNICODE

if TYPE_CHECKING:
    import pyarrow as pa


class PaddedRow(dict[str, Any]):
    """A row of a table whose objects within objects have each other's keys, with null for those they had not."""


def plain_rows(table: pa.Table | pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Each row by the names of the columns.

    JSON that is stored as such (as `datasets` does with columns of mixed types) is what it holds, not its own text. A
    time beyond Python's calendar, or in a zone that this machine does not know, is the number that stands for it; in
    the place of a text that is not UTF-8 stands an `Odd`.
    """
    names = list(map(str, table.schema.names))
    # Of texts that are kept once for many rows, each row may hold them all.
    times = table.num_rows if any(map(_has_dictionary, table.schema.types)) else 1
    at_once = table.num_rows if table.nbytes * times <= LONGEST else LONGEST // table.nbytes if times > 1 else 1
    at_once = max(at_once, 1)
    made = PaddedRow if any(_structs(kind) > 1 for kind in table.schema.types) else dict
    for start in range(0, table.num_rows, at_once):
        columns = [_values(column) for column in table.slice(start, at_once).columns]
        for cells in zip(*columns, strict=True):
            yield made(zip(names, cells, strict=True))


def _values(column: Any) -> list[Any]:
    try:
        values = list(column.to_pylist())
    except (ValueError, OverflowError, LookupError):
        values = [_value(cell) for cell in column]
    return [_decoded(value, column.type) for value in values] if _has_json(column.type) else values


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return Odd(NOT_UNICODE)
    except (ValueError, OverflowError, LookupError):
        number = getattr(cell, "value", None)
        return Odd("a time that no calendar has") if number is None else number


def _has_dictionary(kind: Any) -> bool:
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return str(kind).startswith("dictionary<") or any(map(_has_dictionary, inner))


def _structs(kind: Any) -> int:
    """How many objects stand within one another in a column; JSON that is stored as such has its own keys."""
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return (str(kind).startswith("struct<")) + max(map(_structs, inner), default=0)


def _has_json(kind: Any) -> bool:
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return _is_json(kind) or any(map(_has_json, inner))


def _is_json(kind: Any) -> bool:
    return getattr(kind, "extension_name", "") == "arrow.json"


def _decoded(value: Any, kind: Any) -> Any:
    if _is_json(kind) and isinstance(value, str) and not isinstance(value, Odd):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, dict):
        return {name: _decoded(inner, kind.field(name).type) for name, inner in value.items()}
    if isinstance(value, list) and hasattr(kind, "value_type"):
        return [_decoded(inner, kind.value_type) for inner in value]
    return value
