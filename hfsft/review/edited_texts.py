"""The texts of a row that a reviewer may write anew, each by a name of its own, and what that makes of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hfsft.rows.views import own_turns

COLUMNS = ("system", "instruction", "context", "reasoning", "response")
"""Those of a row without turns of its own, in the order of the page; it has the ones that say something."""
TURNS = "messages"
_FIELDS = {"reasoning": " reasoning", "content": ""}


def editable(row: Mapping[str, Any]) -> dict[str, str]:
    """Name -> text. Of a row with turns of its own: the system prompt, and of each turn what is thought and said."""
    turns = own_turns(row)
    if turns is None:
        return {name: row.get(name) or "" for name in COLUMNS if row.get(name) or name == "response"}
    system = {"system": row["system"]} if row.get("system") else {}
    return {**system, **{name: turns[place][field] for name, place, field in _texts(turns)}}


def columns_of(edit: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    """What a verdict says of an edit: each column with its new text, all turns where one of them is another."""
    turns = own_turns(row)
    if turns is None or edit.keys() <= {"system"}:
        return dict(edit)
    new = [dict(turn) for turn in turns]
    for name, place, field in _texts(turns):
        new[place][field] = edit.get(name, new[place][field])
    system = edit.get("system", row.get("system"))
    return {TURNS: [*([{"role": "system", "content": system}] if system else []), *new]}


def texts_of(columns: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, str]:
    """The texts that an edit of columns changed, by their names; the inverse of `columns_of`.

    Of turns that are not as many as the row's nothing is told: they were not written on the page.
    """
    turns, new = own_turns(row), columns.get(TURNS)
    texts = {name: text for name, text in columns.items() if isinstance(text, str)}
    if turns is None or not isinstance(new, list):
        return texts
    apart = new[:1] if len(new) == len(turns) + 1 and new[0].get("role") == "system" else []
    found = {"system": apart[0].get("content") or ""} if apart and apart[0].get("content") != row.get("system") else {}
    behind = new[len(apart) :]
    if len(behind) != len(turns):
        return texts
    for name, place, field in _texts(turns):
        text = behind[place].get(field) or ""
        if text != turns[place][field]:
            found[name] = text
    return {**texts, **found}


def _texts(turns: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, str]]:
    """Each text of turns: its name, the place of its turn, and the field that holds it."""
    return [
        (f"{turn['role']}{said}, turn {place + 1}", place, field)
        for place, turn in enumerate(turns)
        for field, said in _FIELDS.items()
        if turn.get(field)
    ]
