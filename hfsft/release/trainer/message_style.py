"""Where reasoning and calls of tools are written: in fields of their own or in the texts, as trainers want them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hfsft.recipe.publish import CallStyle, ReasoningStyle
from hfsft.release.trainer.cell_values import spelling
from hfsft.rows import think
from hfsft.rows.batch import Row
from hfsft.rows.calls import OBJECTS
from hfsft.rows.inline import dialect
from hfsft.rows.messages import Message
from hfsft.rows.shapes import hermes
from hfsft.rows.values import DEEPEST, broken
from hfsft.rows.views import messages
from hfsft.sandbox import REASONING_KEYS

SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""The whole numbers that `datasets` reads in a column of JSON; any other stops it."""


@dataclass(frozen=True)
class MessageStyle:
    """How the rows of one dataset are written."""

    reasoning: ReasoningStyle = "as_read"
    tool_calls: CallStyle = "as_read"
    key: str | None = None  # of a message, from which the named tokenizer's template reads reasoning
    shared: str | None = None  # the key in all rows, where their sources call it by several

    def words(self, row: Row, message: Message) -> Collection[str]:
        """How a message is spelt, in the words of dialects: the key of its reasoning, and the form of arguments."""
        read = dialect(row)
        key = next((key for key in REASONING_KEYS if key in read), None) if self.reasoning == "as_read" else None
        objects = self.tool_calls == "object" or (self.tool_calls == "as_read" and OBJECTS in read)
        able = objects and all(map(_is_object, message.get("tool_calls") or ()))
        return [self.shared or key or self.key or REASONING_KEYS[0], *([OBJECTS] if able else [])]


def styled(row: Row, style: MessageStyle) -> list[Message]:
    """The row's messages with reasoning and calls where the style wants them; of XML they stand in fields still."""
    made = [_thought(message, style.reasoning) for message in messages(row)]
    if style.tool_calls not in ("object", "text"):
        return made
    return [moved for message in made for moved in _called(message)]


def reasoning_of(message: Message) -> str | None:
    """What was thought before an answer, in its field or in its text."""
    if message["role"] != "assistant":
        return None
    found = think.split(message["content"])
    return message.get("reasoning") or (found[0] if found else None)


def _thought(message: Message, reasoning: ReasoningStyle) -> Message:
    if message["role"] != "assistant" or reasoning == "as_read":
        return message
    said, typed = message["content"], message.get("reasoning")
    found = think.split(said) if typed is None else (typed, said)
    if found is None or (reasoning == "inline" and typed is None):
        return message
    rest = {name: value for name, value in message.items() if name != "reasoning"}
    if reasoning == "inline":
        return {**rest, "content": think.joined(*found)}
    return {**rest, "content": found[1], **({"reasoning": found[0]} if reasoning == "field" else {})}


def _called(message: Message) -> list[Message]:
    """A message whose calls, or results of calls, stand in its text, with these in fields; of several results a
    message each."""
    text = message["content"]
    if message["role"] == "assistant" and not message.get("tool_calls") and (calls := hermes.calls_in(text)):
        return [{**message, "content": hermes.without_calls(text), "tool_calls": calls}]
    if message["role"] == "tool" and (results := hermes.RESULT.findall(text)):
        return [{**message, "content": result} for result in results]
    return [message]


def _is_object(call: Mapping[str, Any]) -> bool:
    """Whether arguments are an object that `datasets` writes and reads as it is; any other stays a text."""
    try:
        found = json.loads(call.get("arguments") or "", object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and _fits(found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; `ValueError` where a key stands twice, of which only one value would be left."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _fits(value: Any, depth: int = 0) -> bool:
    if depth > DEEPEST:
        return False
    if isinstance(value, dict):
        return not any(map(broken, value)) and all(_fits(inner, depth + 1) for inner in value.values())
    if isinstance(value, list):
        return all(_fits(inner, depth + 1) for inner in value)
    if isinstance(value, str):
        return not broken(value)
    if isinstance(value, float):
        return spelling(value) is not None
    return not isinstance(value, int) or SMALLEST <= value <= LARGEST
