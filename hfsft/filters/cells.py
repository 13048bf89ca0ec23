"""The text in a row's columns."""

from __future__ import annotations

from typing import Any

from hfsft.errors import UserError
from hfsft.plan.step import Batch


def text_of(value: Any, column: str) -> str | None:
    """A cell as text: itself, the contents of a conversation below each other, or None.

    Raises `UserError` where the column holds anything else.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(turn, dict) and "content" in turn for turn in value):
        return "\n\n".join(turn["content"] for turn in value if isinstance(turn["content"], str))
    raise UserError(f"column {column} holds {type(value).__name__} values; a filter of texts needs text or messages")


def texts(batch: Batch, column: str) -> list[str | None]:
    """A column as texts."""
    return [text_of(value, column) for value in batch[column]]
