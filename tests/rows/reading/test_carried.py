"""What stands beside the turns: tools, reasoning and a reference, in columns of their own, carried or dropped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from hfsft.errors import SourceError
from hfsft.rows.views import reasoning, response
from hfsft.stages.examples import ExampleRows
from tests.rows.helpers import ASSISTANT, USER, examples, said, seeds

TALK = [("user", "Hi"), ("assistant", "Hello")]


@pytest.mark.parametrize(
    ("column", "value", "group", "kept"),
    [
        ("tools", [{"name": "x"}], "tools", '[{"name": "x"}]'),
        ("functions", '[ {"name": "x"} ]', "tools", '[ {"name": "x"} ]'),  # a list in JSON stays as it is written
        ("toolDefinitions", ['{"name": "x"}'], "tools", '[{"name": "x"}]'),
        ("tools", '{"name": "x"}', "tools", '[{"name": "x"}]'),
        ("tools", {"functions": [{"name": "x"}]}, "tools", '[{"name": "x"}]'),
        ("reasoning_content", "Hm", "reasoning", "Hm"),
        ("reasoningContent", "Hm", "reasoning", "Hm"),
        ("thought_process", " Hm \n", "reasoning", " Hm \n"),
        ("reasoning", [{"type": "text", "text": "H"}, {"type": "thinking", "thinking": "m"}], "reasoning", "H\n\nm"),
    ],
)
@pytest.mark.parametrize(
    "base", [{"prompt": "Hi", "completion": "Hello"}, {"messages": [USER, ASSISTANT]}], ids=["texts", "turns"]
)
def test_tools_and_reasoning_are_carried_unless_dropped(
    tmp_path: Path, base: Any, column: str, value: Any, group: str, kept: str
) -> None:
    (row,) = examples(tmp_path, {**base, column: value})
    assert (said(row), row.texts[group], row.texts["unread"]) == (TALK, kept, [])
    (row,) = examples(tmp_path, {**base, column: value}, drop=[group])
    assert (said(row), row.texts.get(group), row.texts["unread"]) == (TALK, None, [column])


@pytest.mark.parametrize(
    ("text", "word", "thought", "answer"),
    [
        ("<think>\nHm\n</think>\n\nHello", "think", "Hm", "Hello"),
        ('<tool_call>\n{"name": "x", "arguments": {}}\n</tool_call>', "hermes", None, "x({})"),
        ("Write <think> before it.", "", None, "Write <think> before it."),
    ],
)
@pytest.mark.parametrize(
    "names", ["prompt completion", "instruction output", "question answer", "instruction response"]
)
def test_marks_in_an_answer_of_its_own_column_are_known_as_those_in_turns(
    tmp_path: Path, names: str, text: str, word: str, thought: str | None, answer: str
) -> None:
    asked, answered = names.split()
    (row,) = examples(tmp_path, {asked: "Hi", answered: text})
    assert row.texts["response"] == text
    assert {"think", "hermes"} & set((row.texts.get("dialect") or "").split()) == ({word} if word else set())
    assert (reasoning(row.texts), response(row.texts)) == (thought, answer)


def test_marks_in_the_history_of_an_alpaca_row_are_known(tmp_path: Path) -> None:
    row = {"instruction": "And now?", "output": "Bye", "history": [["Hi", "<think>\nHm\n</think>\n\nHello"]]}
    (found,) = examples(tmp_path, row)
    assert "think" in found.texts["dialect"].split()


def test_marks_in_a_row_of_the_recipe_are_known(tmp_path: Path) -> None:
    rows = [{"instruction": "Hi", "response": "<think>\nHm\n</think>\n\nHello"}]
    (found,) = ExampleRows(rows=rows).opened(tmp_path, "examples[0]").rows(None)
    assert found.texts["dialect"] == "think"


def test_the_recipe_names_the_columns_of_reasoning_tools_and_the_reference(tmp_path: Path) -> None:
    row = {"question": "Hi", "answer": "Hello", "why": "Hm", "can": [{"name": "x"}], "gold": 42}
    keys = {"reasoning": "why", "tools": "can", "reference": "gold"}
    (found,) = examples(tmp_path, row, **keys)
    assert (said(found), found.texts["unread"]) == (TALK, [])
    assert [found.texts[part] for part in keys] == ["Hm", '[{"name": "x"}]', "42"]
    (seed,) = seeds(tmp_path, row, reference="gold")
    assert (seed.texts["instruction"], seed.texts["reference"]) == ("Hi", "42")
    with pytest.raises(SourceError, match="no column 'golden'"):
        examples(tmp_path, row, reference="golden")


def test_objects_of_a_parquet_file_lose_the_keys_that_only_other_rows_have(tmp_path: Path) -> None:
    """One type for all rows pads each object with the others' keys; what was written is what is read."""
    calls = [{"name": "weather", "arguments": {"city": "Oslo"}}, {"name": "clock", "arguments": {"zone": {"id": 1}}}]
    tools = [{"name": "weather", "parameters": {"city": {"type": "string"}}}, {"name": "clock", "parameters": {}}]
    rows = [{"messages": [USER, {"role": "assistant", "tool_calls": [one]}], "tools": tools} for one in calls]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "e.parquet")
    for read, call in zip(examples(tmp_path, path="e.parquet"), calls, strict=True):
        (found,) = read.texts["messages"][1]["tool_calls"]
        assert json.loads(found["arguments"]) == call["arguments"]
        assert json.loads(read.texts["tools"])[0] == tools[0]
    written = {"messages": [USER, {"role": "assistant", "tool_calls": [{"name": "f", "arguments": {"x": None}}]}]}
    (read,) = examples(tmp_path, written)
    assert read.texts["messages"][1]["tool_calls"] == [{"name": "f", "arguments": '{"x": null}'}]


