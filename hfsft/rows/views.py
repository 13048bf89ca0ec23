"""What a row says, read in one way by all that ask: filters, split, judge, formats, card and report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.messages import Message, bare

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


def prompt_messages(row: Mapping[str, Any]) -> list[Message]:
    """System (where given) and user message: what the writer is asked and the trained model will be."""
    return [*_system(row), {"role": "user", "content": user_text(row)}]


def messages(row: Mapping[str, Any]) -> list[Message]:
    """All that any row says as typed messages, the system prompt first; fields that say nothing are absent.

    They are the row's own where it has them, else what its other columns make; of a row without an answer, its prompt.
    """
    if row.get("messages"):
        return [*_system(row), *map(bare, row["messages"])]
    asked = prompt_messages(row) if row.get("instruction") is not None else _system(row)
    if row.get("response") is None:
        return asked
    return [*asked, bare({"role": "assistant", "content": row["response"], "reasoning": row.get("reasoning")})]


def user_texts(row: Mapping[str, Any]) -> list[str]:
    """What the user says, a text for each turn."""
    return [turn["content"] for turn in messages(row) if turn["role"] == "user"]


def answers(row: Mapping[str, Any]) -> list[Message]:
    """The turns of the assistant, also those that only call tools."""
    return [turn for turn in messages(row) if turn["role"] == "assistant"]


def last_answer(row: Mapping[str, Any]) -> Message | None:
    """The last turn of the assistant; None where there is none."""
    return next(reversed(answers(row)), None)


def tools(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tools that the assistant may call, as schemas; none where the row has none."""
    found: list[dict[str, Any]] = json.loads(row["tools"]) if row.get("tools") else []
    return found


def _system(row: Mapping[str, Any]) -> list[Message]:
    return [{"role": "system", "content": row["system"]}] if row.get("system") else []
