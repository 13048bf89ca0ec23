"""Lists of turns in every shape and its variants: the typed messages, tools and dialect that each comes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.rows.shapes.helpers import (
    ANONYMOUS,
    ANSWER,
    ARGUMENTS,
    AS_OBJECT,
    ASKS,
    CALL,
    DEGREES,
    DETAIL,
    FREE,
    NAMELESS,
    RESULT,
    SYSTEM,
    THOUGHT,
    TOOL,
    TOOLS,
    USER,
    WHOLE,
    XML,
    Case,
    check,
    gpt,
    human,
    openai,
    openai_call,
    sharegpt,
)

CASES: dict[str, Case] = {
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
}


@pytest.mark.parametrize("name", CASES)
def test_turns_of_every_shape_come_to_typed_messages(tmp_path: Path, name: str) -> None:
    check(tmp_path, CASES[name])
