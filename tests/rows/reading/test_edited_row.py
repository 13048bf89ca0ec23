"""What a row says once somebody has edited it, with turns of its own and without."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.rows.columns import TEXTS
from hfsft.rows.reading.edited_row import edited, fault
from hfsft.rows.row import new_row
from hfsft.rows.views import messages

USER, ANSWER = {"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "There."}
TALK = [USER, ANSWER, {"role": "user", "content": "And now?"}, {"role": "assistant", "content": "Gone."}]
CALL = {"id": "1", "name": "find", "arguments": "{}"}
CALLED = [
    USER,
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "shelf 4", "tool_call_id": "1"},
    {"role": "assistant", "content": "On shelf 4.", "reasoning": "It says so."},
]
SINGLE = {"system": "Be kind.", "context": "A shop.", "instruction": "Where is it?", "response": "There."}


def said(texts: dict[str, Any], edit: dict[str, Any]) -> list[tuple[str, str]]:
    row = new_row("example", texts)
    made = edited(row, edit)
    assert made.keys() == set(TEXTS)
    return [(turn["role"], turn["content"]) for turn in messages({**row, **made})]


def test_columns_are_replaced_one_by_one() -> None:
    assert said(SINGLE, {"response": "Here.", "system": None}) == [
        ("user", "Where is it?\n\nA shop."),
        ("assistant", "Here."),
    ]
    assert said(SINGLE, {"context": ""})[1] == ("user", "Where is it?")
    assert edited(new_row("example", SINGLE), {"topic": "shops"})["topic"] == "shops"


def test_of_a_row_with_turns_the_ends_stand_in_them_too() -> None:
    texts = {"instruction": "Where is it?", "response": "Gone.", "messages": TALK}
    assert said(texts, {"instruction": "Who?", "response": "Sold."}) == [
        ("user", "Who?"), ("assistant", "There."), ("user", "And now?"), ("assistant", "Sold."),
    ]  # fmt: skip
    texts = {"instruction": "Where is it?", "response": "On shelf 4.", "messages": CALLED}
    made = edited(new_row("example", texts), {"reasoning": ""})
    assert "reasoning" not in made["messages"][-1]
    assert made["messages"][1]["tool_calls"] == [CALL]


def test_new_turns_say_all_that_columns_say() -> None:
    turns = [{"role": "system", "content": "Be brief."}, *TALK[:2], USER, {"role": "assistant", "content": "Here."}]
    made = edited(new_row("example", SINGLE), {"messages": turns})
    assert (made["system"], made["context"], made["instruction"], made["response"]) == (
        *("Be brief.", None, "Where is it?", "Here."),
    )
    assert [turn["content"] for turn in made["messages"]] == ["Where is it?", "There.", "Where is it?", "Here."]
    made = edited(new_row("example", SINGLE), {"messages": [USER, ANSWER]})
    assert (made["messages"], made["system"], made["response"]) == (None, "Be kind.", "There.")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"response": "x", "messages": TALK}, ""),
        ({"context": None, "reasoning": ""}, ""),
        ({"answer": "x"}, "`answer` is no column of texts"),
        ({"id": "x"}, "`id` is no column of texts"),
        ({"response": None}, "response says nothing"),
        ({"instruction": "  "}, "instruction says nothing"),
        ({"system": 4}, "system is a text, not 4"),
        ({"system": "\ud83d"}, "system has half of a character in it"),
        ({"messages": "x"}, "messages are a list of objects"),
        ({"messages": [USER]}, "messages cannot be trained on: does not end with the assistant"),
        ({"messages": [USER, {**ANSWER, "role": "bot"}]}, "messages 2: role is one of"),
        ({"messages": [USER, {**ANSWER, "contents": "x"}]}, "messages 2: contents is no field of a turn"),
        ({"messages": [USER, {**ANSWER, "content": ["x"]}]}, "messages 2: what stands in its fields is text"),
        ({"messages": [USER, {**ANSWER, "tool_calls": "x"}]}, "messages 2: tool_calls is a list"),
        ({"messages": [USER, {**ANSWER, "weight": "x"}]}, "messages 2: weight is a number"),
    ],
)
def test_an_edit_that_no_row_can_take_says_why(edit: dict[str, Any], said: str) -> None:
    assert fault(edit).startswith(said)
    assert bool(fault(edit)) == bool(said)
