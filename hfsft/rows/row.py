"""A row as it comes in, and one that grows from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfsft.hashing import digest
from hfsft.rows.columns import TEXTS
from hfsft.rows.messages import bare

FIRST = ("topic", "system", "context", "instruction", "response", "messages")
"""The texts in every id, in this order; any other is in it only where a row has it, so that ids of before stay."""


def new_row(origin: str, texts: Mapping[str, Any], copy: int = 0) -> dict[str, Any]:
    """A row as it comes in, with every column of `COLUMNS`; `copy` counts rows that are the same to the letter.

    The id is a hash of what the row says; where it was read and what of it was left unread are not part of it.
    """
    said = {name: texts.get(name) for name in TEXTS}
    hashed = {**said, "messages": said["messages"] and [bare(turn) for turn in said["messages"]]}
    more = [[name, value] for name, value in said.items() if name not in FIRST and value]
    row_id = digest([origin, [hashed[name] for name in FIRST], copy, *([more] if more else [])], 16)
    lineage = {"id": row_id, "seed_id": row_id, "parent_id": None, "origin": origin, "round": 0, "template": None}
    return {**lineage, "source": texts.get("source"), "unread": texts.get("unread") or [], **said}


def child_id(parent_id: str, *lineage: Any) -> str:
    """16 hex digits for a row grown from another; known before its text is, so a failure has an id too."""
    return digest([parent_id, *lineage], 16)
