"""The columns that every row has, and how they become a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfsft.hashing import digest
from hfsft.rows.columns import TEXTS


def new_row(origin: str, texts: Mapping[str, Any], copy: int = 0) -> dict[str, Any]:
    """A row as it comes in, with every column of `COLUMNS`; `copy` counts rows that are the same to the letter.

    The id is a hash of what the row says; where it was read and what of it was left unread are not part of it.
    """
    said = {name: texts.get(name) for name in TEXTS}
    row_id = digest([origin, list(said.values()), copy], 16)
    lineage = {"id": row_id, "seed_id": row_id, "parent_id": None, "origin": origin, "round": 0, "template": None}
    return {**lineage, "source": texts.get("source"), "unread": texts.get("unread") or [], **said}


def child_id(parent_id: str, *lineage: Any) -> str:
    """16 hex digits for a row grown from another; known before its text is, so a failure has an id too."""
    return digest([parent_id, *lineage], 16)


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
