"""A conversation in one text, each turn behind a mark, as Glaive's function calls and older sets have it.

USER: Is it cold in Oslo?\n\n\nASSISTANT: <functioncall> {"name": "weather", "arguments": '{"city":
"Oslo"}'} <|endoftext|>\n\n\nFUNCTION RESPONSE: {"degrees": 3}
"""

from __future__ import annotations

import json
import re
from typing import Any

from hfsft.rows.calls import ShapeError, calls_of
from hfsft.rows.shapes.shape import Item, Shape
from hfsft.rows.values import absent

MARKS = {"user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "function response": "tool"}
MARK = re.compile(r"(?:(?:^|\n)[ \t]*|### ?)(USER|User|HUMAN|Human|ASSISTANT|Assistant|GPT|FUNCTION RESPONSE):")
CALL = "<functioncall>"
END = "<|endoftext|>"
QUOTED = re.compile(r"""("arguments":\s*)'(.*)'(\s*\})\s*$""", re.DOTALL)
SYSTEM = re.compile(r"\A\s*SYSTEM:\s*")
ANSWERS = ("messages", "conversations", "response", "output", "completion", "answer", "chosen", "rejected", "label")


def is_marked(value: Any) -> bool:
    """Whether the value is a text of turns of both user and assistant, with nothing but a system prompt before them."""
    if not isinstance(value, str) or not (SYSTEM.match(value) or MARK.match(value.lstrip())):
        return False
    return {"user", "assistant"} <= {MARKS[found.lower()] for found in MARK.findall(value)}


def turns_of(text: str) -> list[dict[str, Any]]:
    """The turns in such a text, without its system prompt. Raises `ShapeError` for a call that is none."""
    _, *pieces = MARK.split(text.lstrip())
    pairs = zip(pieces[::2], pieces[1::2], strict=True)
    return [turn for mark, piece in pairs for turn in _turns(MARKS[mark.lower()], piece)]


def _read(item: Item) -> Item:
    column = next((name for name, value in item.items() if is_marked(value)), None)
    if column is None:
        raise ShapeError("no column holds a text with turns behind USER: and ASSISTANT:")
    made = {name: value for name, value in item.items() if name != column}
    before = MARK.split(item[column].lstrip(), maxsplit=1)[0].strip()
    if before and not absent(item.get("system")):
        raise ShapeError("a system prompt in the text and in a column of its own")
    if before or isinstance(item.get("system"), str):
        made["system"], tools = _system(before or item["system"])
        if tools and absent(item.get("tools")):
            made["tools"] = tools
    return {**made, "messages": turns_of(item[column])}


def _turns(role: str, text: str) -> list[dict[str, Any]]:
    said = text.replace(END, "").strip()
    if role != "assistant" or CALL not in said:
        return [{"role": role, "content": said}]
    words, *calls = said.split(CALL)
    return [{"role": role, "content": words.strip(), "tool_calls": [_call(call.strip()) for call in calls]}]


def _call(text: str) -> dict[str, str]:
    """A call as Glaive writes it: an object in JSON whose arguments stand in single quotes."""
    (call,), _ = calls_of(QUOTED.sub(_requoted, text))
    return call


def _requoted(found: re.Match[str]) -> str:
    return f"{found[1]}{json.dumps(found[2])}{found[3]}"


def _system(text: str) -> tuple[str | None, list[Any]]:
    """The system prompt without the tools at its end, and these."""
    text = SYSTEM.sub("", text, count=1)
    start = text.find("{")
    tools: list[Any] = []
    place = start
    while 0 <= place < len(text):
        try:
            tool, end = json.JSONDecoder().raw_decode(text, place)
        except (ValueError, RecursionError):
            return text, []
        tools.append(tool)
        rest = text[end:].lstrip(" \t\r\n,")
        place = len(text) - len(rest)
    if not all(isinstance(tool, dict) and "name" in tool for tool in tools):
        return text, []
    return (text[:start].strip() or None, tools) if tools else (text, [])


MARKED = Shape(
    "marked",
    "one text with turns behind USER:, ASSISTANT: and FUNCTION RESPONSE:, also with SYSTEM: before them, as Glaive's "
    "function calls have it",
    read=_read,
    tells=lambda item: not any(name in item for name in ANSWERS) and any(map(is_marked, item.values())),
)
