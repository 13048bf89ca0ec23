"""Select: real builds that take the best rows that differ, and as many by chance beside them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

import hfsft
from hfsft.errors import RecipeError
from hfsft.hashing import digest
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.release.reader import Release, open_release

pytestmark = pytest.mark.usefixtures("home")

MATTERS = ["a parcel that is late", "a refund for shoes", "a forgotten password", "an invoice with a wrong name"]
ASKS = ["Where do I find", "Whom can I call about", "I wait for", "Please help me with", "How long will it take with"]


def rows() -> list[dict[str, Any]]:
    said = [f"{ask} {matter}, number {digest([ask, matter], 8)}?" for ask in ASKS for matter in MATTERS]
    rows = [{"instruction": each, "response": f"Answer {at}.", "worth": at} for at, each in enumerate(said * 3)]
    return [{**row, "instruction": f"{row['instruction']} {digest([at], 9)}"} for at, row in enumerate(rows)]


def built(folder: Path, select: dict[str, Any], **more: Any) -> Release:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    source = {"path": str(folder / "rows.jsonl"), "keep": ["worth"]}
    split = {"validation": 0.2, "similarity": 0.9}
    recipe = {"name": "toy", "license": "mit", "examples": [source], "filters": ["control_tokens"], "split": split}
    hfsft.build({**recipe, "select": select, **more}, out=folder)
    return open_release(str(folder / "toy"))


def test_the_best_are_taken_and_as_many_by_chance_on_the_same_sides(tmp_path: Path) -> None:
    release = built(tmp_path, {"rows": 20, "by": "worth"}, publish={"rejected": False})
    kept = release.all_rows()
    assert sorted(int(worth) for worth in kept["worth"]) == list(range(40, 60))
    assert {side: len(release.rows(side)) for side in release.splits()} == {"train": 16, "validation": 4}
    twin = load_dataset(str(release.folder), "random")
    assert {side: len(found) for side, found in twin.items()} == {"train": 16, "validation": 4}
    asked = {side: {row["messages"][0]["content"] for row in found} for side, found in twin.items()}
    assert len(set.union(*asked.values())) == 20
    mine = {side: set(release.rows(side)["instruction"]) for side in release.splits()}
    assert not asked["train"] & mine["validation"]
    assert not asked["validation"] & mine["train"]
    fates = [json.loads(line) for line in (release.folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    fell = {(each["stage"], each["rule"], each["value"]) for each in fates if each["fate"] == "rejected"}
    assert fell == {("select", "select", None), ("select.only", "select", "random")}
    card, report = ((release.folder / name).read_text("utf-8") for name in ("README.md", "report.html"))
    assert "config_name: random" in card
    assert "## Selection" in card
    assert "by chance" in report
    again = built(tmp_path, {"rows": 20, "by": "worth"}, publish={"rejected": False})
    assert again.all_rows()["id"] == kept["id"]


def test_what_balance_allows_holds_for_what_is_selected(tmp_path: Path) -> None:
    bands = {"column": "response", "bands": [1, 2], "rows": {"at_most": 60}}
    opening = {"column": "instruction", "opening": 3, "share": {"at_most": 0.25}}
    release = built(tmp_path, {"rows": 16, "by": "worth", "random": False}, balance=[opening, bands])
    found = Counter(release.all_rows()["instruction_opening"])
    assert found.total() == 16
    assert max(found.values()) == 4
    assert not [note for note in release.summary()["notes"] if "balance of" in note]


@pytest.mark.parametrize("by", ["meaning", "words"])
def test_rows_like_one_that_is_taken_are_passed_over(tmp_path: Path, by: str) -> None:
    at_most = {"meaning": 0.8, "words": 0.45}[by]
    release = built(tmp_path, {"rows": 40, "by": "worth", "diverse": {"at_most": at_most, "by": by}, "random": False})
    taken = len(release.all_rows())
    assert 5 < taken < 40
    assert f"{taken} of the 40 rows of `select`" in " ".join(release.summary()["notes"])
    fates = [json.loads(line) for line in (release.folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    fell = [each for each in fates if each["stage"] == "select"]
    assert all(each["of"] in set(release.all_rows()["id"]) for each in fell)
    assert not (release.folder / "random").exists()


def test_rows_like_real_queries_come_first(tmp_path: Path) -> None:
    (tmp_path / "real.jsonl").write_text(json.dumps({"prompt": "my password, I forgot it"}) + "\n")
    like = {"path": str(tmp_path / "real.jsonl"), "prompt": "prompt"}
    release = built(tmp_path, {"rows": 12, "like": like})
    said = release.all_rows()["instruction"]
    assert sum("password" in each for each in said) == 12
    assert min(release.all_rows()["select_likeness"]) > 0.3


def test_what_is_wrong_is_told_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "name: toy\nseeds: [{prompts: [Where is it?]}]\nevolve: {}\nsize: 20\n"
        "select: {rows: 9, by: worht, like: none.jsonl}\n"
    )
    with pytest.raises(RecipeError) as told:
        compile_recipe(load_recipe(path), weights=False)
    said = str(told.value)
    assert "r.yaml:5:19: select.by: no column is called `worht` by then" in said
    assert "select: beside `size`" in said
    assert "none.jsonl" in said
