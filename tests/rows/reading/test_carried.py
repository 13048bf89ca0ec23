"""What stands beside the turns: tools, reasoning and a reference, in columns of their own, carried or dropped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hfsft.errors import SourceError
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
