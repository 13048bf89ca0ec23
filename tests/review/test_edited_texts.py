"""Texts of a row under names of their own, and the columns that an edit of them makes."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.review.edited_texts import columns_of, editable, texts_of
from tests.release.toy import agent
from tests.review.memory import a_row

PLAIN = a_row(1, system="Be brief.", context="A list.")
TALK = a_row(2, system="Be brief.", **agent("Where is it?", "On its way."))


def test_of_a_plain_row_its_columns_can_be_edited() -> None:
    assert list(editable(PLAIN)) == ["system", "instruction", "context", "response"]
    assert editable({**PLAIN, "response": None})["response"] == ""


def test_of_a_conversation_every_text_of_its_turns() -> None:
    found = editable(TALK)
    assert list(found)[:4] == ["system", "user, turn 1", "assistant reasoning, turn 2", "tool, turn 3"]
    assert found["assistant, turn 8"] == "On its way."


@pytest.mark.parametrize(
    ("row", "edit"),
    [
        (PLAIN, {"response": "New.", "system": ""}),
        (TALK, {"system": "Be kind."}),
        (TALK, {"assistant, turn 4": "New.", "assistant reasoning, turn 8": ""}),
        (TALK, {"system": "Be kind.", "user, turn 1": "New?"}),
    ],
)
def test_an_edit_comes_back_as_it_was_typed(row: Any, edit: dict[str, str]) -> None:
    assert texts_of(columns_of(edit, row), row) == edit


def test_all_turns_are_told_where_one_is_another() -> None:
    turns = columns_of({"user, turn 5": "Thanks a lot!"}, TALK)["messages"]
    assert turns[0] == {"role": "system", "content": "Be brief."}
    assert [turn["content"] for turn in turns[1:]] == [
        "Thanks a lot!" if place == 5 else turn["content"] for place, turn in enumerate(TALK["messages"], 1)
    ]
    assert turns[2]["tool_calls"] == TALK["messages"][1]["tool_calls"]
    assert columns_of({"system": "Be kind."}, TALK) == {"system": "Be kind."}


def test_turns_that_were_not_written_on_the_page_are_left_alone() -> None:
    assert texts_of({"messages": [{"role": "user", "content": "Other"}]}, TALK) == {}
