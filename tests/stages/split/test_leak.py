"""A bound on what both sides of a split have in common: real builds, told, stopped, and with such rows taken out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hfsft
from hfsft.errors import UserError
from hfsft.hashing import digest
from hfsft.release.reader import open_release

pytestmark = pytest.mark.usefixtures("home")


def words(count: int, *parts: Any) -> str:
    return " ".join(digest([*parts, word], 7) for word in range(count))


def built(folder: Path, **split: Any) -> Path:
    """Ten questions, and each of them in the midst of a far longer message."""
    asked = [words(10, number) for number in range(10)]
    long = [f"{words(30, number, 'before')} {said} {words(30, number, 'behind')}" for number, said in enumerate(asked)]
    rows = [{"instruction": said, "response": "Yes."} for said in [*asked, *long]]
    recipe = {"name": "toy", "license": "mit", "examples": [{"rows": rows}], "filters": ["control_tokens"]}
    hfsft.build({**recipe, "split": {"validation": 0.3, **split}}, out=folder)
    return folder / "toy"


def test_the_pair_with_most_in_common_is_told_with_its_texts(tmp_path: Path) -> None:
    folder = built(tmp_path)
    release = open_release(str(folder))
    told = release.summary()["figures"]["split"]
    rows = {row["id"]: row for row in release.all_rows()}
    assert told["overlap"] == 1.0
    assert rows[told["id"]]["instruction"] in rows[told["of"]]["instruction"]
    assert rows[told["id"]]["overlap_of"] == told["of"]
    (note,) = [note for note in release.summary()["notes"] if "word for word" in note]
    card, report = ((folder / name).read_text("utf-8") for name in ("README.md", "report.html"))
    said = f"{told['id']} (validation) asks 100% of its runs of 8 words as {told['of']} does"
    assert said in note
    assert said in card
    assert rows[told["id"]]["instruction"] in report


def test_a_build_ends_above_the_bound_and_what_was_built_can_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the split leaks: .*split\.leak\.at_most is 0\.5; \d rows? held out above"):
        built(tmp_path, leak={"at_most": 0.5})
    assert open_release(str(tmp_path / "toy")).summary()["figures"]["split"]["above"]


def test_rows_above_the_bound_may_fall(tmp_path: Path) -> None:
    folder = built(tmp_path, leak={"at_most": 0.5, "do": "reject"})
    release = open_release(str(folder))
    assert not [note for note in release.summary()["notes"] if "word for word" in note]
    assert release.summary()["figures"]["split"]["overlap"] < 0.1
    fell = [json.loads(line) for line in (folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    fell = [entry for entry in fell if entry["stage"] == "split.leaks"]
    assert fell
    assert {(entry["rule"], entry["value"], entry["bound"]) for entry in fell} == {("leak", "1", "at_most 0.5")}
    assert all(entry["of"] for entry in fell)