TURNS = [
    {**USER, "tools": [{"name": "x"}]},
    {**ASSISTANT, "thinking": "Hm", "weight": 0},
    USER,
    {**ASSISTANT, "content": [{"type": "thinking", "thinking": "So"}, {"type": "text", "text": "Hello"}]},
]


@pytest.mark.parametrize(
    ("drop", "gone", "left"),
    [
        ([], set(), []),
        (["weight"], {"weight"}, ["messages[].weight"]),
        (["reasoning"], {"reasoning"}, ["messages[].thinking", "part of a turn: reasoning"]),
        (["tools"], {"tools"}, ["tools of a turn"]),
        (["weight", "reasoning", "tools"], {"weight", "reasoning", "tools"}, None),
    ],
)
def test_what_stands_in_turns_is_carried_unless_dropped(
    tmp_path: Path, drop: list[str], gone: set[str], left: list[str] | None
) -> None:
    (row,) = examples(tmp_path, {"messages": TURNS}, drop=drop)
    assert said(row) == TALK * 2
    assert row.texts.get("reasoning") == (None if "reasoning" in gone else "So")
    assert row.texts.get("tools") == (None if "tools" in gone else '[{"name": "x"}]')
    first = row.texts["messages"][1]
    assert first.get("weight") == (None if "weight" in gone else 0.0)
    assert first.get("reasoning") == (None if "reasoning" in gone else "Hm")
    if left is not None:
        assert row.texts["unread"] == left


def test_calls_stay_where_tools_are_dropped(tmp_path: Path) -> None:
    calling = {"role": "assistant", "content": "", "tool_calls": [{"name": "x", "arguments": "{}"}]}
    (row,) = examples(tmp_path, {"messages": [USER, calling]}, drop=["tools"])
    assert row.defect == "tool calls, which `drop: [tools]` cannot take out of a conversation"


def test_the_last_question_goes_with_the_results_that_nobody_answers(tmp_path: Path) -> None:
    calling = {"role": "assistant", "content": "", "tool_calls": [{"name": "x", "arguments": "{}"}]}
    (row,) = examples(tmp_path, {"messages": [USER, calling, {"role": "tool", "content": "1"}]}, drop=["unanswered"])
    assert (row.defect, [turn["role"] for turn in row.texts["messages"]]) == (None, ["user", "assistant"])
    assert row.texts["unread"] == ["a last result of a tool"]


def test_turns_in_a_row_are_joined_with_all_that_they_hold(tmp_path: Path) -> None:
    one = {**ASSISTANT, "thinking": "Hm", "weight": 0}
    two = {"role": "assistant", "content": "Bye", "thinking": "So", "tool_calls": [{"name": "x", "arguments": "{}"}]}
    talk = [USER, ASSISTANT, USER, one, two]
    (row,) = examples(tmp_path, {"messages": talk}, join_turns=True)
    call = {"name": "x", "arguments": "{}"}
    wanted = {"role": "assistant", "content": "Hello\n\nBye", "reasoning": "Hm\n\nSo", "tool_calls": [call]}
    assert row.texts["messages"][-1] == {**wanted, "weight": 0.0}


def test_a_conversation_may_stand_in_the_recipe() -> None:
    calling = {"role": "assistant", "tool_calls": [{"name": "find", "arguments": {"id": 7}}]}
    result = {"role": "tool", "content": "sent"}
    rows = [
        {"messages": [USER, calling, result, ASSISTANT], "tools": [{"name": "find"}], "topic": "t"},
        {"messages": [USER, result, ASSISTANT]},
        {"instruction": "Hi", "response": "Hello", "reasoning": "Hm", "reference": "Hello"},
    ]
    one, two, three = ExampleRows.model_validate({"rows": rows}).opened(Path(), "examples[1]").rows(None)
    assert one.texts["messages"][1]["tool_calls"] == [{"name": "find", "arguments": '{"id": 7}'}]
    assert (one.texts["tools"], one.texts["topic"]) == ('[{"name": "find"}]', "t")
    assert (two.defect, two.texts["source"]) == ("a tool's result that answers no call", "examples[1].rows[1]")
    assert (three.texts["reasoning"], three.texts["reference"]) == ("Hm", "Hello")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"instruction": "Hi"}, "needs `response`, or `messages`"),
        ({}, "needs `instruction` and `response`, or `messages`"),
        ({"messages": [USER], "context": "c"}, "`context` stands in the turns"),
        ({"instruction": "Hi", "response": "Hello", "tools": [{"x": float("nan")}]}, "a value that JSON cannot hold"),
    ],
)
def test_what_a_row_of_the_recipe_lacks_is_told(row: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ExampleRows.model_validate({"rows": [row]})
