"""What a row says, read in one way by all that ask: filters, split, judge, formats, card and report."""

from __future__ import annotations

from collections.abc import Mapping
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


def complete(row: Mapping[str, Any]) -> bool:
    """Whether the row makes a conversation: its own turns, or both an instruction and a response."""
    return bool(row.get("messages")) or (row["instruction"] is not None and row["response"] is not None)


def user_text(row: Mapping[str, Any]) -> str:
    """What the user says: the instruction, and below it the context where there is one."""
    instruction: str = row["instruction"]
    context = row.get("context")
    return f"{instruction}\n\n{context}" if context else instruction


def prompt_messages(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """System (where given) and user message: what the writer is asked and the trained model will be."""
    return [*_system(row), {"role": "user", "content": user_text(row)}]


def conversation(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """The row as chat messages: its own turns where it came as a conversation, else prompt and response."""
    if row.get("messages"):
        turns = [{"role": turn["role"], "content": turn["content"]} for turn in row["messages"]]
        return [*_system(row), *turns]
    return [*prompt_messages(row), {"role": "assistant", "content": row["response"]}]


def _system(row: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"role": "system", "content": row["system"]}] if row.get("system") else []
