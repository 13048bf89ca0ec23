"""What a row says is read in one way, whatever columns it stands in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.rows.messages import full
from hfsft.rows.row import new_row
from hfsft.rows.views import content

CALL = {"id": "c1", "name": "get_order", "arguments": '{"id": 7}'}
TURNS: list[dict[str, Any]] = [
    {"role": "user", "content": "Where is order 7?"},
    {"role": "assistant", "content": "", "reasoning": "Look it up.", "tool_calls": [CALL]},
    {"role": "tool", "content": "on its way", "tool_call_id": "c1", "name": "get_order"},
    {"role": "assistant", "content": "It is on its way."},
]
TOOLS = json.dumps([{"type": "function", "function": {"name": "get_order", "parameters": {"type": "object"}}}])


def agent(**changes: Any) -> dict[str, Any]:
    texts = {"instruction": "Where is order 7?", "response": "It is on its way.", "messages": TURNS, "tools": TOOLS}
    return new_row("example", {**texts, **changes})


def changed(place: int, **fields: Any) -> dict[str, Any]:
    return agent(messages=[{**turn, **fields} if index == place else turn for index, turn in enumerate(TURNS)])


@pytest.mark.parametrize(
    ("row", "same"),
    [
        (agent(), True),
        (agent(topic="parcels", source="other.jsonl:9", reference="on its way"), True),
        ({**agent(), "id": "another", "score_mean": 1.0, "family": "x"}, True),
        (agent(messages=[full(turn) for turn in TURNS]), True),  # as columns hold them
        (changed(3, weight=0.0), True),
        (changed(3, content="It is lost."), False),
        (changed(1, reasoning="Guess."), False),
        (changed(1, tool_calls=[{**CALL, "arguments": '{"id": 8}'}]), False),
        (changed(2, content="lost"), False),
        (agent(system="Be brief."), False),
        (agent(tools=None), False),
    ],
)
def test_the_content_is_what_a_person_sees(row: dict[str, Any], same: bool) -> None:
    assert (content(row) == content(agent())) == same


def test_a_row_has_one_content_in_whichever_columns_it_stands() -> None:
    texts = {"instruction": "Where is it?", "context": "Order 7", "response": "There.", "reasoning": "Look."}
    turns = [
        {"role": "user", "content": "Where is it?\n\nOrder 7"},
        {"role": "assistant", "content": "There.", "reasoning": "Look."},
    ]
    assert content(new_row("seed", texts)) == content(new_row("example", {"messages": turns}))


def test_a_row_that_says_nothing_has_no_content() -> None:
    assert content(new_row("seed", {"topic": "parcels"})) is None
    assert content(new_row("seed", {"instruction": "Where is it?"})) is not None
