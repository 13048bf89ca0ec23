"""Filters that read answers beside what they reply to: in columns, in turns, in a column of its own."""

from __future__ import annotations

from typing import Any

from datasets import Dataset

from hfsft.filters import Echo, Placeholder, SecondTask, Truncated
from hfsft.rows.batch import Batch

TURNS = [
    {"role": "user", "content": "Write a template for a card."},
    {"role": "assistant", "content": "Dear [Name], welcome."},
    {"role": "user", "content": "Which sea is the saltiest of them all?"},
    {"role": "assistant", "content": "Which sea is the saltiest of them all?"},
]


def batch(**columns: list[Any]) -> Batch:
    rows = len(next(iter(columns.values())))
    names = ("system", "instruction", "context", "response", "messages", "dialect")
    return {name: columns.get(name, [None] * rows) for name in names}


def test_each_answer_is_read_beside_what_it_replies_to() -> None:
    rows = batch(instruction=[TURNS[0]["content"]], response=[TURNS[-1]["content"]], messages=[TURNS])
    assert Placeholder().measure(rows) == {"placeholder_conversation": [None]}
    assert Echo().measure(rows) == {"echo_conversation": [1.0]}
    assert Echo(column="response").measure(rows) == {"echo_response": [1.0]}
    assert Echo(column="messages").measure(rows) == {"echo_messages": [1.0]}
    later = batch(
        messages=[[*TURNS[2:], {"role": "user", "content": "Go on."}, TURNS[1]]], instruction=["a"], response=["b"]
    )
    assert Placeholder().measure(later) == {"placeholder_conversation": ["[Name]"]}


def test_what_users_say_is_read_too_and_a_system_prompt_may_ask_for_forms() -> None:
    rows = batch(
        instruction=["Name a sea.", "Name a sea.", "Greet them."],
        context=["noinput", None, None],
        response=["The North Sea.", "The North Sea.", "Hello {{name}}, hello [Your Name]."],
        system=[None, None, "You write templates with variables for mails."],
    )
    assert Placeholder().measure(rows) == {"placeholder_conversation": ["noinput", None, None]}
    assert Placeholder(column="response").measure(rows) == {"placeholder_response": [None, None, None]}
    rows["system"] = [None] * 3
    assert Placeholder().measure(rows)["placeholder_conversation"][2] == "[Your Name]"


def test_a_column_of_ones_own_replies_to_nothing() -> None:
    data = Dataset.from_dict({"note": ["Dear [Your Name]", "It is done.", None, "Done.\n\n### Instruction:\nGo on."]})
    kept, rejected = Placeholder(column="note").apply(data)
    assert rejected["placeholder_note"] == ["[Your Name]", "### Instruction:"]
    assert kept["note"] == ["It is done.", None]
    assert SecondTask(column="note").apply(data)[1]["second_task_note"] == ["### Instruction:"]
    assert Echo(column="note").measure({"note": ["a b c d", None]}) == {"echo_note": [0.0, None]}


def test_rows_without_an_answer_have_nothing() -> None:
    rows = batch(instruction=["Name a sea."], response=[None])
    assert Placeholder().measure(rows) == {"placeholder_conversation": [None]}
    assert Echo().measure(rows) == {"echo_conversation": [None]}


def test_what_a_server_said_of_an_answers_end_is_heard() -> None:
    rows = batch(instruction=["Name a sea."] * 4, response=["The North Sea."] * 4)
    rows["finish_reason"] = ["length", "stop", "FinishReason.MAX_TOKENS", None]
    said = [None if ending in ("stop", None) else f"finish_reason {ending}" for ending in rows["finish_reason"]]
    assert Truncated().measure(rows) == {"truncated_conversation": said}
    assert Truncated(column="response").measure(rows) == {"truncated_response": said}
