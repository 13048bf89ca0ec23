"""The columns that every row has, and the names that no other column may have."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

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
