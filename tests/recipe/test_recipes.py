"""The recipes that are shipped: each loads, and the one that needs no model cleans what it says it cleans."""

from __future__ import annotations

from pathlib import Path

import pytest

import hfsft

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
EMBEDDED = [path for path in RECIPES if path.stem == "quickstart"]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_each_opens_with_its_command_and_its_schema_and_loads(path: Path) -> None:
    first, second, *_ = path.read_text("utf-8").splitlines()
    assert first == f"# hfsft build recipes/{path.name}"
    assert second == "# yaml-language-server: $schema=recipe.schema.json"
    assert hfsft.load_recipe(path).name


@pytest.mark.parametrize("path", [path for path in RECIPES if path not in EMBEDDED], ids=lambda path: path.stem)
def test_each_compiles_without_a_key_or_a_network(path: Path) -> None:
    assert hfsft.compile_recipe(hfsft.load_recipe(path)).steps


def test_cleaning_finds_each_defect_of_the_tickets(tmp_path: Path) -> None:
    (path,) = [path for path in RECIPES if path.stem == "clean_existing"]
    built, _ = hfsft.run(path, out=tmp_path)
    removed = {line.as_dict()["step"]: line.as_dict()["removed"] for line in built.ledger.funnel}
    assert {step: count for step, count in removed.items() if count} == {
        "sources.defect": 6,  # two empty answers, four with turns in the wrong order
        "filters[tokens]": 1,
        "filters[refusal]": 2,
        "filters[repetition]": 1,
        "filters[control_tokens]": 1,
        "filters[exact_duplicate]": 2,
        "filters[near_duplicate]": 2,
    }
    assert built.usage.calls == 0
    assert len(built.rows) == 17
