"""What written rows need of their dataset, beyond the columns and fields that their format always has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hfsft.release.trainer.formats import Say
from hfsft.rows.batch import Row
from hfsft.sandbox import REASONING_KEYS

MORE = {"tools": "string", "chat_template_kwargs": "json", "history": [["string"]]}
"""Columns that a format has where some row needs them; tools are JSON text, which every trainer's reader takes."""
FIELDS = ("reasoning_content", "thinking", "reasoning", "tool_calls", "tool_call_id", "name", "weight")
"""Fields of a turn that a format has where some row needs them, in the order in which files show them."""
CALL = {"id": "string", "type": "string", "function": {"name": "string", "arguments": "string"}}


@dataclass(frozen=True)
class RowNeeds:
    """What one row needs; most need nothing. It is JSON, so that it can be kept for the next build."""

    refused: Sequence[Say] = ()  # what the row says and its format cannot hold: it is not written
    unrendered: str | None = None  # why the chat template refuses it, where the format is what that writes
    more: Sequence[str] = ()  # columns
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of turns, by the column that these stand in
    ids: Sequence[bool] = ()  # whether its calls have an id
    objects: bool = False  # whether arguments of a call are an object and no text
    fractions: bool = False  # whether a weight is no whole number

    @classmethod
    def of(cls, written: Row, columns: Mapping[str, Any]) -> RowNeeds:
        """What a row needs as it is written, in a format that always has these columns."""
        more, said, turns = [], dict[str, Sequence[str]](), list[Row]()
        for name, value in written.items():
            if name not in columns:
                more.append(name)
            elif isinstance(value, list):
                base = columns[name][0]
                long = [turn for turn in value if len(turn) > len(base)]
                turns += long
                if found := {key for turn in long for key in turn if key not in base}:
                    said[name] = sorted(found)
        if not (more or turns):
            return NOTHING
        calls = [call for turn in turns for call in turn.get("tool_calls") or ()]
        return cls(
            more=more,
            fields=said,
            ids=sorted({"id" in call for call in calls}),
            objects=not all(isinstance(call["function"]["arguments"], str) for call in calls),
            fractions=not all(float(turn.get("weight") or 0).is_integer() for turn in turns),
        )


NOTHING = RowNeeds()


class AllNeeds:
    """What all rows of a dataset need together."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = columns
        self._more: set[str] = set()
        self._fields: set[str] = set()
        self._typed = True  # whether all calls have arguments as texts, and all or none of them an id
        self._ids: set[bool] = set()
        self._whole = True  # whether all weights are whole numbers

    def add(self, needs: RowNeeds) -> None:
        """Take in one row."""
        self._more.update(needs.more)
        self._fields.update(*needs.fields.values())
        self._ids.update(needs.ids)
        self._typed = self._typed and not needs.objects
        self._whole = self._whole and not needs.fractions

    def reasoning(self) -> set[str]:
        """The fields of turns in which reasoning stands."""
        return self._fields & set(REASONING_KEYS)

    def columns(self, shared: str | None = None) -> dict[str, Any]:
        """Column -> type; all reasoning stands in the field `shared`, where one is given."""
        kinds: dict[str, Any] = dict.fromkeys(FIELDS, "string")
        call = {name: kind for name, kind in CALL.items() if name != "id" or True in self._ids}
        kinds["tool_calls"] = [call] if self._typed and len(self._ids) < 2 else ["json"]  # objects differ in their keys
        kinds["weight"] = "int64" if self._whole else "float64"
        # Of prompt and completion both have the fields of either: trainers join the two.
        said = self._fields - set(REASONING_KEYS) | {shared} if shared else self._fields
        more = {name: kinds[name] for name in FIELDS if name in said}
        columns = {
            name: [{**kind[0], **more}] if isinstance(kind, list) else kind for name, kind in self._columns.items()
        }
        return columns | {name: kind for name, kind in MORE.items() if name in self._more}
