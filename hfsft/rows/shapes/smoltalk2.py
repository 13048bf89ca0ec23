"""SmolTalk2: messages, and beside them what its chat template is told, in `chat_template_kwargs`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hfsft.rows.calls import ShapeError, as_json
from hfsft.rows.messages import Message, system_apart
from hfsft.rows.shapes.openai import message_of
from hfsft.rows.shapes.shape import Item, Shape, Tools
from hfsft.rows.values import holds

COLUMN = "chat_template_kwargs"
TOOLS = ("xml_tools", "python_tools", "tools")
THINKING, NO_THINKING, PYTHON = "enable_thinking", "no_thinking", "python_tools"
"""Words of a dialect: the template was told to let the model think, or not to; tools are called as Python."""


def _kwargs(item: Item) -> Mapping[str, Any] | None:
    value = item.get(COLUMN)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, Mapping) and holds(value) else None


def _read(item: Item) -> Item:
    kwargs = _kwargs(item)
    if kwargs is None:
        return item
    made = {name: value for name, value in item.items() if name != COLUMN}
    asked = kwargs.get("custom_instructions")
    if isinstance(asked, str) and asked.strip():
        if holds(item.get("system")):
            raise ShapeError(f"a system prompt in {COLUMN} and in a column of its own")
        made["system"] = asked
    for name in TOOLS:
        if holds(kwargs.get(name)):
            if holds(made.get("tools")):
                raise ShapeError("tools in more than one place")
            made["tools"] = kwargs[name]
    rest = {name: value for name, value in kwargs.items() if name not in ("custom_instructions", THINKING, *TOOLS)}
    return {**made, **({COLUMN: rest} if holds(rest) else {})}


def _words(item: Item) -> list[str]:
    """What the dialect of an item says of how its template is told to write it."""
    kwargs = _kwargs(item) or {}
    thinking = kwargs.get(THINKING)
    said = [] if thinking is None else [THINKING if thinking else NO_THINKING]
    return [*said, *([PYTHON] if holds(kwargs.get(PYTHON)) else [])]


def write(messages: Sequence[Message], tools: Tools, dialect: Collection[str]) -> dict[str, Any]:
    """The system prompt and the schemas of tools stand in what the template is told."""
    kwargs: dict[str, Any] = {}
    system, messages = system_apart(messages)
    if system is not None:
        kwargs["custom_instructions"] = system
    if THINKING in dialect or NO_THINKING in dialect:
        kwargs[THINKING] = THINKING in dialect
    if tools:
        kwargs[PYTHON if PYTHON in dialect else TOOLS[0]] = [as_json(tool) for tool in tools]
    return {"messages": [message_of(turn, dialect) for turn in messages], COLUMN: kwargs}


SMOLTALK2 = Shape(
    "smoltalk2",
    "`messages` and `chat_template_kwargs` with a system prompt, tools, and whether the model thinks",
    read=_read,
    words=_words,
    tells=lambda item: _kwargs(item) is not None,
    write=write,
)
