"""A message: one turn of a conversation, typed, so that nothing about it has to be guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from hfsft.rows.think import joined

Role = Literal["system", "user", "assistant", "tool"]
Message = dict[str, Any]
"""The fields of `MESSAGE` by name; one that is absent says nothing, and is the same as one that is None."""

TOOL_CALL: dict[str, Any] = {"id": "string", "name": "string", "arguments": "string"}  # arguments: JSON text
MESSAGE: dict[str, Any] = {
    "role": "string",  # a Role
    "content": "string",
    "reasoning": "string",  # what a thinking model thought before it said `content`
    "tool_calls": [TOOL_CALL],  # what the assistant called
    "tool_call_id": "string",  # of a tool's message: which call it answers
    "name": "string",  # of a tool's message: the tool; of others: who speaks
    "weight": "float64",  # 0: not to be trained on
}
"""Field -> type, in the words of `hfsft.rows.features`."""


def system_apart(messages: Sequence[Message]) -> tuple[str | None, Sequence[Message]]:
    """The system prompt that a conversation begins with, None where it has none, and the messages behind it."""
    if messages and messages[0]["role"] == "system":
        return messages[0]["content"], messages[1:]
    return None, messages


def held(message: Mapping[str, Any], *fields: str) -> Message:
    """Those of the fields that say something."""
    return {name: message[name] for name in fields if message.get(name) is not None}


def in_one_text(message: Mapping[str, Any]) -> str:
    """What a message says, its reasoning between <think> tags before it, for formats without a field for that."""
    thought, said = message.get("reasoning"), str(message["content"])
    return joined(thought, said) if thought else said


def bare(message: Mapping[str, Any]) -> Message:
    """The message without the fields that say nothing, nor those of its calls; role and content always stay."""
    said = {name: message[name] for name in MESSAGE if name in message and message[name] not in (None, [])}
    if "tool_calls" in said:
        said["tool_calls"] = [
            {name: call[name] for name in TOOL_CALL if call.get(name) is not None} for call in said["tool_calls"]
        ]
    return {**said, "role": message["role"], "content": message.get("content") or ""}
