"""Turns of `from` and `value` as ShareGPT has them, with calls and results as turns of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hfsft.rows.calls import as_json, call_json
from hfsft.rows.messages import Message, held, in_one_text
from hfsft.rows.shapes.shape import Shape, Tools

CALL_ROLES = frozenset((
    "function_call", "function_calls", "tool_call", "tool_calls",
))  # fmt: skip
RESULT_ROLES = frozenset((
    "tool", "tools", "tool_response", "tool_responses", "tool_result", "tool_results", "tool_output",
    "function", "function_response", "function_result", "function_output", "observation", "ipython", "environment",
))  # fmt: skip
ROLES = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def write(messages: Sequence[Message], tools: Tools, _: Collection[str] = ()) -> dict[str, Any]:
    """As LLaMA-Factory reads it: several calls are a list; reasoning stands in the text, before a call in its own."""
    turns: list[dict[str, Any]] = []
    for turn in messages:
        text, calls, weight = in_one_text(turn), turn.get("tool_calls"), held(turn, "weight")
        if turn["content"] or not calls:
            turns.append({"from": ROLES[turn["role"]], "value": text, **weight})
        if calls:
            turns.append(
                {"from": "function_call", "value": ("" if turn["content"] else text) + _calls(calls), **weight}
            )
    item: dict[str, Any] = {"conversations": turns}
    return item | ({"tools": as_json(tools)} if tools else {})


def _calls(calls: Sequence[Mapping[str, Any]]) -> str:
    """One call as JSON, several as a JSON list."""
    texts = list(map(call_json, calls))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


SHAREGPT = Shape(
    "sharegpt",
    "`conversations`: turns of `from` (system, human, gpt, function_call, observation) and `value`, with `tools`",
    columns={"messages": "conversations"},
    write=write,
)
