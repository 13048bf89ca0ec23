"""Trees of messages, as rows of their own or one tree a row: a conversation for each answer that no other follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfsft.rows.reading.order import UNANSWERED
from hfsft.rows.shapes.of_datasets.oasst import DELETED, LOST, NO_MESSAGE, TWICE
from tests.rows.helpers import examples, file, said, seeds

ASK, SHORT, LONG, THEN, LAST, OPEN = "Hi", "Hello", "Good day", "And you?", "Fine", "Why?"
SHORT_TALK = [("user", ASK), ("assistant", SHORT)]
LONG_TALK = [("user", ASK), ("assistant", LONG), ("user", THEN), ("assistant", LAST)]


def message(name: str, parent: str | None, text: str, tree: str = "t", **more: Any) -> dict[str, Any]:
    role = "prompter" if text in (ASK, THEN, OPEN) else "assistant"
    return {"message_id": name, "parent_id": parent, "text": text, "role": role, "message_tree_id": tree, **more}


FLAT = [
    message("a", None, ASK),
    message("b", "a", SHORT, rank=0),
    message("c", "a", LONG, rank=1),
    message("d", "c", THEN),
    message("e", "d", LAST, rank=0, lang="en"),
    message("f", "b", OPEN),
]


def nested(rows: list[dict[str, Any]], parent: str | None = None) -> list[dict[str, Any]]:
    return [{**row, "replies": nested(rows, row["message_id"])} for row in rows if row["parent_id"] == parent]


TREE = {"message_tree_id": "t", "tree_state": "ready_for_export", "prompt": nested(FLAT)[0]}


@pytest.mark.parametrize("rows", [FLAT, FLAT[::-1], [TREE]], ids=["messages", "in another order", "a tree a row"])
@pytest.mark.parametrize("format", ["auto", "oasst"])
def test_each_last_answer_ends_a_conversation(tmp_path: Path, rows: list[Any], format: str) -> None:
    read = examples(tmp_path, *rows, format=format)
    assert sorted(said(row) for row in read if row.defect is None) == [LONG_TALK, SHORT_TALK]
    assert [row.defect for row in read if row.defect] == [UNANSWERED]  # told, not dropped


def test_rows_stand_where_their_last_message_does(tmp_path: Path) -> None:
    read = examples(tmp_path, *FLAT, keep=["message_id"], family="message_tree_id")
    assert {(row.texts["source"], row.kept["message_id"], row.family) for row in read} == {
        ("e.jsonl:2", "b", "t"),
        ("e.jsonl:5", "e", "t"),
        ("e.jsonl:6", "f", "t"),
    }
    assert {row.texts["dialect"] for row in read if row.defect is None} == {"oasst messages"}


def test_keys_of_a_source_see_conversations(tmp_path: Path) -> None:
    rows = [*FLAT, message("g", None, ASK, tree="u"), message("h", "g", LONG, tree="u", rank=0)]
    assert [said(row) for row in examples(tmp_path, *rows, where="rank == 0 and lang is none")] == [
        SHORT_TALK,
        [("user", ASK), ("assistant", LONG)],
    ]
    assert len(examples(tmp_path, *rows, limit=2)) == 2
    assert len(examples(tmp_path, *rows, sample=2)) == 2
    assert len(examples(tmp_path, *FLAT, TREE)) == len(examples(tmp_path, *FLAT)) * 2


def test_the_opening_question_is_the_seed(tmp_path: Path) -> None:
    read = seeds(tmp_path, *FLAT, message("z", None, THEN, tree="alone"))
    assert [row.texts["instruction"] for row in read if row.defect is None] == [ASK, ASK, ASK, THEN]


@pytest.mark.parametrize(
    ("rows", "defects"),
    [
        ([FLAT[0], message("b", "a", SHORT, deleted=True)], [DELETED]),
        ([*FLAT[:2], message("b", "a", LONG)], [TWICE]),
        ([*FLAT[:2], message("x", "gone", LONG)], [LOST]),
        ([*FLAT[:2], message("x", "y", LONG), message("y", "x", THEN)], [LOST, LOST]),
        ([*FLAT[:2], {"text": "x"}], [NO_MESSAGE]),
        ([FLAT[0]], [UNANSWERED]),
    ],
)
def test_what_is_no_tree_is_set_aside_and_the_rest_is_read(tmp_path: Path, rows: list[Any], defects: list[str]) -> None:
    read = examples(tmp_path, *rows)
    assert [row.defect for row in read if row.defect] == defects
    assert len(read) == len(defects) + (len(rows) > 2)


def test_messages_of_a_tree_that_lie_apart_say_how_to_sort_them(tmp_path: Path) -> None:
    other = [message("g", None, ASK, tree="u"), message("h", "g", LONG, tree="u")]
    read = examples(tmp_path, *FLAT[:2], *other, FLAT[2])
    assert [row.defect for row in read] == [None, None, LOST]
    assert "sort the rows by message_tree_id" in LOST


def test_a_file_of_messages_that_was_packed_is_read_too(tmp_path: Path) -> None:
    rows = [{key: value for key, value in row.items() if key != "message_tree_id"} for row in FLAT]
    path = file(tmp_path, "all.jsonl", *rows)
    assert sorted(said(row) for row in examples(tmp_path, path=path) if row.defect is None) == [LONG_TALK, SHORT_TALK]
