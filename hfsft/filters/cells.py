"""The text in a row's columns."""

from __future__ import annotations

from typing import Any

from hfsft.errors import UserError
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.views import complete, messages

CONVERSATION = "conversation"
"""What recipes call all that a trainer sees of a row: system, instruction with context, response, or all turns."""


def text_of(value: Any, column: str) -> str | None:
    """A cell as text: itself, the contents of a conversation below each other, or None.

    Raises `UserError` where the column holds anything else.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(turn, dict) and "content" in turn for turn in value):
        return "\n\n".join(turn["content"] for turn in value if isinstance(turn["content"], str))
    raise UserError(f"column {column} holds {type(value).__name__} values; a filter of texts needs text or messages")


def reads(column: str) -> tuple[str, ...]:
    """The columns that a column stands for: itself, or those without which there is no conversation."""
    return ("instruction", "response") if column == CONVERSATION else (column,)


def optional(column: str) -> tuple[str, ...]:
    """The columns that may be part of it."""
    return ("system", "context", "messages") if column == CONVERSATION else ()


def cells(batch: Batch, column: str) -> list[Any]:
    """A column's cells; of `conversation` each row as a trainer sees it, None for one without both texts."""
    if column != CONVERSATION:
        return batch[column]
    return [messages(row) if complete(row) else None for row in rows_of(batch)]


def texts(batch: Batch, column: str) -> list[str | None]:
    """A column as texts."""
    return [text_of(value, column) for value in cells(batch, column)]
