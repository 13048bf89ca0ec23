"""Tool calls that stand within a text as XML, as Hermes, Qwen and SmolLM write them: found, never moved.

<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hfsft.rows.calls import Call, ShapeError, as_json, call_json, calls_of
from hfsft.rows.messages import Message, held, in_one_text, system_apart
from hfsft.rows.shapes import sharegpt
from hfsft.rows.shapes.shape import Shape, Tools

OPENING, CLOSING = "<tool_call>", "</tool_call>"
RESULT_OPENING, RESULT_CLOSING = "<tool_response>", "</tool_response>"
RESULT = re.compile(rf"{RESULT_OPENING}\s*(.*?)\s*{RESULT_CLOSING}", re.DOTALL)
CALL = re.compile(f"{OPENING}((?:(?!{OPENING}).)*?){CLOSING}", re.DOTALL)
MARKS = re.compile(
    r"<tool_call>|<functioncall>|<function_call>|<function=|<\|python_tag\|>|\[TOOL_CALLS\]|<code>"
    r"|\A\s*\[[^\[\]()]{1,200}\([^\[]"  # [get_weather(city="Oslo")], as Llama and ToolACE call
)
"""How texts call tools, in whatever words: a tool's turn may follow on one."""
SYSTEM = (
    "You may call functions. Their schemas, one a line:\n<tools>\n{}\n</tools>\n"
    'A call is {} around a JSON object with its "name" and its "arguments"'
)


def calls_in(text: str) -> list[Call]:
    """The calls in a text; none where what stands between the marks is no call."""
    if OPENING not in text:
        return []
    try:
        return [call for inner in CALL.findall(text) for call in calls_of(inner.strip())[0]]
    except ShapeError:
        return []


def without_calls(text: str) -> str:
    """The text without the calls in it; as it is where it has none."""
    return CALL.sub("", text).strip() if calls_in(text) else text


def call_text(call: Mapping[str, Any]) -> str:
    """One call as Hermes writes it."""
    return f"{OPENING}\n{call_json(call)}\n{CLOSING}"


def write(messages: Sequence[Message], tools: Tools, _: Collection[str] = ()) -> dict[str, Any]:
    """Turns of human, gpt and tool; schemas below the system prompt, reasoning and calls in the text."""
    turns: list[dict[str, Any]] = []
    if tools:
        schemas = SYSTEM.format("\n".join(map(as_json, tools)), f"{OPENING}{CLOSING}")
        system, rest = system_apart(messages)
        turns.append({"from": "system", "value": f"{system or ''}\n\n{schemas}".strip()})
        messages = rest if system else messages
    for turn in messages:
        text = turn["content"]
        if turn["role"] == "tool" and not text.lstrip().startswith(RESULT_OPENING):
            text = f"{RESULT_OPENING}\n{text}\n{RESULT_CLOSING}"
            if turns and turns[-1]["from"] == "tool":
                turns[-1]["value"] += f"\n{text}"
                continue
        if turn.get("tool_calls"):
            text += "\n" if text and not text.endswith("\n") else ""
            text += "\n".join(map(call_text, turn["tool_calls"]))
        text = in_one_text({**turn, "content": text})
        turns.append({"from": ROLES[turn["role"]], "value": text, **held(turn, "weight")})
    return {"conversations": turns}


ROLES = {**sharegpt.ROLES, "tool": "tool"}
HERMES = Shape(
    "hermes",
    "turns of `human`, `gpt` and `tool`, with tool calls as XML in their texts",
    columns={"messages": "conversations"},
    write=write,
)
