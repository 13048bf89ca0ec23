"""Rows that stand in an earlier release or a held-out file fall, and name it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict

import hfsft
from hfsft.errors import RecipeError
from hfsft.filters import ExactDuplicate, NearDuplicate
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe

GLAZE, CLAY, KILN = (
    "Which glaze is safe for cups?",
    "What does a bag of clay weigh?",
    "How hot does the small kiln get?",
)


RECIPE = {"name": "n", "examples": [{"rows": [{"instruction": "a", "response": "b"}]}]}


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def rows_of(*said: str) -> Dataset:
    return Dataset.from_list([{"id": f"{n}", "instruction": text, "response": "So."} for n, text in enumerate(said)])


@pytest.mark.parametrize("kind", [ExactDuplicate, NearDuplicate])
def test_rows_of_a_file_are_named_by_their_lines(tmp_path: Path, kind: Any) -> None:
    held = lines(tmp_path / "held_out.jsonl", [{"prompt": "Nothing like it."}, {"prompt": GLAZE.upper()}])
    kept, fell = kind(against=[held.name]).at(tmp_path).apply(rows_of(KILN, GLAZE, "which glaze is safe for cups"))
    assert kept["instruction"] == [KILN]
    assert fell[f"{kind.name}_instruction_of"] == ["held_out.jsonl:2"] * 2


def test_near_copies_of_a_saved_dataset_fall_whatever_its_split(tmp_path: Path) -> None:
    DatasetDict({"train": rows_of(KILN), "test": rows_of(CLAY, GLAZE)}).save_to_disk(str(tmp_path / "first"))
    rows = rows_of(GLAZE.replace("cups", "a cup"), "Where do I store the wheel?")
    rule = NearDuplicate(at_most=0.7, against=[{"path": "first"}]).at(tmp_path)
    kept, fell = rule.apply(rows)
    assert kept["id"] == ["1"]
    assert fell["near_duplicate_instruction_of"] == ["first/test[1]"]
    train = NearDuplicate(at_most=0.7, against=[{"path": "first", "split": "train"}]).at(tmp_path)
    assert len(train.apply(rows)[0]) == 2


def test_a_response_of_a_held_out_row_is_found_in_its_column(tmp_path: Path) -> None:
    lines(tmp_path / "old.jsonl", [{"instruction": "Why?", "response": "Because the cone has melted."}])
    rows = Dataset.from_list([{"instruction": "Explain.", "response": "because the cone has melted"}])
    _, fell = ExactDuplicate(column="response", against=["old.jsonl"]).at(tmp_path).apply(rows)
    assert fell["exact_duplicate_response_of"] == ["old.jsonl:1"]


def test_a_build_is_compared_by_what_its_rows_say_part_by_part(tmp_path: Path) -> None:
    said = {"instruction": "Sum it up.", "context": "The kiln was lit.", "response": "Lit.", "system": "Be brief."}
    lines(tmp_path / "rows.jsonl", [said, {**said, "context": "The wheel broke."}])
    source = {"path": "rows.jsonl", "context": "context", "system": "system"}
    (tmp_path / "recipe.yaml").write_text(json.dumps({"name": "first", "examples": [source], "filters": []}))
    hfsft.build(tmp_path / "recipe.yaml", out=tmp_path / "build")
    second: dict[str, Any] = {"name": "second", "examples": [source], "split": {"validation": 0}}
    second["filters"] = [{"exact_duplicate": {"against": ["build/first"]}}]
    others = {**said, "system": "Be kind."}
    lines(tmp_path / "rows.jsonl", [said, others])
    (tmp_path / "recipe.yaml").write_text(json.dumps(second))
    built = hfsft.build(tmp_path / "recipe.yaml", out=tmp_path / "build")
    assert [row["messages"][0]["content"] for row in built["train"]] == ["Be kind."]


def test_what_another_set_holds_moves_the_step_and_its_name_does_not(tmp_path: Path) -> None:
    def digest(name: str) -> str:
        rule = {"near_duplicate": {"against": [name]}}
        (tmp_path / "recipe.yaml").write_text(json.dumps({**RECIPE, "filters": [rule]}))
        return compile_recipe(load_recipe(tmp_path / "recipe.yaml")).digest

    lines(tmp_path / "old.jsonl", [{"prompt": GLAZE}])
    before = digest("old.jsonl")
    lines(tmp_path / "old.jsonl", [{"prompt": CLAY}])
    assert digest("old.jsonl") != before


def test_sets_that_cannot_be_read_are_told_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    rules = [
        {"exact_duplicate": {"against": ["nothing.jsonl", "empty.jsonl"]}},
        {"near_duplicate": {"column": "topic_of_mine", "against": ["empty.jsonl"]}},
    ]
    (tmp_path / "recipe.yaml").write_text(json.dumps({**RECIPE, "filters": rules}))
    with pytest.raises(RecipeError) as raised:
        compile_recipe(load_recipe(tmp_path / "recipe.yaml"), sources=False)
    assert [problem.message for problem in raised.value.problems] == [
        "filters[exact_duplicate].against: nothing.jsonl: no such file",
        "filters[near_duplicate] reads topic_of_mine, which no stage writes",
        "filters[near_duplicate] compares topic_of_mine, which is not read of other sets",
    ]
