"""Parquet and Arrow files of other and older writers: rows say the same in whatever type their texts and lists have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.rows.helpers import ASSISTANT, USER, examples, said

TALK = [("user", "Hi"), ("assistant", "Hello")]
TURNS = [USER, ASSISTANT]
TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
LARGE = pa.struct([("role", pa.large_string()), ("content", pa.large_string())])
TEXT = {"dtype": "string", "_type": "Value"}
FIELDS = {"role": TEXT, "content": TEXT}
COLUMNS = {"role": ["user", "assistant"], "content": ["Hi", "Hello"]}


def pair(kind: Any, texts: tuple[Any, Any] = ("Hi", "Hello"), **more: Any) -> pa.Table:
    named = dict(zip(("prompt", "completion"), (pa.array([text, text], kind) for text in texts), strict=True))
    return pa.table({**named, **more})


def told(table: pa.Table, features: Any) -> pa.Table:
    """The table as `datasets` writes it, with the features that it is to be read with."""
    return table.replace_schema_metadata({b"huggingface": json.dumps({"info": {"features": features}}).encode()})


def roles_once() -> pa.Table:
    roles = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, 1], pa.int8()), pa.array(["user", "assistant"]))
    turns = pa.StructArray.from_arrays([roles, pa.array(["Hi", "Hello"] * 2)], ["role", "content"])
    return pa.table({"messages": pa.ListArray.from_arrays(pa.array([0, 2, 4], pa.int32()), turns)})


LISTS = pa.table({"messages": pa.array([TURNS, TURNS], pa.list_(TURN))})
OF_LISTS = pa.table({"messages": pa.array([COLUMNS, COLUMNS])})
MAPS = [list(turn.items()) for turn in TURNS]
TABLES = {
    "an object of lists": OF_LISTS,
    "Sequence of objects": told(OF_LISTS, {"messages": {"feature": FIELDS, "_type": "Sequence"}}),
    "Sequence with a length": told(
        OF_LISTS, {"messages": {"feature": FIELDS, "length": -1, "id": None, "_type": "Sequence"}}
    ),
    "a list of one type": told(LISTS, {"messages": [FIELDS]}),
    "List": told(LISTS, {"messages": {"feature": FIELDS, "_type": "List"}}),
    "a feature of the future": told(LISTS, {"messages": {"feature": TEXT, "_type": "Stream"}}),
    "features of other columns": told(LISTS, {"prompt": TEXT}),
    "features that are no JSON": LISTS.replace_schema_metadata({b"huggingface": b"{"}),
    "large texts": pair(pa.large_string()),
    "large lists": pa.table({"messages": pa.array([TURNS, TURNS], pa.large_list(LARGE))}),
    "lists of one length": pa.table({"messages": pa.array([TURNS, TURNS], pa.list_(TURN, 2))}),
    "views": pair(pa.string_view()),
    "texts kept once": pair(pa.dictionary(pa.int32(), pa.string())),
    "roles kept once": roles_once(),
    "bytes": pair(pa.binary(), (b"Hi", b"Hello")),
    "large bytes": pair(pa.large_binary(), (b"Hi", b"Hello")),
    "maps": pa.table({"messages": pa.array([MAPS, MAPS], pa.list_(pa.map_(pa.string(), pa.string())))}),
    "JSON": pa.table({"messages": [json.dumps(TURNS)] * 2}),
    "columns of nothing": pair(pa.string(), system=pa.nulls(2), tools=pa.array([[], []], pa.list_(pa.null()))),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_rows_say_the_same_in_whatever_type(tmp_path: Path, name: str, suffix: str) -> None:
    table = TABLES[name]
    if suffix == "parquet":
        pq.write_table(table, tmp_path / "rows.parquet")
    else:
        with pa.OSFile(str(tmp_path / "rows.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)
    assert [said(row) for row in examples(tmp_path, path=f"rows.{suffix}")] == [TALK, TALK]


def test_bytes_that_are_no_text_and_maps_with_a_key_twice_are_left_as_they_are(tmp_path: Path) -> None:
    twice = pa.array([[("a", "b"), ("a", "c")]], pa.map_(pa.string(), pa.string()))
    table = pa.table({"prompt": ["Hi"], "completion": ["Hello"], "blob": [b"\xff"], "map": twice})
    pq.write_table(table, tmp_path / "rows.parquet")
    (row,) = examples(tmp_path, path="rows.parquet", keep=["map"])
    assert said(row) == TALK
    assert row.texts["unread"] == ["blob"]
    assert row.kept["map"] == '[["a", "b"], ["a", "c"]]'


def test_a_topic_may_be_a_number(tmp_path: Path) -> None:
    row = {"prompt": "Hi", "completion": "Hello"}
    read = examples(tmp_path, {**row, "class": 3}, {**row, "class": None}, topic="class")
    assert [(each.defect, each.texts["topic"]) for each in read] == [(None, "3"), (None, None)]
