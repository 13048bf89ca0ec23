"""Harmony, as gpt-oss writes and reads it: the assistant thinks, calls and answers on channels of their own.

<|start|>user<|message|>Hi<|end|>
<|start|>assistant<|channel|>analysis<|message|>A greeting.<|end|>
<|start|>assistant<|channel|>final<|message|>Hello<|return|>
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hfsft.rows.calls import ShapeError
from hfsft.rows.messages import Message
from hfsft.rows.shapes.shape import Item, Shape, Tools, Turn

NAME = "harmony"
FUNCTIONS = "functions."
CHANNEL, RECIPIENT = "channel", "recipient"
START = "<|start|>"
HEAD = re.compile(r"\s*([\w.\-]+)(?:\s+to=([\w.\-]+))?\s*(?:<\|channel\|>\s*([a-z]+)([^<]*))?(?:<\|constrain\|>[^<]*)?")
TO = re.compile(r"(?<!\s)\s+to=([\w.\-]+)")
END = re.compile(r"<\|(?:end|return|call)\|>\s*$")


def channelled(turn: Turn) -> Turn:
    """A turn as its channel means it: analysis is thought, commentary to a tool a call; any other as it is."""
    channel = turn.fields.get(CHANNEL)
    if not isinstance(channel, str):
        return turn
    to = turn.fields.get(RECIPIENT)
    fields = {name: value for name, value in turn.fields.items() if name not in (CHANNEL, RECIPIENT, "content_type")}
    if turn.role != "assistant" or channel == "final":
        return replace(turn, fields=fields)
    if isinstance(to, str) and to not in ("", "user", "all", "assistant"):
        call = {"name": to.removeprefix(FUNCTIONS), "arguments": turn.content}
        return Turn("assistant", None, {**fields, "tool_calls": [call]}, joins=True)
    if channel == "analysis":
        return Turn("assistant", None, {**fields, "thinking": turn.content}, thought=True)
    return replace(turn, fields=fields, thought=True)  # words before a call


def _read(item: Item) -> Item:
    column = next((name for name, value in item.items() if _is_text(value)), None)
    if column is None:
        raise ShapeError(f"no column holds a text with {START}")
    rest = {name: value for name, value in item.items() if name != column}
    return {**rest, "messages": [_message(part) for part in item[column].split(START) if part.strip()]}


def _message(part: str) -> dict[str, Any]:
    head, marked, text = part.partition("<|message|>")
    found = HEAD.fullmatch(head)
    if not marked or found is None:
        raise ShapeError("a message in harmony has no role, or no <|message|>")
    role, to, channel, rest = found.groups()
    recipient = to or (inner[1] if (inner := TO.search(rest or "")) else None)
    fields = {CHANNEL: channel, RECIPIENT: recipient}
    said = {name: value for name, value in fields.items() if value}
    return {"role": role, "content": END.sub("", text), **said}


def _tells(item: Item) -> bool:
    return any(map(_is_text, item.values()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip().startswith(START) and "<|message|>" in value


def _write(messages: Sequence[Message], tools: Tools, _: Collection[str]) -> dict[str, Any]:
    """The text of a conversation; schemas of tools are a template's to write, and go beside it."""
    text = "".join(part for turn in messages for part in _parts(turn))
    return {"text": text} | ({"tools": [dict(tool) for tool in tools]} if tools else {})


def _parts(turn: Mapping[str, Any]) -> list[str]:
    if turn["role"] == "tool":
        name = turn.get("name") or "tool"
        return [f"{START}{FUNCTIONS}{name} to=assistant<|channel|>commentary<|message|>{turn['content']}<|end|>"]
    if turn["role"] != "assistant":
        role = "developer" if turn["role"] == "system" else turn["role"]
        return [f"{START}{role}<|message|>{turn['content']}<|end|>"]
    calls = turn.get("tool_calls", ())
    parts = []
    if turn.get("reasoning"):
        parts.append(f"{START}assistant<|channel|>analysis<|message|>{turn['reasoning']}<|end|>")
    if turn["content"]:
        channel = "commentary" if calls else "final"
        parts.append(f"{START}assistant<|channel|>{channel}<|message|>{turn['content']}<|end|>")
    for call in calls:
        to = f"{FUNCTIONS}{call['name']}"
        head = f"{START}assistant<|channel|>commentary to={to} <|constrain|>json"
        parts.append(f"{head}<|message|>{call['arguments']}<|call|>")
    return parts


HARMONY = Shape(
    NAME,
    "one text with all messages and their channels, as gpt-oss has it",
    read=_read,
    tells=_tells,
    write=_write,
)
