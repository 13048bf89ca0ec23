"""Filters over rows with several turns, reasoning and tools: what is called is no silence, and nothing hides there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datasets import Dataset

from hfsft.filters import ExactDuplicate, NearDuplicate, Pii, Refusal, Repetition, Secrets, Tokens
from hfsft.rows.columns import COLUMNS
from hfsft.rows.features import features
from hfsft.rows.row import new_row
from tests.rows.messages import full

KEY = "sk-proj-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg"
TOOLS = json.dumps([{"type": "function", "function": {"name": "get_order", "parameters": {"type": "object"}}}])


def agent(question: str, *calls: dict[str, Any], said: str = "", **texts: Any) -> dict[str, Any]:
    """A row whose last answer calls tools."""
    called = [{"id": f"c{n}", "name": "get_order", "arguments": json.dumps(call)} for n, call in enumerate(calls)]
    thought = texts.pop("thought", None)
    turns = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": said, "reasoning": thought, "tool_calls": called},
    ]
    return new_row("example", {"instruction": question, "response": said, "messages": turns, "tools": TOOLS, **texts})


def dataset(*rows: dict[str, Any]) -> Dataset:
    made = [{**row, "messages": row["messages"] and [full(turn) for turn in row["messages"]]} for row in rows]
    return Dataset.from_dict({name: [row[name] for row in made] for name in COLUMNS}, features=features(COLUMNS))


ROWS = dataset(
    agent("Where is order 7?", {"id": 7}),
    agent("And order 8, please?", {"id": 8}),
    agent("Tell my boss that I am ill.", {"body": "I'm sorry, I cannot come in today, as I am ill."}),
    agent("Where is order 9?", {"note": "round and " * 60}),
    agent("Is it there?", said="Yes, it is."),
    agent("Write a poem.", said="I'm sorry, but I cannot help with that.", thought="A poem, then."),
)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Tokens(at_least=1), [0, 1, 2, 3, 4, 5]),
        (Tokens(at_least=20), [3]),
        (Refusal(), [0, 1, 2, 3, 4]),
        (Repetition(), [0, 1, 2, 4, 5]),
        (ExactDuplicate(column="response"), [0, 1, 2, 3, 4, 5]),
        (NearDuplicate(column="response"), [0, 1, 2, 3, 4, 5]),
        (Tokens(column="reasoning", at_least=1), [5]),
        (Refusal(column="conversation"), [0, 1, 2, 3, 4]),
    ],
    ids=lambda value: f"{value.name} {getattr(value, 'column', '')}" if hasattr(value, "name") else "",
)
def test_an_answer_that_only_calls_a_tool_says_what_it_calls(rule: Any, kept: list[int]) -> None:
    stayed, _ = rule.apply(ROWS)
    assert [ROWS["id"][:].index(row) for row in stayed["id"]] == kept


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (agent("Where?", {"id": 7}), agent("Where?", {"id": 7}, topic="x"), True),
        (agent("Where?", {"id": 7}), agent("Where?", {"id": 8}), False),
        (agent("Where?", {"id": 7}, said="Let me see."), agent("Where?", {"id": 8}, said="Let me see."), False),
        (agent("Where?", {"id": 7}, {"id": 8}), agent("Where?", {"id": 7}), False),
        (agent("Where?", {"id": 7}), agent("Where?", {"id": 7}, tools=None), False),  # other tools: another question
        (agent("Where?", {"id": 7}), agent("Where?", {"id": 7}, tools=TOOLS.replace(" ", "")), True),
    ],
)
def test_duplicates_are_alike_in_what_they_call_and_in_their_tools(one: Any, other: Any, same: bool) -> None:
    _, removed = ExactDuplicate(column=["instruction", "response"]).apply(dataset(one, other))
    assert bool(len(removed)) == same


def test_personal_data_goes_from_all_turns_reasoning_and_tools_with_one_placeholder_each() -> None:
    row = agent(
        "I am ana@example.com",
        {"to": "ana@example.com", "phone": 4155550132},
        thought="ANA@example.com or bo@example.com?",
        tools=TOOLS.replace("get_order", "get_order of bo@example.com"),
    )
    row["messages"].append({"role": "tool", "content": '{"mail":"bo@example.com"}', "tool_call_id": "c0"})
    kept, _ = Pii().apply(dataset(row))
    (made,) = kept
    user, call, result = made["messages"]
    assert user["content"] == "I am <EMAIL_1>" == made["instruction"]
    assert json.loads(call["tool_calls"][0]["arguments"]) == {"to": "<EMAIL_1>", "phone": "<PHONE_1>"}
    assert call["reasoning"] == "<EMAIL_1> or <EMAIL_2>?"
    assert json.loads(result["content"]) == {"mail": "<EMAIL_2>"}
    assert json.loads(made["tools"])[0]["function"]["name"] == "get_order of <EMAIL_2>"
    assert (made["pii"], made["pii_kinds"]) == (3, "EMAIL:2 PHONE:1")


def test_secrets_go_from_arguments_and_results() -> None:
    row = agent("Log in", {"api_key": KEY})
    row["messages"].append({"role": "tool", "content": f"used {KEY}", "tool_call_id": "c0"})
    kept, _ = Secrets().apply(dataset(row))
    assert KEY not in json.dumps(kept.to_list())


def test_reasoning_between_marks_in_an_answer_without_turns_is_measured() -> None:
    said = "<think>\nOne two three.\n</think>\n\nHello"
    rows = [new_row("example", {"instruction": str(n), "response": said, "dialect": n}) for n in ("alpaca think", "")]
    stayed, removed = Tokens(column="reasoning", at_least=3).apply(dataset(*rows))
    assert (stayed["tokens_reasoning"][:], removed["tokens_reasoning"][:]) == ([3], [None])
