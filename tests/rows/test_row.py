"""A row's id is a hash of what it says, and stays whatever columns come after it was given."""

from __future__ import annotations

import pytest

import hfsft.rows.row as made
from hfsft.rows.row import new_row
from tests.rows.messages import full

TURNS = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": ""}]


@pytest.mark.parametrize(
    ("texts", "row_id"),
    [
        ({"instruction": "Can I return it?", "response": "Yes."}, "597cdb0de5b37c46"),
        ({"instruction": "Hello?", "response": "", "messages": TURNS}, "4f99697a6e3b8bfc"),
        ({"instruction": "Hello?", "response": "", "messages": [full(turn) for turn in TURNS]}, "4f99697a6e3b8bfc"),
    ],
)
def test_ids_that_answers_on_disk_are_kept_by_stay(texts: dict[str, object], row_id: str) -> None:
    assert new_row("example", texts)["id"] == row_id


def test_a_text_that_came_later_is_part_of_the_id_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"instruction": "Can I return it?", "response": "Yes."}
    before = new_row("example", plain)["id"]
    monkeypatch.setattr(made, "TEXTS", (*made.TEXTS, "later"))
    assert new_row("example", plain)["id"] == new_row("example", {**plain, "later": ""})["id"] == before
    assert new_row("example", {**plain, "later": "A tool."})["id"] != before


def test_who_is_called_what_and_how_a_row_was_written_are_no_part_of_the_id() -> None:
    user, answer = {"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Yes?"}
    texts = {"instruction": "Hello?", "response": "Yes?"}
    plain = new_row("example", texts)["id"]
    named = [{**user, "name": "Kim"}, answer]
    assert new_row("example", {**texts, "messages": named, "dialect": "messages", "unread": ["x"]})["id"] == plain
    longer = new_row("example", {**texts, "messages": [user, answer, user, answer]})["id"]
    assert new_row("example", {**texts, "messages": [*named, user, answer]})["id"] == longer
    call = {"name": "find", "arguments": "{}"}
    calling = [user, {**answer, "tool_calls": [call]}, {"role": "tool", "content": "1", "name": "find"}, answer]
    first = new_row("example", {**texts, "messages": calling})["id"]
    assert new_row("example", {**texts, "messages": [full(turn) for turn in calling]})["id"] == first
    calling[2] = {**calling[2], "name": "look"}
    assert new_row("example", {**texts, "messages": calling})["id"] != first
    for said in ({"reasoning": "Hm"}, {"tools": "[]"}, {"reference": "Yes"}):
        assert new_row("example", {**texts, **said})["id"] != plain
