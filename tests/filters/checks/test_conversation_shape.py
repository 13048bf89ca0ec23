"""conversation: which orders of turns stay, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset

from hfsft.filters import Conversation

CALL = [{"id": "a", "name": "weather", "arguments": "{}"}]


def turns(*written: str) -> list[dict[str, Any]]:
    """`u: text` and so on as messages."""
    roles = {"s": "system", "u": "user", "a": "assistant", "t": "tool", "x": "narrator"}
    return [{"role": roles[each[0]], "content": each[3:]} for each in written]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (turns("u: Hi", "a: Hello"), None),
        (turns("s: Be kind", "u: 你好", "a: 您好", "u: Còn gì nữa?", "a: Hết rồi."), None),
        (turns("s: ", "u: Hi", "a: Hello"), None),
        (turns("a: Hello", "u: Hi", "a: Bye"), "turn 1: the assistant opens it"),
        (turns("u: Hi", "u: There", "a: Hello"), "turn 2: two turns in a row by one role"),
        (turns("s: x", "u: Hi", "a: a", "a: b"), "turn 3: two turns in a row by one role"),
        (turns("u: Hi", "a: a", "u: b"), "turn 3: does not end with the assistant"),
        (turns("u: Hi", "a:  \n"), "turn 2: empty assistant turn"),
        (turns("u: ", "a: Hello"), "turn 1: empty user turn"),
        (turns("u: Hi", "s: x", "a: Hello"), "turn 2: a system turn within the conversation"),
        (turns("s: x", "a: Hello"), "no turn of the user"),
        (turns("s: x"), "no conversation"),
        ([], "no conversation"),
        (turns("u: Hi", "x: Then", "a: Hello"), "a turn of the role `narrator`, which is none of system, user, "),
        ([{"role": "user", "content": [{"type": "text"}]}], "its turns are no messages with a role and a content"),
        ([{"from": "human", "value": "Hi"}], "its turns are no messages with a role and a content"),
        ([*turns("u: Hi"), {"role": "assistant", "content": "", "tool_calls": CALL}], None),
        ([*turns("u: Hi"), {"role": "assistant", "content": None, "tool_calls": CALL}, *turns("t: 3", "a: 3")], None),
        (turns("u: Hi", "a: ok", "t: 3", "a: b"), "turn 3: a tool's result that answers no call"),
        (
            [*turns("u: Hi"), {"role": "assistant", "content": "", "tool_calls": CALL}, *turns("u: b", "a: c")],
            "turn 3: a tool call without a result",
        ),
    ],
)
def test_orders(messages: list[dict[str, Any]], said: str | None) -> None:
    (found,) = Conversation().measure({"messages": [messages]})["conversation"]
    assert found is said is None or str(found).startswith(str(said))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"turns": {"at_most": 1}}, None),
        ({"turns": {"at_least": 2}}, "turns of the user: 1, at_least 2"),
        ({"system": "required"}, None),
        ({"system": "none"}, "a system prompt"),
    ],
)
def test_bounds(asked: dict[str, Any], said: str | None) -> None:
    batch = {"messages": [turns("s: Be kind", "u: Hi", "a: Hello")]}
    assert Conversation(**asked).measure(batch)["conversation"] == [said]


def test_the_assistant_may_be_let_to_open() -> None:
    rows = Dataset.from_dict({"messages": [turns("a: Hello", "u: Hi", "a: Bye"), turns("u: Hi")]})
    kept, fallen = Conversation(assistant_opens=True).apply(rows)
    assert (len(kept), fallen["conversation"][:]) == (1, ["turn 1: does not end with the assistant"])


def test_a_row_without_turns_of_its_own_is_its_texts() -> None:
    batch = {"messages": [None] * 3, "instruction": ["Hi", "Hi", None], "response": ["Hello", "", None]}
    said = Conversation().measure(batch)["conversation"]
    assert said == [None, "turn 2: empty assistant turn", "no conversation"]
    assert Conversation(system="required").measure({**batch, "system": ["Be", "", None]})["conversation"][0] is None
