"""What a release says of its columns, and the hash by which a person's verdict finds the text that was seen."""

from __future__ import annotations

import json
from pathlib import Path

from hfsft.pipeline import run
from hfsft.release.export import published_columns, rejected_rows
from hfsft.release.reader import Release
from hfsft.rows.columns import named
from hfsft.rows.views import content
from tests.release.toy import release, toy


def test_each_row_has_its_content_beside_its_id(tmp_path: Path) -> None:
    built = toy(60)
    found = Release("toy", release(built, tmp_path))
    removal = found.rejected()
    assert removal is not None
    for rows in (*map(found.rows, found.splits()), removal):
        assert rows.column_names[:2] == ["id", "content"]
        assert all(row["content"] == content(row) for row in rows)
        assert list(found.registry())[:2] == ["id", "content"]
        assert set(rows.column_names) <= set(found.registry())


def test_only_what_is_said_changes_the_content(tmp_path: Path, home: Path) -> None:
    def built(file: str, answer: str, at_most: int) -> dict[str, str]:
        rows = [{"instruction": f"Where is parcel {n}?", "response": f"{answer} {n}."} for n in range(4)]
        (tmp_path / file).write_text("\n".join(map(json.dumps, rows)))
        recipe = {
            "name": "toy",
            "license": "mit",
            "examples": [{"path": str(tmp_path / file)}],
            "filters": [{"tokens": {"at_most": at_most}}],
            "split": {"validation": 0},
        }
        _, folder = run(recipe, out=tmp_path / "build")
        return {row["instruction"]: row["content"] for row in Release("toy", folder).rows("train")}

    first = built("a.jsonl", "In house", 9)
    assert len(set(first.values())) == 4
    assert built("b.jsonl", "In house", 5) == first
    assert not set(built("b.jsonl", "In court", 5).values()) & set(first.values())


def test_a_release_says_what_part_each_column_plays(tmp_path: Path) -> None:
    folder = release(toy(60), tmp_path)
    registry = Release("toy", folder).registry()
    assert registry == published_columns(toy(60))
    assert named(registry, "measure") == [
        *("tokens_response", "repetition_response", "near_duplicate_instruction", "near_duplicate_instruction_of"),
    ]
    assert "reason_usefulness" in named(registry, "score")
    path = folder / "funnel.json"  # of a version that did not say it yet: the names tell
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "columns"}))
    older = Release("toy", folder).registry()
    assert {name: each.role for name, each in older.items()} == {name: each.role for name, each in registry.items()}


def test_a_row_whose_texts_are_withheld_has_no_content() -> None:
    built = toy(60)
    silent = built.ledger.removals[0].rows.map(lambda row: {**row, "instruction": None, "response": None})
    object.__setattr__(built.ledger.removals[0], "rows", silent)
    rows = [row for table in rejected_rows(built).tables() for row in table.to_pylist()]
    assert [row["content"] is None for row in rows] == [row["response"] is None for row in rows]
