"""Messages as OpenAI's chat API takes them, and the fields that others have added to them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hfsft.rows.calls import OBJECTS, wrapped
from hfsft.rows.messages import Message, held
from hfsft.rows.shapes.shape import Shape, Tools

CALLS_FIELDS = ("tool_calls", "tool_call", "function_call", "function_calls", "tool_use", "tool_uses")
RESULT_FIELDS = ("tool_responses", "tool_results", "tool_result", "tool_response")
TOOLS_FIELDS = (
    "tools", "functions", "available_tools", "available_functions", "tool_definitions", "function_definitions",
)  # fmt: skip
REASONING_FIELDS = (
    "reasoning_content", "reasoning", "thinking", "reasoning_details", "thinking_blocks", "thoughts", "thought",
    "chain_of_thought", "cot", "think", "thinking_content", "thought_process", "reasoning_trace", "reasoning_text",
)  # fmt: skip
WEIGHT_FIELDS = ("weight", "loss_weight", "sample_weight", "train", "loss", "loss_mask")
TURN_WEIGHT_FIELDS = (*WEIGHT_FIELDS, "training", "train_on", "train_on_turn", "trainable")
LEGACY, DEVELOPER = "function_call", "developer"
"""Words of a dialect: calls as OpenAI wrote them first, one a turn; a system prompt that is called the developer's."""


def message_of(turn: Message, dialect: Collection[str]) -> dict[str, Any]:
    """A message in the fields of OpenAI, reasoning, arguments and role spelt as the words of `dialect` say.

    Without such words, reasoning stands in `reasoning_content` and arguments are text.
    """
    role = DEVELOPER if turn["role"] == "system" and DEVELOPER in dialect else turn["role"]
    said: dict[str, Any] = {"role": role, "content": turn["content"]}
    if turn.get("reasoning"):
        said[next((name for name in REASONING_FIELDS if name in dialect), REASONING_FIELDS[0])] = turn["reasoning"]
    if calls := turn.get("tool_calls"):
        made = [_function(call, OBJECTS in dialect) for call in calls]
        if LEGACY in dialect and len(calls) == 1:
            said["function_call"] = made[0]
        else:
            said["tool_calls"] = [
                {**({"id": call["id"]} if call.get("id") else {}), "type": "function", "function": function}
                for call, function in zip(calls, made, strict=True)
            ]
    if turn["role"] == "tool" and LEGACY in dialect:
        said["role"] = "function"
    return said | held(turn, "tool_call_id", "name", "weight")


def _function(call: Mapping[str, Any], objects: bool) -> dict[str, Any]:
    return {"name": call["name"], "arguments": json.loads(call["arguments"]) if objects else call["arguments"]}


def _write(messages: Sequence[Message], tools: Tools, dialect: Collection[str]) -> dict[str, Any]:
    item: dict[str, Any] = {"messages": [message_of(turn, dialect) for turn in messages]}
    return item | ({"tools": [wrapped(tool) for tool in tools]} if tools else {})


OPENAI = Shape(
    "messages",
    "`messages`: turns of `role` and `content`, with `tool_calls` and `tools`, as OpenAI's chat API has them",
    columns={"messages": "messages"},
    write=_write,
)
