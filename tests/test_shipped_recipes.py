"""The recipes beside the code: each loads, says how to run it, and is its own; the one without a model builds here."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from hfsft.pipeline import run
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import Recipe, load_recipe
from hfsft.stages.examples import ExampleTable
from hfsft.stages.seeds import Prompts, PromptTable
from tests.similarity.pairs import near_pairs

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "recipes"
RECIPES = sorted(FOLDER.rglob("*.yaml"))
SCHEMA = FOLDER / "recipe.schema.json"
TICKETS = FOLDER / "data" / "support_tickets.jsonl"

every_recipe = pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)


def seeds(path: Path) -> list[str]:
    brought = [section for section in load_recipe(path).seeds if isinstance(section, PromptTable | Prompts)]
    opened = [section.opened(path.parent, "seeds") for section in brought]
    return [row.texts["instruction"] for source in opened for row in source.rows(None)]


def test_there_are_recipes_for_every_kind_of_start() -> None:
    recipes = {path.stem: load_recipe(path) for path in RECIPES}
    assert {"quickstart", "vietnamese_legal", "python_backend", "clean_existing"} <= recipes.keys()
    assert recipes["vietnamese_legal"].language == ["vi"]
    assert not recipes["clean_existing"].seeds


def of_hub(recipe: Recipe) -> bool:
    """Whether it reads a dataset of the Hub, which no test asks."""
    tables = [each for each in (*recipe.seeds, *recipe.examples) if isinstance(each, PromptTable | ExampleTable)]
    return any(not (recipe.base / each.path).exists() for each in tables)


@every_recipe
def test_a_recipe_loads_and_compiles(path: Path) -> None:
    plan = compile_recipe(recipe := load_recipe(path), sources=not of_hub(recipe))
    assert "split" in [step.name for step in plan.steps]


@every_recipe
def test_a_recipe_opens_with_the_command_that_runs_it_and_with_the_schema_for_editors(path: Path) -> None:
    first, second = path.read_text("utf-8").splitlines()[:2]
    assert first == f"# hfsft build recipes/{path.relative_to(FOLDER).as_posix()}"
    assert second == f"# yaml-language-server: $schema={os.path.relpath(SCHEMA, path.parent)}"


@every_recipe
def test_a_recipe_says_what_it_is(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.description
    assert recipe.license
    assert recipe.publish.repo_id is None, "a recipe that somebody tries must not push"


def test_the_schema_for_editors_accepts_every_recipe() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    accepted = {path.stem: schema.is_valid(yaml.safe_load(path.read_text("utf-8"))) for path in RECIPES}
    assert all(accepted.values()), accepted


def test_all_data_files_are_used_and_of_a_size_to_ship() -> None:
    recipes = [(path.parent, load_recipe(path)) for path in RECIPES]
    sources = [(base, source) for base, recipe in recipes for source in (*recipe.seeds, *recipe.examples)]
    used = {(base / each.path).resolve() for base, each in sources if isinstance(each, PromptTable | ExampleTable)}
    assert {file for file in used if file.exists()} == set((FOLDER / "data").iterdir())
    assert all(file.stat().st_size < 100_000 for file in used if file.exists())


def test_no_two_recipes_are_nearly_the_same() -> None:
    names = [path.stem for path in RECIPES]
    pairs = near_pairs([path.read_text("utf-8") for path in RECIPES], 0.3)
    assert [(names[one], names[other]) for one, other, _ in pairs] == []


def test_no_two_seeds_of_a_recipe_or_of_two_are_nearly_the_same() -> None:
    asked = [prompt for path in RECIPES for prompt in seeds(path)]
    assert [(asked[one], asked[other]) for one, other, _ in near_pairs(asked, 0.5)] == []


@every_recipe
def test_no_anchor_is_a_seed(path: Path) -> None:
    judge = load_recipe(path).judge
    asked = seeds(path)
    shown = [anchor.instruction for anchor in judge.anchors] if judge else []
    pairs = near_pairs([*asked, *shown], 0.6)
    assert not [shown[other - len(asked)] for one, other, _ in pairs if one < len(asked) <= other]


def test_vietnamese_seeds_are_of_many_topics() -> None:
    brought = load_recipe(FOLDER / "vietnamese_legal.yaml").seeds
    topics = Counter(section.topic for section in brought if isinstance(section, Prompts))
    assert len(topics) >= 6
    assert len(seeds(FOLDER / "vietnamese_legal.yaml")) == 40


def test_existing_rows_are_cleaned_as_expected(tmp_path: Path, home: Path) -> None:
    """The funnel that a reader of the recipe sees; every rule of it has something to take."""
    recipes = shutil.copytree(FOLDER, tmp_path / "recipes")  # a build writes beside its recipe
    built, folder = run(recipes / "clean_existing.yaml", out=tmp_path)
    between = (".measure", ".decide", ".key", ".keys", ".sketch")
    counts = {line.step: line.removed for line in built.ledger.funnel if not line.step.endswith(between)}
    assert counts == {
        "sources": 0,
        "sources.defect": 8,
        "filters[control_tokens]": 3,
        "filters[refusal]": 4,
        "filters[repetition]": 3,
        "filters[tokens instruction]": 2,
        "filters[tokens response]": 5,
        "filters[exact_duplicate]": 5,
        "filters[near_duplicate instruction]": 6,
        "filters[near_duplicate response]": 3,
        **dict.fromkeys(("split.family", "split.apart", "split.joins", "split", "split.leak"), 0),
    }
    assert built.ledger.counts() == {"train": 58, "validation": 15, "rejected": 39, "failed": 0}
    assert built.ledger.rows_in == len(TICKETS.read_text("utf-8").splitlines()) == 112
    fates = [json.loads(line) for line in (folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    # What a key of the recipe would settle is said behind the reason.
    assert {row["value"].partition(" (")[0] for row in fates if row["stage"] == "sources.defect"} == {
        "no conversation",
        "empty assistant turn",
        "the assistant opens it",
        "does not end with the assistant",
        "two turns in a row by one role",
        "unknown role internal_note",
    }
