"""Each public shape in its variants: the typed messages, the tools and the dialect that a row of it comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.rows.row import new_row
from hfsft.rows.views import messages
from tests.rows.helpers import examples

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

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[Any], Any, str]] = {
    # what is read, the keys of the source, its messages, its tools, its dialect
    "openai, arguments as text": (
        openai(
            SYSTEM,
            USER,
            {"role": "assistant", "content": None, "tool_calls": [openai_call(ARGUMENTS, id="c1")]},
            RESULT,
            ANSWER,
            tools=TOOLS,
        ),
        {},
        WHOLE,
        TOOLS,
        "messages",
    ),
    "openai, arguments as an object": (
        openai(
            SYSTEM,
            USER,
            {"role": "assistant", "tool_calls": [openai_call(json.loads(ARGUMENTS), id="c1")]},
            RESULT,
            ANSWER,
            tools=json.dumps(TOOLS),
        ),
        {},
        WHOLE,
        TOOLS,
        "messages objects",
    ),
    "openai, developer and parts": (
        openai(
            {**SYSTEM, "role": "developer"},
            {"role": "user", "content": [{"type": "text", "text": "Is it cold in Oslo?"}]},
            {"role": "assistant", "content": [], "tool_calls": [openai_call(ARGUMENTS, id="c1")]},
            {**RESULT, "content": [{"type": "text", "text": '{"degrees": 3}'}]},
            ANSWER,
        ),
        {},
        WHOLE,
        None,
        "messages developer parts",
    ),
    "openai, as it was first": (
        openai(
            USER,
            {"role": "assistant", "content": None, "function_call": CALL},
            {"role": "function", "name": "weather", "content": '{"degrees": 3}'},
            ANSWER,
            functions=[TOOL],
        ),
        {},
        [USER, NAMELESS, {**ANONYMOUS, "name": "weather"}, ANSWER],
        [TOOL],
        "messages function_call",
    ),
    "openai, a call at the end": (
        openai(USER, {"role": "assistant", "tool_calls": [CALL]}),
        {},
        [USER, NAMELESS],
        None,
        "messages",
    ),
    "openai, calls beside each other": (
        openai(
            USER,
            {"role": "assistant", "tool_calls": [openai_call("{}", id="a"), openai_call("", id="b")]},
            {"role": "tool", "tool_call_id": "b", "content": ""},
            {"role": "tool", "tool_call_id": "a", "content": "3"},
            ANSWER,
        ),
        {},
        [
            USER,
            {**ASKS, "tool_calls": [{"id": n, "name": "weather", "arguments": "{}"} for n in "ab"]},
            {"role": "tool", "tool_call_id": "b", "content": ""},
            {"role": "tool", "tool_call_id": "a", "content": "3"},
            ANSWER,
        ],
        None,
        "messages",
    ),
    "responses": (
        openai(
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Is it cold in Oslo?"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "I have to look."}]},
            {"type": "function_call", "call_id": "c1", "id": "fc_1", **CALL},
            {"type": "function_call_output", "call_id": "c1", "output": '{"degrees": 3}'},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes, 3 degrees."}]},
        ),
        {},
        [USER, {**ASKS, "reasoning": "I have to look."}, RESULT, ANSWER],
        None,
        "messages parts reasoning",
    ),
    "sharegpt": (
        sharegpt(
            human(),
            {"from": "function_call", "value": AS_OBJECT},
            {"from": "observation", "value": '{"degrees": 3}'},
            gpt("Yes, 3 degrees."),
            system="Be brief.",
            tools=json.dumps([TOOL]),
        ),
        {},
        [SYSTEM, *FREE],
        [TOOL],
        "sharegpt objects",
    ),
    "sharegpt, words before a call, and two calls": (
        sharegpt(
            human(),
            gpt("I look it up."),
            {"from": "tool_call", "value": json.dumps([CALL, CALL])},
            {"from": "tool", "value": "3"},
            {"from": "tool", "value": "4"},
            gpt("Yes, 3 degrees."),
        ),
        {},
        [
            USER,
            {"role": "assistant", "content": "I look it up.", "tool_calls": [CALL, CALL]},
            {"role": "tool", "content": "3"},
            {"role": "tool", "content": "4"},
            ANSWER,
        ],
        None,
        "sharegpt",
    ),
    "hermes": (
        sharegpt(
            {"from": "system", "value": f"Be brief. <tools>{json.dumps(TOOL)}</tools>"},
            human(),
            gpt(XML),
            {"from": "tool", "value": "<tool_response>\n3\n</tool_response>"},
            gpt("Yes, 3 degrees."),
        ),
        {},
        [
            {"role": "system", "content": f"Be brief. <tools>{json.dumps(TOOL)}</tools>"},
            USER,
            {"role": "assistant", "content": XML},
            {"role": "tool", "content": "<tool_response>\n3\n</tool_response>"},
            ANSWER,
        ],
        None,
        "sharegpt hermes",
    ),
    "think in the text": (
        openai(USER, {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nYes."}),
        {},
        [USER, {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nYes."}],
        None,
        "messages think",
    ),
    **{
        f"{name} in a field": (
            openai(USER, {**ANSWER, name: THOUGHT}),
            {},
            [USER, {**ANSWER, "reasoning": THOUGHT}],
            None,
            f"messages {name}",
        )
        for name in ("reasoning_content", "thinking", "reasoning")
    },
    "openrouter": (
        openai(USER, {**ANSWER, "reasoning": THOUGHT, "reasoning_details": [DETAIL]}),
        {},
        [USER, {**ANSWER, "reasoning": THOUGHT}],
        None,
        "messages reasoning",
    ),
    "parts": (
        {
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "Is it cold in Oslo?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "I have to look.", "signature": "x"},
                        {"type": "text", "text": "I look it up."},
                        {"type": "tool_use", "id": "c1", "name": "weather", "input": json.loads(ARGUMENTS)},
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [DEGREES]}],
                },
                {"role": "assistant", "content": [{"type": "text", "text": "Yes, 3 degrees."}]},
            ],
            "tools": [{"name": "weather", "input_schema": {}}],
        },
        {},
        [
            SYSTEM,
            USER,
            {**ASKS, "content": "I look it up.", "reasoning": "I have to look."},
            RESULT,
            ANSWER,
        ],
        [{"name": "weather", "input_schema": {}}],
        "messages parts objects",
    ),
    "smoltalk2": (
        openai(
            USER,
            ANSWER,
            chat_template_kwargs={
                "custom_instructions": "Be brief.",
                "enable_thinking": False,
                "python_tools": None,
                "xml_tools": [json.dumps(TOOL)],
            },
            source="x",
        ),
        {},
        [SYSTEM, USER, ANSWER],
        [TOOL],
        "smoltalk2 no_thinking messages",
    ),
    "alpaca with history": (
        {"instruction": "And now?", "input": "", "output": "No.", "history": [[USER["content"], ANSWER["content"]]]},
        {},
        [USER, ANSWER, {"role": "user", "content": "And now?"}, {"role": "assistant", "content": "No."}],
        None,
        "alpaca",
    ),
    "prompt and completion as turns": (
        {"prompt": [SYSTEM, USER], "completion": [{**ANSWER, "reasoning_content": THOUGHT}], "tools": TOOLS},
        {},
        [SYSTEM, USER, {**ANSWER, "reasoning": THOUGHT}],
        TOOLS,
        "prompt_completion messages reasoning_content",
    ),
    "prompt and completion as texts": (
        {"prompt": "Is it cold in Oslo?", "completion": "Yes, 3 degrees.", "thinking": THOUGHT},
        {},
        [USER, {**ANSWER, "reasoning": THOUGHT}],
        None,
        "prompt_completion thinking",
    ),
    "kto": (
        {"prompt": "Is it cold in Oslo?", "completion": "Yes, 3 degrees.", "label": True},
        {"format": "kto"},
        [USER, ANSWER],
        None,
        "kto prompt_completion",
    ),
    "preference": (
        {"prompt": "Is it cold in Oslo?", "chosen": "Yes, 3 degrees.", "rejected": "No."},
        {"format": "preference"},
        [USER, ANSWER],
        None,
        "preference",
    ),
    "preference, the other side": (
        {"prompt": "Is it cold in Oslo?", "chosen": "No.", "rejected": "Yes, 3 degrees."},
        {"format": "preference", "response": "rejected"},
        [USER, ANSWER],
        None,
        "",
    ),
    "preference without a prompt": (
        {"chosen": [USER, ANSWER], "rejected": [USER, {**ANSWER, "content": "No."}]},
        {"format": "preference"},
        [USER, ANSWER],
        None,
        "messages",
    ),
    "preference below turns": (
        {"conversations": [human()], "chosen": gpt("Yes, 3 degrees."), "rejected": gpt("No.")},
        {"format": "preference"},
        [USER, ANSWER],
        None,
        "sharegpt",
    ),
    "harmony in a text": ({"text": HARMONY}, {}, HARMONIC, None, "harmony messages developer thinking"),
    "harmony in channels": (
        openai(
            {**SYSTEM, "role": "developer"},
            USER,
            {"role": "assistant", "channel": "analysis", "content": "I have to look."},
            {"role": "assistant", "channel": "commentary", "recipient": "functions.weather", "content": ARGUMENTS},
            {"role": "functions.weather", "channel": "commentary", "content": '{"degrees": 3}'},
            {"role": "assistant", "channel": "analysis", "content": THOUGHT},
            {"role": "assistant", "channel": "final", "content": "Yes, 3 degrees."},
        ),
        {},
        HARMONIC,
        None,
        "messages developer thinking harmony",
    ),
    "marked": (
        {
            "system": f"SYSTEM: Be brief. -\n{json.dumps(TOOL, indent=1)}\n\n{json.dumps({**TOOL, 'name': 'x'})}\n",
            "chat": MARKED,
        },
        {},
        [{**SYSTEM, "content": "Be brief. -"}, *FREE],
        [TOOL, {**TOOL, "name": "x"}],
        "marked messages",
    ),
    "xlam": (
        {"id": 1, "query": "Is it cold in Oslo?", "answers": json.dumps([CALL]), "tools": json.dumps([TOOL])},
        {},
        [USER, NAMELESS],
        [TOOL],
        "xlam messages",
    ),
    "weights": (
        openai(USER, {**ANSWER, "weight": 0}, USER, {**ANSWER, "weight": 1}),
        {},
        [USER, {**ANSWER, "weight": 0.0}, USER, ANSWER],
        None,
        "messages",
    ),
    "whether to train": (
        sharegpt({**human(), "train": False}, {**gpt("a"), "train": False}, human("x"), {**gpt("b"), "train": True}),
        {},
        [
            USER,
            {"role": "assistant", "content": "a", "weight": 0.0},
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": "b"},
        ],
        None,
        "sharegpt",
    ),
    "the assistant opens": (
        openai(ANSWER, USER, ANSWER),
        {"assistant_opens": True},
        [ANSWER, USER, ANSWER],
        None,
        "messages",
    ),
    "names": (
        openai({**USER, "name": "Kim"}, ANSWER),
        {},
        [{**USER, "name": "Kim"}, ANSWER],
        None,
        "messages",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_shape_comes_to_the_same_typed_messages(tmp_path: Path, name: str) -> None:
    item, keys, wanted, tools, dialect = CASES[name]
    (read,) = examples(tmp_path, item, **keys)
    assert read.defect is None
    row = new_row("example", read.texts)
    assert messages(row) == wanted
    assert (json.loads(row["tools"]) if row["tools"] else None) == tools
    assert (row["dialect"] or "") == dialect
    assert row["response"] == (wanted[-1]["content"] or None)
    assert row["reasoning"] == wanted[-1].get("reasoning")
