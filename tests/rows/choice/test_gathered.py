"""Conversations of which a table holds parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfsft.errors import ReadAnewError
from hfsft.rows.choice.gathered import Gathered
from hfsft.rows.tables.table import Table


def test_parts_of_conversations_are_not_read_on(tmp_path: Path) -> None:
    """A row that is new may belong to a conversation that is there."""
    path = tmp_path / "trees.jsonl"
    said = [("m0", None, "prompter", "Is it?"), ("m1", "m0", "assistant", "No."), ("m2", "m0", "assistant", "Yes.")]
    for name, parent, role, text in said:
        row = {"message_id": name, "parent_id": parent, "message_tree_id": "m0", "role": role, "text": text}
        path.write_text((path.read_text() if path.exists() else "") + json.dumps(row) + "\n")
    table = Table("trees.jsonl", tmp_path)
    assert len(list(Gathered(table, "auto").records())) == 2
    assert not table.progress.marks  # so that nobody goes on at one
    plain = Table("trees.jsonl", tmp_path)
    assert len(list(plain.records())) == 3
    plain.progress.before = {name: whole for name, (whole, _) in plain.progress.marks.items()}
    with pytest.raises(ReadAnewError):
        list(Gathered(plain, "auto").records())


def test_what_is_known_of_a_table_of_whole_conversations_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"instruction": f"{n}?", "response": "Yes."}) + "\n" for n in range(9)))
    gathered = Gathered(Table("rows.jsonl", tmp_path), "auto")
    list(gathered.records())
    gathered.progress.before = {name: whole for name, (whole, _) in gathered.progress.marks.items()}
    with path.open("a") as file:
        file.write(json.dumps({"instruction": "9?", "response": "Yes."}) + "\n")
    found = gathered.records()
    first = next(found)
    gathered.settled("rows.jsonl")
    rest = list(found)
    assert first.known
    assert [row.source for row in rest if not row.known] == ["rows.jsonl:10"]
    assert len(rest) < 9
