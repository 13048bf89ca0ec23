"""The columns that every row has, and how they become a conversation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hfsft.engine.step import digest

MESSAGES = [{"role": "string", "content": "string"}]

COLUMNS: dict[str, Any] = {
    "id": "string",  # hash of content or lineage; never of position
    "seed_id": "string",  # the seed or example that the row grew from, itself for those
    "parent_id": "string",
    "origin": "string",  # seed, example or evolved
    "round": "int32",  # 0 for seeds and examples, then the round of evolution
    "template": "string",  # the evolution that wrote the instruction
    "source": "string",  # where the row, or the seed it grew from, was read: a file and line, as `tickets.jsonl:3`
    "unread": ["string"],  # columns and fields of the source row that hold something and were not carried
    "topic": "string",
    "system": "string",
    "context": "string",
    "instruction": "string",  # of a conversation: its first user message
    "response": "string",  # of a conversation: its last assistant message
    "messages": MESSAGES,  # only where a row came as a conversation of several turns; the system stands in `system`
}
"""Column -> type, in the order that files show them."""


TEXTS = ("topic", "system", "context", "instruction", "response", "messages")
"""The columns that hold what somebody wrote; the others say where a row comes from."""

TAKEN = frozenset((
    "name", "description", "language", "user", "assistant",  # what templates know beside the columns
    "split", "family", "defect", "unscored", "error", "pending",  # what steps and the engine write
    "fate", "stage", "rule", "value", "bound", "of", "prompt", "completion", "conversation",
))  # fmt: skip
"""Names beside those of `COLUMNS` that a column of a source may not have."""
TAKEN_PREFIXES = ("score_", "reason_")


def kept_columns(names: Iterable[str], written: Collection[str] = ()) -> dict[str, str]:
    """The column that each kept column of the sources becomes: itself, or `source_<name>` where that name is taken.

    `written` are the columns that the plan's other steps write.
    """
    names = list(dict.fromkeys(names))
    taken = {*COLUMNS, *TAKEN, *written}
    ours = {name for name in names if name in taken or name.startswith(TAKEN_PREFIXES)}
    kept = {name: name for name in names if name not in ours}
    for name in names:
        if name in ours:
            column = f"source_{name}"
            while column in taken or column in kept.values():
                column = f"source_{column}"
            kept[name] = column
    return {name: kept[name] for name in names}


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
