"""A question, the calls that answer it, and the tools, in columns of their own, as xLAM's function calls have them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from hfsft.rows.calls import ShapeError, as_json, calls_of
from hfsft.rows.messages import Message
from hfsft.rows.shapes.shape import Item, Shape, Tools
from hfsft.rows.values import holds


def _read(item: Item) -> Item:
    if not isinstance(item.get("query"), str):
        raise ShapeError("no query")
    calls, _ = calls_of(item.get("answers"))
    rest = {name: value for name, value in item.items() if name not in ("query", "answers")}
    answer = {"role": "assistant", "content": "", "tool_calls": calls}
    return {**rest, "messages": [{"role": "user", "content": item["query"]}, answer]}


def _tells(item: Item) -> bool:
    if not all(holds(item.get(name)) for name in ("query", "answers", "tools")) or "messages" in item:
        return False
    try:
        return bool(calls_of(item["answers"])[0])
    except ShapeError:
        return False


def _write(messages: Sequence[Message], tools: Tools, _: Collection[str]) -> dict[str, Any]:
    if [turn["role"] for turn in messages] != ["user", "assistant"] or messages[1]["content"]:
        raise ShapeError("xlam has one question, and calls alone as its answer")
    calls = [
        {"name": call["name"], "arguments": json.loads(call["arguments"])} for call in messages[1].get("tool_calls", ())
    ]
    return {"query": messages[0]["content"], "answers": as_json(calls), "tools": as_json(list(tools))}


XLAM = Shape("xlam", "`query`, `answers` with calls alone, and `tools`", read=_read, tells=_tells, write=_write)
