"""Rows out of Arrow tables: a value that Python or Unicode cannot hold costs no other, and never the build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hfsft.rows.tables.objects import Odd
from hfsft.rows.values import NOT_UNICODE

if TYPE_CHECKING:
    import pyarrow as pa


def plain_rows(table: pa.Table | pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Each row by the names of the columns.

    A time beyond Python's calendar, or in a zone that this machine does not know, is the number that stands for it; in
    the place of a text that is not UTF-8 stands an `Odd`.
    """
    names = list(map(str, table.schema.names))
    columns = [_values(column) for column in table.columns]
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def _values(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, LookupError):
        return [_value(cell) for cell in column]


def _value(cell: Any) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return Odd(NOT_UNICODE)
    except (ValueError, OverflowError, LookupError):
        number = getattr(cell, "value", None)
        return Odd("a time that no calendar has") if number is None else number
