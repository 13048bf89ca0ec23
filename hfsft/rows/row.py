"""A row as it comes in, and one that grows from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hfsft.hashing import digest
from hfsft.rows.columns import TEXTS
from hfsft.rows.messages import Message, bare

EDITED = "edited"
"""The origin of rows that people gave another text."""
PEOPLE = {"example": 0, "seed": 1, EDITED: 2}
"""Origins of rows that people wrote, and which of them is preferred."""
ACCEPTED = "accepted"
"""What the column `reviewed` says of rows that people looked at and accepted as they are."""
WRITTEN = "written"
"""The origin of rows that a model wrote, and did not grow from a seed."""
FIRST = ("topic", "system", "context", "instruction", "response", "messages")
"""The texts in every id, in this order; any other is in it only where a row has it, so that ids of before stay."""


def new_row(origin: str, texts: Mapping[str, Any], copy: int = 0) -> dict[str, Any]:
    """A row as it comes in, with every column of `COLUMNS`; `copy` counts rows that are the same to the letter.

    The id is a hash of what the row says; where it was read, how it was written there, who is
    called what in it and what of it was left unread are not part of it.
    """
    said = {name: texts.get(name) for name in TEXTS}
    hashed = {**said, "messages": _hashed(said["messages"])}
    more = [[name, value] for name, value in said.items() if name not in FIRST and value]
    row_id = digest([origin, [hashed[name] for name in FIRST], copy, *([more] if more else [])], 16)
    lineage = {"id": row_id, "seed_id": row_id, "parent_id": None, "origin": origin, "round": 0, "template": None}
    where = {"source": texts.get("source"), "unread": texts.get("unread") or [], "dialect": texts.get("dialect")}
    return {**lineage, **where, **said}


def peoples(origin: Any, reviewed: Any = None) -> int | None:
    """Which of people's rows is preferred, the smallest; of those that they accepted too; None for any other row."""
    return PEOPLE.get(str(origin), len(PEOPLE) if reviewed == ACCEPTED else None)


def is_approved(reviewed: Any) -> bool:
    """Whether a row is as people want it, by what stands in the column `reviewed`."""
    return reviewed in (ACCEPTED, EDITED)


def _hashed(messages: list[Message] | None) -> list[Message] | None:
    """Messages as the id sees them: without names of speakers, and as nothing where only those made them be stored."""
    if messages is None:
        return None
    said = [bare(message) for message in messages]
    unnamed = [{k: v for k, v in turn.items() if k != "name" or turn["role"] == "tool"} for turn in said]
    only_names = unnamed != said and [set(turn) for turn in unnamed] == [{"role", "content"}] * 2
    return None if only_names else unnamed


def child_id(parent_id: str, *lineage: Any) -> str:
    """16 hex digits for a row grown from another; known before its text is, so a failure has an id too."""
    return digest([parent_id, *lineage], 16)
