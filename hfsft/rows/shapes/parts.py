"""Turns whose content is a list of parts, as Anthropic and OpenAI write them: text, thoughts, calls, results."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hfsft.rows.calls import IDS, Call, ShapeError, as_json, calls_of
from hfsft.rows.messages import Message, system_apart
from hfsft.rows.shapes.shape import Shape, Tools
from hfsft.rows.spelling import spelt
from hfsft.rows.values import absent, holds

TEXT_KEYS = ("text", "content", "value", "input_text", "output_text")
TEXTS = ("text", "input_text", "output_text")
THOUGHTS = ("thinking", "reasoning", "reasoning_text", "thought", "summary_text")
REDACTED = "redacted_thinking"
CALLS = ("tool_use", "tool_call", "tool_calls", "function_call")
RESULTS = ("tool_result", "function_call_output", "tool_response")
BLOBS = ("image", "audio", "video", "file", "document")


@dataclass
class Parts:
    """What the parts of one turn come to."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    objects: bool = False  # whether arguments of calls came as objects
    results: list[Message] = field(default_factory=list)
    left: dict[str, Any] = field(default_factory=dict)  # fields of parts that are not carried


def read_parts(parts: Sequence[Any], thoughts: bool = True) -> Parts:
    """The parts of one turn, without `thoughts` none that are reasoning. Raises `ShapeError` for one that is none."""
    found = Parts()
    for part in parts:
        if not thoughts and isinstance(part, Mapping) and spelt(str(part.get("type"))) in (*THOUGHTS, REDACTED):
            found.left["reasoning"] = part
        elif isinstance(part, str):
            found.texts.append(part)
        elif isinstance(part, Mapping):
            _read(part, found)
        else:
            raise ShapeError("a turn is not text")
    return found


def _read(part: Mapping[str, Any], found: Parts) -> None:
    kind = spelt(str(part.get("type") or "text"))
    text = next((part[key] for key in TEXT_KEYS if isinstance(part.get(key), str)), None)
    if kind in TEXTS:
        if text is not None:
            found.texts.append(text)
        elif any(holds(part.get(key)) for key in TEXT_KEYS):
            raise ShapeError("a turn is not text")
        found.left |= {name: value for name, value in part.items() if name not in (*TEXT_KEYS, "type")}
    elif kind in THOUGHTS:
        found.thoughts += _thought(part, kind)
    elif kind == REDACTED:
        raise ShapeError("reasoning is encrypted (`drop: [reasoning]` leaves it out)")
    elif kind in CALLS:
        calls, objects = calls_of(part.get(kind) if isinstance(part.get(kind), Mapping | list) else part)
        found.calls, found.objects = [*found.calls, *calls], found.objects or objects
    elif kind in RESULTS:
        found.results.append(_result(part))
    elif any(word in kind for word in BLOBS):
        raise ShapeError("a turn with an image, sound or file, which hfsft does not carry yet")
    else:
        raise ShapeError("a turn is not text")


def _thought(part: Mapping[str, Any], kind: str) -> list[str]:
    keys = (kind, "thinking", "reasoning", "text", "content", "summary")
    value = next((part[key] for key in keys if _says(part.get(key))), None)
    if isinstance(value, list):  # {"type": "reasoning", "summary": [{"type": "summary_text", "text": ...}]}
        return [text for one in value for text in read_parts([one]).texts + read_parts([one]).thoughts]
    if value is not None and not isinstance(value, str):
        raise ShapeError("reasoning is not text")
    return [] if value is None else [value]


def _says(value: Any) -> bool:
    return not absent(value) if isinstance(value, str) else holds(value)


def _result(part: Mapping[str, Any]) -> Message:
    """A tool's message of a part that holds a result: text, parts that are text, or any value as JSON."""
    value = next((part[key] for key in ("content", "output", "result", "text") if part.get(key) is not None), "")
    number = next((part[key] for key in IDS if part.get(key)), None)
    message: Message = {"role": "tool", "content": result_text(value)}
    if number is not None:
        message["tool_call_id"] = str(number)
    name = part.get("name") or part.get("toolName")
    return message | ({"name": name} if isinstance(name, str) else {})


def are_parts(value: Any) -> bool:
    """Whether the value is a part that is known, or a list of such; a tool may give back any other object."""
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, list):
        return False
    known = (*TEXTS, *THOUGHTS, *CALLS, *RESULTS, REDACTED)
    kinds = [spelt(str(x.get("type"))) if isinstance(x, Mapping) else "" for x in listed]
    return bool(kinds) and all(kind in known or kind.split("_")[-1] in (*BLOBS, "url") for kind in kinds)


def are_texts(value: Any) -> bool:
    """Whether the value is a list of parts that are all text."""
    return isinstance(value, list) and bool(value) and all(_is_text(part) for part in value)


def _is_text(part: Any) -> bool:
    return isinstance(part, Mapping) and spelt(str(part.get("type"))) in TEXTS


def result_text(value: Any) -> str:
    """What a tool gave back, as text: itself, parts that are text below each other, or any other value as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if are_parts(value):
        inner = read_parts([value] if isinstance(value, Mapping) else value)
        if not (inner.calls or inner.results or inner.thoughts):
            return "\n".join(inner.texts)
    return as_json(value)


def _write(messages: Sequence[Message], tools: Tools, _: Collection[str]) -> dict[str, Any]:
    """Messages as Anthropic takes them: the system prompt beside them, results as parts of the user's turn."""
    item: dict[str, Any] = {"messages": []}
    system, messages = system_apart(messages)
    if system is not None:
        item["system"] = system
    for turn in messages:
        role = "user" if turn["role"] == "tool" else turn["role"]
        parts: list[dict[str, Any]] = []
        if turn["role"] == "tool":
            parts.append({"type": "tool_result", "tool_use_id": turn.get("tool_call_id"), "content": turn["content"]})
        else:
            parts += [{"type": "thinking", "thinking": turn["reasoning"]}] if turn.get("reasoning") else []
            parts += [{"type": "text", "text": turn["content"]}] if turn["content"] else []
            parts += [
                {"type": "tool_use", "id": call.get("id"), "name": call["name"], "input": json.loads(call["arguments"])}
                for call in turn.get("tool_calls", ())
            ]
        if item["messages"] and item["messages"][-1]["role"] == role:
            item["messages"][-1]["content"] += parts
        else:
            item["messages"].append({"role": role, "content": parts})
    if tools:
        item["tools"] = [_schema(tool) for tool in tools]
    return item


def _schema(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool.get("function", tool)
    schema = function.get("parameters", function.get("input_schema", {"type": "object", "properties": {}}))
    rest = {name: function[name] for name in ("name", "description") if name in function}
    return {**rest, "input_schema": schema}


PARTS = Shape(
    "parts",
    "`messages` whose content is a list of parts: text, thinking, tool_use and tool_result, as Anthropic's",
    columns={"messages": "messages"},
    write=_write,
)
