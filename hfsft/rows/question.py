"""What a row asks: the one reading of it that filters, split and reports share."""

from __future__ import annotations

from typing import Any, NamedTuple

from hfsft.rows.batch import Batch, rows_of

READS = ("instruction",)
OPTIONAL = ("system", "context", "messages")


class Question(NamedTuple):
    """All that the model is given before its last answer but the answers in between; a part that is absent is empty."""

    system: str
    said: str  # every message of the user, below each other
    context: str


def questions(batch: Batch) -> list[Question]:
    """The question of each row; of the columns beside `instruction`, those that the batch has are used."""
    return [_question(row) for row in rows_of({name: batch[name] for name in (*READS, *OPTIONAL) if name in batch})]


def _question(row: dict[str, Any]) -> Question:
    turns = row.get("messages")
    said = [turn["content"] for turn in turns if turn["role"] == "user"] if isinstance(turns, list) else []
    spoken = "\n\n".join(text for text in said if text) if said else row["instruction"]
    return Question(row.get("system") or "", spoken or "", row.get("context") or "")
