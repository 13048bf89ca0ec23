"""Conversations in every dialect: what is unmistakable is understood, what is not is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.rows.reading.turns import LISTS
from tests.rows.helpers import ASSISTANT, USER, examples, said

TALK = [("user", "Hi"), ("assistant", "Hello")]


def turns(role: str, text: str, *names: str) -> list[dict[str, str]]:
    return [{role: name, text: ("Hi", "Hello")[place % 2]} for place, name in enumerate(names)]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "value",
    [
        turns("role", "content", "user", "assistant"),
        turns("from", "value", "human", "gpt"),
        turns("speaker", "text", "Customer", "AGENT"),
        turns("role", "value", "User", "Assistant"),
        turns("from", "content", "prompter", "bot"),
        turns("author", "message", " question ", "answer"),
        [{"user": "Hi", "assistant": "Hello"}],
        [{"human": "Hi"}, {"model": "Hello"}],
        [["user", "Hi"], ["chatgpt", "Hello"]],
        {"from": ["human", "gpt"], "value": ["Hi", "Hello"]},
        '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]',
        "[{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'Hello'}]",
        [{"role": "user", "content": "Hi", "from": None, "tool_calls": None, "weight": None}, ASSISTANT],
        [{"role": "user", "content": [{"type": "text", "text": "Hi", "image_url": None}]}, ASSISTANT],
        [{"role": "user", "content": {"type": "text", "text": "Hi"}}, ASSISTANT],
        [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello"}]}],
        [{"author": {"role": "user", "name": None}, "content": "Hi"}, ASSISTANT],
        [
            {"role": "user", "content": ["Hi"]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]},
        ],
    ],
    ids=str,
)
def test_keys_and_roles_are_told_by_the_turns(tmp_path: Path, name: str, value: Any) -> None:
    (row,) = examples(tmp_path, {name: value})
    assert said(row) == TALK
    assert row.texts["unread"] == []


def test_a_line_may_be_the_conversation_itself(tmp_path: Path) -> None:
    assert [said(row) for row in examples(tmp_path, [USER, ASSISTANT], [USER, ASSISTANT])] == [TALK, TALK]


def test_the_recipe_names_the_list_and_the_roles(tmp_path: Path) -> None:
    row = {"log": turns("who", "text", "visitor", "clerk")}
    with pytest.raises(Exception, match="no column holds the instruction"):
        examples(tmp_path, row)
    row = {"log": turns("role", "text", "visitor", "Clerk")}
    (found,) = examples(tmp_path, row, messages="log")
    assert found.defect is not None
    assert found.defect.startswith("unknown role visitor (`roles: {visitor: user}`")
    assert said(*examples(tmp_path, row, messages="log", roles={"visitor": "user", "clerk": "assistant"})) == TALK
    told = {"dialog": turns("speaker", "text", "USER", "SYSTEM")}
    assert said(*examples(tmp_path, told, roles={"SYSTEM": "assistant"})) == TALK


def system(text: Any, role: str = "system") -> dict[str, Any]:
    return {"role": role, "content": text}


@pytest.mark.parametrize(
    ("column", "before", "prompt"),
    [
        (None, [system("")], None),
        (None, [system(None)], None),
        (" ", [{"role": "system"}], None),
        (None, [system("Be brief.")], "Be brief."),
        (None, [system("Be brief.", "Developer")], "Be brief."),
        ("Sing.", [system("Be brief.")], "Sing.\n\nBe brief."),
        ("Sing.", [system("Sing.")], "Sing."),
        ("Sing.", [system("")], "Sing."),
        (None, [system("One."), system("Two.", "developer")], "One.\n\nTwo."),
        (" Sing. \n", [], " Sing. \n"),
    ],
)
def test_system_prompts_of_column_and_turns_are_all_kept_once(
    tmp_path: Path, column: str | None, before: list[Any], prompt: str | None
) -> None:
    (row,) = examples(tmp_path, {"system": column, "messages": [*before, USER, ASSISTANT]})
    assert row.texts["system"] == prompt
    assert said(row)[-2:] == TALK


@pytest.mark.parametrize(
    ("talk", "keys", "roles"),
    [
        ([ASSISTANT, USER, ASSISTANT], {"assistant_opens": True}, ["assistant", "user", "assistant"]),
        ([USER, ASSISTANT, USER], {"drop": ["unanswered"]}, ["user", "assistant"]),
        ([USER, USER, ASSISTANT], {"join_turns": True}, ["user", "assistant"]),
    ],
)
def test_other_orders_are_taken_by_choice(tmp_path: Path, talk: Any, keys: Any, roles: list[str]) -> None:
    (refused,) = examples(tmp_path, {"messages": talk})
    (key,) = keys
    assert f"`{key}: " in (refused.defect or "")
    (row,) = examples(tmp_path, {"messages": talk}, **keys)
    assert [role for role, _ in said(row)] == roles
    if "drop" in keys:
        assert row.texts["unread"] == ["a last question without an answer"]
    if "join_turns" in keys:
        assert row.texts["instruction"] == "Hi\n\nHi"


CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
OTHER = {"id": "c2", "type": "function", "function": {"name": "clock", "arguments": "{}"}}


def calling(*calls: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def tool(text: str, number: str | None = None) -> dict[str, Any]:
    return {"role": "tool", "content": text, "tool_call_id": number}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": []}, "no conversation"),
        ({"messages": None}, "no conversation"),
        ({"messages": [USER]}, "does not end with the assistant"),
        ({"messages": [ASSISTANT, USER]}, "the assistant opens it"),
        ({"messages": [USER, USER, ASSISTANT]}, "two turns in a row by one role"),
        ({"messages": [USER, {"role": "assistant", "content": " "}]}, "empty assistant turn"),
        ({"messages": [USER, {"role": "assistant", "content": None}]}, "empty assistant turn"),
        ({"messages": [USER, {"role": "assistant"}]}, "empty assistant turn"),
        ({"messages": [USER, {"role": "assistant", "content": 5}]}, "a turn is not text"),
        ({"messages": [USER, system("Stop."), ASSISTANT]}, "a system turn within the conversation"),
        ({"messages": [{"role": "robot", "content": "Hi"}, ASSISTANT]}, "unknown role robot (`roles: {robot: user}`"),
        ({"messages": [{"role": "[bot]", "content": "Hi"}, ASSISTANT]}, 'unknown role [bot] (`roles: {"[bot]": user}`'),
        (
            {"messages": [{"author": {"name": "Kim"}, "content": "Hi"}, ASSISTANT]},
            "a turn is not an object with a role",
        ),
        ({"messages": [USER, {**ASSISTANT, "weight": "0"}]}, "weights of 0 on all that the assistant says"),
        ({"messages": [USER, {**ASSISTANT, "weight": 0.5}]}, "a weight in training"),
        ({"messages": [{"content": "Hi"}, ASSISTANT]}, "a turn is not an object with a role and a text"),
        ({"messages": ["Hi", "Hello"]}, "a turn is not an object with a role and a text"),
        ({"messages": "Hi"}, "not a list of turns"),
        ({"messages": [USER, tool("1"), ASSISTANT]}, "a tool's result that answers no call"),
        ({"messages": [USER, calling(CALL), tool("1", "c2"), ASSISTANT]}, "a tool's result that answers no call"),
        ({"messages": [USER, calling(CALL), tool("1", "c1"), tool("2", "c1"), ASSISTANT]}, "a tool's result that"),
        ({"messages": [USER, calling(CALL), tool("1"), tool("2"), ASSISTANT]}, "a tool's result that answers no call"),
        ({"messages": [USER, calling(CALL, OTHER), tool("1", "c2"), ASSISTANT]}, "a tool call without a result"),
        ({"messages": [USER, calling(CALL), USER, ASSISTANT]}, "a tool call without a result"),
        ({"messages": [USER, calling(CALL), tool("1"), USER, ASSISTANT]}, "the user speaks where the assistant"),
        ({"messages": [USER, calling(CALL), tool("1")]}, "does not end with the assistant"),
        ({"messages": [USER, calling(CALL, CALL), tool("1", "c1"), ASSISTANT]}, "two tool calls of one id"),
        ({"messages": [USER, calling({"function": {"arguments": '{"a": 1}'}})]}, "a tool call without a name"),
        ({"messages": [USER, calling({"name": "f", "arguments": "{city: Oslo}"})]}, "arguments of a tool call are not"),
        ({"messages": [USER, calling({"name": "f", "arguments": '{"x": NaN}'})]}, "arguments of a tool call are not"),
        ({"messages": [USER, calling({"name": "f", "arguments": "[1]"})]}, "arguments of a tool call are not a JSON"),
        ({"messages": [USER, calling({"name": "f", "arguments": 5})]}, "arguments of a tool call are not a JSON"),
        ({"messages": [USER, calling(5)]}, "a tool call is not an object"),
        ({"messages": [{**USER, "tool_calls": [CALL]}, ASSISTANT]}, "tool calls in a turn of the user"),
        (
            {"messages": [USER, {**ASSISTANT, "tool_responses": [{"content": "1"}]}]},
            "results of tools in a turn of the",
        ),
        (
            {"conversations": turns("from", "value", "human", "function_call", "observation", "gpt")},
            "a tool call is not",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": [{"type": "tool_use", "id": "t"}]}]},
            "a tool call without",
        ),
        ({"messages": [USER, {**ASSISTANT, "thinking": 5}]}, "reasoning is not text"),
        ({"messages": [USER, {"role": "assistant", "content": "", "thinking": "Hm"}]}, "empty assistant turn"),
        ({"messages": [USER, ASSISTANT], "tools": "search"}, "tools are not JSON"),
        ({"messages": [USER, ASSISTANT], "tools": [["search"]]}, "tools are not objects"),
        (
            {"messages": [USER, {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "x"}]}]},
            "reasoning is encrypted",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, ASSISTANT]},
            "a turn with an image",
        ),
        ({"messages": [USER, {**ASSISTANT, "train": False}]}, "weights of 0 on all that the assistant says"),
    ],
    ids=str,
)
def test_what_cannot_be_trained_on_is_set_aside_by_name(tmp_path: Path, row: Any, reason: str) -> None:
    bad, good = examples(tmp_path, row, {next(iter(row)): [USER, ASSISTANT]})
    assert (bad.defect or "").startswith(reason)
    assert bad.texts["source"] == "e.jsonl:1"
    assert good.defect is None


def test_answers_of_a_prompt_that_are_not_trained_on_leave_the_completion_to_be(tmp_path: Path) -> None:
    before = [USER, {**ASSISTANT, "weight": 0}, {"role": "user", "content": "And now?"}]
    row, all_zero = examples(
        tmp_path,
        {"prompt": before, "completion": [ASSISTANT]},
        {"prompt": before, "completion": [{**ASSISTANT, "weight": 0}]},
    )
    assert row.defect is None
    assert [turn.get("weight") for turn in row.texts["messages"]] == [None, 0.0, None, None]
    assert (all_zero.defect or "").startswith("weights of 0 on all")


@pytest.mark.parametrize("mark", ["label", "kto_tag", "is_desirable"])
def test_an_answer_that_is_marked_as_bad_is_set_aside_whatever_the_mark_is_called(tmp_path: Path, mark: str) -> None:
    good, bad = examples(tmp_path, *({"messages": [USER, ASSISTANT], mark: value} for value in (True, False)))
    assert good.defect is None
    assert (bad.defect or "").startswith("marked as a bad answer")
