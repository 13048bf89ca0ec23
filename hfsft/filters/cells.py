"""What stands in a row's columns, as filters read it."""

from __future__ import annotations

from typing import Any

from hfsft.errors import UserError
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.views import WHOLE, complete, messages, reasoning, response, turn_text

CONVERSATION = "conversation"
"""What recipes call all that a trainer sees of a row: system, instruction with context, response, or all turns."""
RESPONSE, REASONING = "response", "reasoning"
IN_TURNS = (RESPONSE, REASONING)
"""Columns of which the turns of a conversation hold more."""


def text_of(value: Any, column: str, *, spoken: bool = False) -> str | None:
    """A cell as text: itself, all that the turns of a conversation say, think and call below each other, or None.

    With `spoken`, of turns only what they say.

    Raises `UserError` where the column holds anything else.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(turn, dict) and "content" in turn for turn in value):
        return "\n\n".join(text for turn in value if (text := turn_text(turn, spoken=spoken)))
    raise UserError(f"column {column} holds {type(value).__name__} values; a filter of texts needs text or messages")


def reads(column: str) -> tuple[str, ...]:
    """The columns that a column stands for: itself, or those without which there is no conversation."""
    return ("instruction", "response") if column == CONVERSATION else (column,)


def optional(column: str) -> tuple[str, ...]:
    """The columns that may be part of it."""
    if column == CONVERSATION:
        return WHOLE
    if column == REASONING:
        return ("response", "messages", "dialect")  # where it may stand too, between marks
    return ("messages", "dialect") if column == RESPONSE else ()


def cells(batch: Batch, column: str, *, spoken: bool = False) -> list[Any]:
    """A column's cells; of `conversation` each row as a trainer sees it, None for one without both texts.

    A response is what the assistant says last, unless only what is `spoken` is wanted also what it calls there.
    Reasoning is that of all turns.
    """
    if column == CONVERSATION:
        return [messages(row) if complete(row) else None for row in rows_of(batch)]
    if column not in IN_TURNS:
        return batch[column]
    if not all(value is None or isinstance(value, str) for value in batch[column]):
        return batch[column]
    rows = rows_of(batch)
    return [response(row, spoken=spoken) if column == RESPONSE else reasoning(row) for row in rows]


def texts(batch: Batch, column: str) -> list[str | None]:
    """A column as texts."""
    return [text_of(value, column) for value in cells(batch, column)]
