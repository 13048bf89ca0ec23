"""What one row of a source says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class SourceRow(NamedTuple):
    """One row of a source."""

    texts: dict[str, Any]  # by columns of `rows.columns.COLUMNS`, with `source` and `unread`
    defect: str | None
    kept: Mapping[str, str | None] = {}  # by the source's own names
    family: str | None = None  # the value that says to which family it belongs, as text
    whole: Mapping[str, Any] | None = None  # of one that a model is to write: all columns that it has so far
