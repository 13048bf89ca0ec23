"""What the tests of shapes share: one conversation, and what it is written with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hfsft.rows.row import new_row
from hfsft.rows.views import messages
from tests.rows.helpers import examples

Case = tuple[dict[str, Any], dict[str, Any], list[Any], Any, str]
"""A row, the keys of its source, its messages, its tools, its dialect."""

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Is it cold in Oslo?"}
ANSWER = {"role": "assistant", "content": "Yes, 3 degrees."}
THOUGHT = "The result says 3."
ARGUMENTS = '{"city": "Oslo", "unit": "°C"}'
CALL = {"name": "weather", "arguments": ARGUMENTS}
ASKS = {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", **CALL}]}
RESULT = {"role": "tool", "content": '{"degrees": 3}', "tool_call_id": "c1"}
TOOL = {"name": "weather", "description": "The weather.", "parameters": {"type": "object", "properties": {}}}
TOOLS = [{"type": "function", "function": TOOL}]
AS_OBJECT = json.dumps({**CALL, "arguments": json.loads(ARGUMENTS)})
DETAIL = {"type": "reasoning.text", "text": THOUGHT}
DEGREES = {"type": "text", "text": '{"degrees": 3}'}
NAMELESS = {"role": "assistant", "content": "", "tool_calls": [CALL]}
ANONYMOUS = {"role": "tool", "content": '{"degrees": 3}'}


def openai_call(arguments: Any, **more: Any) -> dict[str, Any]:
    return {**more, "type": "function", "function": {"name": "weather", "arguments": arguments}}


def gpt(text: str) -> dict[str, str]:
    return {"from": "gpt", "value": text}


def human(text: str = "Is it cold in Oslo?") -> dict[str, str]:
    return {"from": "human", "value": text}


def openai(*turns: Any, **columns: Any) -> dict[str, Any]:
    return {"messages": list(turns), **columns}


def sharegpt(*turns: Any, **columns: Any) -> dict[str, Any]:
    return {"conversations": list(turns), **columns}


WHOLE = [SYSTEM, USER, ASKS, RESULT, ANSWER]
FREE = [USER, NAMELESS, ANONYMOUS, ANSWER]  # without ids
XML = f"<tool_call>\n{json.dumps({'name': 'weather', 'arguments': {'city': 'Oslo'}})}\n</tool_call>"
MARKED = (
    "USER: Is it cold in Oslo?\n\n\nASSISTANT: <functioncall> "
    + '{"name": "weather", "arguments": \''
    + ARGUMENTS
    + "'} <|endoftext|>\n\n\nFUNCTION RESPONSE: "
    + '{"degrees": 3}\n\n\nASSISTANT: Yes, 3 degrees. <|endoftext|>\n'
)
HARMONY = (
    "<|start|>developer<|message|>Be brief.<|end|><|start|>user<|message|>Is it cold in Oslo?<|end|>"
    "<|start|>assistant<|channel|>analysis<|message|>I have to look.<|end|>"
    "<|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json<|message|>"
    + ARGUMENTS
    + '<|call|><|start|>functions.weather to=assistant<|channel|>commentary<|message|>{"degrees": 3}<|end|>'
    "<|start|>assistant<|channel|>analysis<|message|>The result says 3.<|end|>"
    "<|start|>assistant<|channel|>final<|message|>Yes, 3 degrees.<|return|>"
)
HARMONIC = [
    SYSTEM,
    USER,
    {**NAMELESS, "reasoning": "I have to look."},
    {**ANONYMOUS, "name": "weather"},
    {**ANSWER, "reasoning": THOUGHT},
]


def check(folder: Path, case: Case) -> None:
    """The row is read as the case says."""
    item, keys, wanted, tools, dialect = case
    (read,) = examples(folder, item, **keys)
    assert read.defect is None
    row = new_row("example", read.texts)
    assert messages(row) == wanted
    assert (json.loads(row["tools"]) if row["tools"] else None) == tools
    assert (row["dialect"] or "") == dialect
    assert row["response"] == (wanted[-1]["content"] or None)
    assert row["reasoning"] == wanted[-1].get("reasoning")
