"""Turns of `from` and `value` as ShareGPT has them, with calls and results as turns of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from hfsft.rows.calls import as_json
from hfsft.rows.messages import Message
from hfsft.rows.shapes.shape import Shape, Tools
from hfsft.rows.think import joined

CALL_ROLES = frozenset((
    "function_call", "function_calls", "tool_call", "tool_calls",
))  # fmt: skip
RESULT_ROLES = frozenset((
    "tool", "tools", "tool_response", "tool_responses", "tool_result", "tool_results", "tool_output",
    "function", "function_response", "function_result", "function_output", "observation", "ipython", "environment",
))  # fmt: skip
ROLES = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _write(messages: Sequence[Message], tools: Tools, _: Collection[str]) -> dict[str, Any]:
    """As LLaMA-Factory reads it: several calls are a list, results of several too; reasoning stands in the text."""
    turns: list[dict[str, str]] = []
    for turn in messages:
        text = joined(turn["reasoning"], turn["content"]) if turn.get("reasoning") else turn["content"]
        if text or not turn.get("tool_calls"):
            turns.append({"from": ROLES[turn["role"]], "value": text})
        if calls := turn.get("tool_calls"):
            made = [{"name": call["name"], "arguments": json.loads(call["arguments"])} for call in calls]
            turns.append({"from": "function_call", "value": as_json(made[0] if len(made) == 1 else made)})
    item: dict[str, Any] = {"conversations": turns}
    return item | ({"tools": as_json(tools)} if tools else {})


SHAREGPT = Shape(
    "sharegpt",
    "`conversations`: turns of `from` (system, human, gpt, function_call, observation) and `value`, with `tools`",
    columns={"messages": "conversations"},
    write=_write,
)
