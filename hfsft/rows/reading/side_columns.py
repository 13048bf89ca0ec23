"""What stands beside the turns of a row, in columns of their own: system prompt, reasoning, tools, the right answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hfsft.rows.calls import ShapeError, as_json, tools_of
from hfsft.rows.messages import Message
from hfsft.rows.reading.column_roles import Columns
from hfsft.rows.reading.fields import is_mode, reasoning_text, says
from hfsft.rows.reading.row_report import RowReport, below
from hfsft.rows.shapes.parts import are_texts, read_parts
from hfsft.rows.values import as_text, from_json, holds, unpadded


def text_of(row: Mapping[str, Any], columns: Columns, part: str, finding: RowReport) -> str | None:
    """A part of the row that texts of several columns may make, below each other."""
    values: list[Any] = [row.get(name) for name in columns.get(part, ())]
    if part == "system":  # as Anthropic has it, of parts
        values = ["\n".join(read_parts(value).texts) if are_texts(value) else value for value in values]
    if part == "topic":  # a class may be a number
        values = [as_text(value) if isinstance(value, int | float) else value for value in values]
    return below(*(finding.text(value, part) for value in values))


def thought(turns: list[Message], row: Mapping[str, Any], columns: Columns, finding: RowReport) -> list[Message]:
    """The turns, with the reasoning that a column holds before the last answer, where that has none of its own."""
    place = next((n for n in reversed(range(len(turns))) if turns[n]["role"] == "assistant"), None)
    for name in columns.get("reasoning", ()):
        value = row.get(name)
        if value is None or not says(value):
            continue
        if is_mode(value):
            finding.left(name, value)
            continue
        text = reasoning_text(value)
        if text is None:
            finding.odd("reasoning is not text (`drop: [reasoning]` leaves it out)")
        elif place is None or turns[place].get("reasoning") is not None:
            finding.left(name, None if place is not None and turns[place].get("reasoning") == text else value)
        else:
            finding.wrote(name)
            said = {**turns[place], "reasoning": finding.text(text, "reasoning")}
            turns = [*turns[:place], said, *turns[place + 1 :]]
    return turns


def tools(row: Mapping[str, Any], columns: Columns, finding: RowReport) -> dict[str, Any]:
    """The tools that a column holds, or else a turn, as a JSON list; nothing where there are none."""
    in_columns = [(name, row[name]) for name in columns.get("tools", ()) if holds(row.get(name))]
    for name, value in in_columns[1:]:
        finding.left(name, value)
    given = [value for _, value in in_columns[:1]] or finding.tools[:1]
    for value in finding.tools:
        if "tools" in finding.drop or value not in given:
            finding.left("tools of a turn", value)
    given = [as_json(from_json(value)) if _is_printed(value) else value for value in given]
    given = unpadded(given) if finding.padded else given
    if not given or "tools" in finding.drop:
        return {}
    try:
        found = tools_of(given[0])
        is_list = isinstance(given[0], str) and given[0].lstrip().startswith("[") and '"{' not in given[0]
        text = given[0] if is_list else as_json(found)
    except ShapeError as error:
        finding.odd(f"{error} (`drop: [tools]` leaves them out)")
        return {}
    return {"tools": finding.text(text, "tools")} if found else {}


def _is_printed(value: Any) -> bool:
    """Whether a text is a list as Python prints it, which is no JSON."""
    if not isinstance(value, str) or not isinstance(from_json(value), list):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return True
    return False


def reference(row: Mapping[str, Any], columns: Columns, finding: RowReport) -> dict[str, Any]:
    """The right answer, in whatever type it stands there."""
    (name,) = columns.get("reference", (None,))
    value = as_text(row.get(name)) if name is not None else None
    return {"reference": finding.text(value, "reference")} if value is not None else {}
