"""What first stands in a late row is read and can be named; a key that stands twice costs its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfsft.errors import SourceError
from tests.rows.helpers import examples, file, said


def test_a_part_of_the_conversation_that_first_stands_in_a_late_row_is_read(tmp_path: Path) -> None:
    row = {"instruction": "Hi", "output": "Hello"}
    late = {**row, "system": "s", "history": [["a", "b"]], "input": "i", "other": 1}
    *_, last = examples(tmp_path, *[row] * 1500, late)
    assert said(last) == [
        ("system", "s"),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "Hi\n\ni"),
        ("assistant", "Hello"),
    ]
    assert last.texts["unread"] == ["other"]


def test_the_recipe_may_name_a_column_that_only_a_late_row_has(tmp_path: Path) -> None:
    row = {"instruction": "Hi", "output": "Hello"}
    path = file(tmp_path, "late.jsonl", *[row] * 1500, {**row, "kind": "t", "note": 5})
    *_, before, last = examples(tmp_path, path=path, topic="kind", keep=["note"])
    assert (before.texts["topic"], before.kept) == (None, {"note": None})
    assert (last.texts["topic"], last.kept, last.texts["unread"]) == ("t", {"note": "5"}, [])
    with pytest.raises(SourceError, match="no column 'nte'"):
        examples(tmp_path, path=path, keep=["nte"])


TWICE = "the key content stands twice in one object"


@pytest.mark.parametrize(
    ("line", "defect"),
    [
        ('{"instruction": "a", "output": "b", "instruction": "c"}', "the key instruction stands twice in one object"),
        ('{"messages": [{"role": "user", "content": "a", "content": "b"}, {"role": "gpt", "content": "c"}]}', TWICE),
        ('{"instruction": "a", "output": "b", "meta": {"content": 1, "content": 2}}', TWICE),
        ('{"instruction": "a", "output": "b", "instruction": "a"}', None),
    ],
)
def test_a_key_with_two_values_sets_its_row_aside(tmp_path: Path, line: str, defect: str | None) -> None:
    assert [row.defect for row in examples(tmp_path, '{"instruction": "x", "output": "y"}', line)] == [None, defect]
    (tmp_path / "e.json").write_text(f'[{{"instruction": "x", "output": "y"}}, {line}]')
    _, second = examples(tmp_path, path="e.json")
    assert (second.defect, second.texts["source"]) == (defect, "e.json[1]")
