"""Rows whose shape is more than a list of turns: the typed messages, tools and dialect that each comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.rows.helpers import examples
from tests.rows.shapes.helpers import (
    ANSWER,
    ARGUMENTS,
    CALL,
    FREE,
    HARMONIC,
    HARMONY,
    MARKED,
    NAMELESS,
    SYSTEM,
    THOUGHT,
    TOOL,
    TOOLS,
    USER,
    Case,
    check,
    gpt,
    human,
    openai,
    sharegpt,
)

CASES: dict[str, Case] = {
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
        "preference",
    ),
    "preference without a prompt": (
        {"chosen": [USER, ANSWER], "rejected": [USER, {**ANSWER, "content": "No."}]},
        {"format": "preference"},
        [USER, ANSWER],
        None,
        "preference messages",
    ),
    "preference below turns": (
        {"conversations": [human()], "chosen": gpt("Yes, 3 degrees."), "rejected": gpt("No.")},
        {"format": "preference"},
        [USER, ANSWER],
        None,
        "preference sharegpt",
    ),
    "preference in marked texts": (
        {
            "chosen": "\n\nHuman: Is it cold in Oslo?\n\nAssistant: Yes, 3 degrees.",
            "rejected": "\n\nHuman: Is it cold in Oslo?\n\nAssistant: No.",
        },
        {"format": "preference"},
        [USER, ANSWER],
        None,
        "preference messages",
    ),
    "marked, in one line": (
        {"text": "### Human: Is it cold in Oslo?### Assistant: Yes, 3 degrees."},
        {},
        [USER, ANSWER],
        None,
        "marked messages",
    ),
    "whether to reason": (
        {
            "input": [USER],
            "output": "Yes, 3 degrees.",
            "reasoning": "off",
            "system_prompt": [{"type": "text", "text": "Be brief."}],
        },
        {},
        [SYSTEM, USER, ANSWER],
        None,
        "messages",
    ),
    "tools as Python prints them": (
        {"instruction": "Is it cold in Oslo?", "output": "Yes, 3 degrees.", "functions": str([TOOL])},
        {},
        [USER, ANSWER],
        [TOOL],
        "alpaca",
    ),
    "calls as Python": (
        sharegpt(
            human(),
            gpt('[weather(city="Oslo")]'),
            {"from": "tool", "value": "[3]"},
            gpt("Yes, 3 degrees."),
        ),
        {},
        [
            USER,
            {"role": "assistant", "content": '[weather(city="Oslo")]'},
            {"role": "tool", "content": "[3]"},
            ANSWER,
        ],
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
}


@pytest.mark.parametrize("name", CASES)
def test_rows_of_every_shape_come_to_typed_messages(tmp_path: Path, name: str) -> None:
    check(tmp_path, CASES[name])


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (openai(USER, ANSWER, chat_template_kwargs={"enable_thinking": False}), "chat_template_kwargs"),
        ({"query": "Cold?", "answers": [CALL], "tools": [TOOL]}, "answers"),
        ({"text": HARMONY}, "text"),
        ({"chat": MARKED}, "chat"),
        ({"prompt": "Cold?", "completion": "Yes.", "label": 1}, "label"),
    ],
    ids=str,
)
def test_columns_that_a_shape_makes_turns_of_stay_for_keep_family_and_reference(
    tmp_path: Path, row: dict[str, Any], column: str
) -> None:
    more = {"format": "kto"} if column == "label" else {}
    (read,) = examples(tmp_path, row, keep=[column], family=column, reference=column, **more)
    value = row[column]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    assert read.defect is None
    assert (read.kept[column], read.family, read.texts["reference"]) == (
        text,
        text,
        text if column != "label" else "true",
    )
    assert read.texts["unread"] == []
