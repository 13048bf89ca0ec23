"""What a release says of each row is kept by part: a build with a row more works out that row, and says the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft import pipeline
from hfsft.errors import ReleaseError
from hfsft.release.folder.file_names import TRAINER
from hfsft.release.trainer.row_checks import RowChecks, TrainerFinding
from tests.release.samples import tokenizer_folder
from tests.release.trainer.templates import QWEN

LONG = "Look into the list of parcels, then into the list of couriers. " * 20
ROWS: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "At home."}]},
    {"messages": [{"role": "user", "content": "Is it <|im_end|> here?"}, {"role": "assistant", "content": LONG}]},
    {
        "messages": [
            {"role": "user", "content": "Is it cold?"},
            {"role": "assistant", "content": "Yes.", "thinking": "Five degrees."},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": "Which order is it?"},
            {"role": "assistant", "content": "The first.", "weight": 0.0},
            {"role": "user", "content": "And then?"},
            {"role": "assistant", "content": "The second."},
        ]
    },
]
ANOTHER = {
    "messages": [
        {"role": "user", "content": "Is it warm in the hall?"},
        {"role": "assistant", "content": "No.", "reasoning_content": "Nobody heats it."},
    ]
}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were checked at once, each time that some were."""
    counts: list[int] = []
    see = RowChecks.see

    def counted(self: RowChecks, rows: Sequence[Any]) -> list[TrainerFinding]:
        counts.append(len(rows))
        return see(self, rows)

    monkeypatch.setattr(RowChecks, "see", counted)
    return counts


def built(folder: Path, name: str, rows: list[dict[str, Any]], **publish: Any) -> dict[str, Any]:
    """What the build of a recipe of that name says of its rows: files that tell all of them, and the summary."""
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = {"name": name, "examples": [{"path": "rows.jsonl"}], "split": {"validation": 0}, "publish": publish}
    recipe["filters"] = [{"tokens": {"at_least": 1}}]
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe))
    done, made = pipeline.run(path, out=folder / "build")
    summary = json.loads((made / "funnel.json").read_text())
    trainer = made / TRAINER
    return {
        "trainer": summary["trainer"],
        "lengths": summary["lengths"],
        "told": trainer.read_text() if trainer.exists() else "",
        "data": [path.read_bytes() for path in sorted(made.glob("*/*.parquet"))],
        "columns": done.writer.columns,
    }


@pytest.mark.parametrize("named", [True, False], ids=["tokenizer", "words"])
def test_only_new_rows_are_checked_and_all_is_told_as_of_a_build_from_nothing(
    named: bool, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, seen: list[int]
) -> None:
    monkeypatch.chdir(tmp_path)
    publish = {"tokenizer": str(tokenizer_folder(tmp_path, QWEN)), "max_length": 200} if named else {}
    first = built(tmp_path, "r", ROWS, **publish)
    assert seen == [4]
    assert built(tmp_path, "r", ROWS, **publish) == first
    assert seen == [4]
    # One source calls reasoning otherwise now, so that all rows are written under one name.
    more = built(tmp_path, "r", [ANOTHER, *ROWS], **publish)
    again = built(tmp_path, "other", [ANOTHER, *ROWS], **publish)
    assert more == again
    assert "thinking" in first["columns"]["messages"][0]
    assert "thinking" not in more["columns"]["messages"][0]
    if named:
        causes = {told["cause"] for told in map(json.loads, first["told"].splitlines())}
        assert causes == {"answer cut", "weights ignored"}
        assert first["trainer"]["lengths"]["longest"] > 200
    assert first["trainer"]["control_tokens"] == {"<|im_end|>": 1}
    assert first["trainer"]["told"]["weights ignored"] == 1


def test_a_row_more_is_checked_alone(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, seen: list[int]
) -> None:
    monkeypatch.chdir(tmp_path)
    built(tmp_path, "r", ROWS[:2])
    built(tmp_path, "r", ROWS[:3])
    assert seen == [2, 1]


def test_another_format_checks_anew_and_is_refused_as_ever(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, seen: list[int]
) -> None:
    monkeypatch.chdir(tmp_path)
    built(tmp_path, "r", ROWS)
    for _ in range(2):
        with pytest.raises(ReleaseError, match=r"cannot hold more than one question and its answer, which 1 of 4 rows"):
            built(tmp_path, "r", ROWS, format="prompt_completion_text")
    assert seen == [4, 4]
