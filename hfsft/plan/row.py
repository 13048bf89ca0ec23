"""The columns that every row has, and how they become a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfsft.plan.step import digest

MESSAGES = [{"role": "string", "content": "string"}]

COLUMNS: dict[str, Any] = {
    "id": "string",  # hash of content or lineage; never of position
    "seed_id": "string",  # the seed or example that the row grew from, itself for those
    "parent_id": "string",
    "origin": "string",  # seed, example or evolved
    "round": "int32",  # 0 for seeds and examples, then the round of evolution
    "template": "string",  # the evolution that wrote the instruction
    "topic": "string",
    "system": "string",
    "context": "string",
    "instruction": "string",  # of a conversation: its first user message
    "response": "string",  # of a conversation: its last assistant message
    "messages": MESSAGES,  # only where a row came as a conversation of several turns
}
"""Column -> type, in the order that files show them."""


def content_id(row: Mapping[str, Any], copy: int = 0) -> str:
    """16 hex digits for a row as it came in; `copy` counts rows that are the same to the letter."""
    text = [row.get(name) for name in ("topic", "system", "context", "instruction", "response", "messages")]
    return digest([text, copy], 16)


def child_id(parent_id: str, *lineage: Any) -> str:
    """16 hex digits for a row grown from another; known before its text is, so a failure has an id too."""
    return digest([parent_id, *lineage], 16)


def user_text(row: Mapping[str, Any]) -> str:
    """What the user says: the instruction, and below it the context where there is one."""
    instruction: str = row["instruction"]
    context = row.get("context")
    return f"{instruction}\n\n{context}" if context else instruction


def prompt_messages(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """System (where given) and user message: what the writer is asked and the trained model will be."""
    messages = [{"role": "user", "content": user_text(row)}]
    if row.get("system"):
        messages.insert(0, {"role": "system", "content": row["system"]})
    return messages


def conversation(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """The row as chat messages, ending with the assistant's."""
    if row.get("messages"):
        return [{"role": m["role"], "content": m["content"]} for m in row["messages"]]
    return [*prompt_messages(row), {"role": "assistant", "content": row["response"]}]
