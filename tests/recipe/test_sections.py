"""The table of sections: what it says of each, and that whoever puts a plan together knows none of them by name."""

from __future__ import annotations

import ast
import inspect
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from hfsft.filters import FILTERS
from hfsft.recipe import compile, filter_order, models_asked, recipe, sections  # noqa: A004
from hfsft.recipe.checks import cross_references
from hfsft.recipe.compile import _identities, contexts_of
from hfsft.recipe.models_asked import embedding_step
from hfsft.recipe.recipe import load_recipe
from hfsft.recipe.sections import Sections, stage_kinds
from hfsft.rows.columns import COLUMNS
from hfsft.section.later import later_in
from hfsft.stages.base import AskingStage
from hfsft.stages.judging.judge import Judge
from hfsft.stages.pairing.pairs_section import Pairs
from hfsft.stages.seeds import Prompts, PromptTable
from hfsft.stages.writing import AnyWritten
from tests.recipe import every_section

STAGES = stage_kinds(Sections)


@pytest.mark.parametrize(
    "module", [models_asked, compile, filter_order, cross_references, recipe], ids=lambda module: module.__name__
)
def test_whoever_compiles_knows_no_section_and_no_filter_by_name(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    asked_for = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    asked_for -= {"language"}  # of the recipe: there is a filter of that name
    assert not (texts | asked_for) & {*STAGES, *FILTERS}
    stages = {module for module in imported if module.startswith("hfsft.stages.")}
    assert stages <= {"hfsft.stages.base"}
    assert not {module for module in imported if module.startswith("hfsft.filters.")} - {
        "hfsft.filters.base",
        "hfsft.filters.listed",
    }


def test_sections_that_are_imported_later_stand_where_the_types_say() -> None:
    tree = ast.parse(inspect.getsource(sections))
    (typed,) = [node for node in tree.body if isinstance(node, ast.If)]
    told = {alias.name: node.module for node in typed.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    named = {key: kind for key, kind in vars(sections).items() if key in told}
    homes = {key: later_in(kind) for key, kind in named.items()}
    assert {key: (home.module, home.name) for key, home in homes.items() if home} == {
        key: (module, key) for key, module in told.items()
    }
    for home in filter(None, homes.values()):
        assert home.implied_by == getattr(home.kind, "implied_by", "")
    assert {home.name for home in filter(None, homes.values()) if home.marked} == {"AnyWritten"}


def test_an_item_of_seeds_is_of_one_kind_by_its_key_alone() -> None:
    assert all("from" in kind.model_fields for kind in get_args(AnyWritten))
    assert not {"from"} & {*Prompts.model_fields, *PromptTable.model_fields}


def test_sections_stand_under_the_key_that_they_say() -> None:
    assert {key: kind.key for key, kind in STAGES.items()} == {key: key for key in STAGES}
    behind = ["contradictions", "review", "balance", "size", "guards", "select", "split"]
    assert [key for key in STAGES if Sections.behind_rules(key)] == behind
    assert {kind.implied_by for kind in STAGES.values()} <= {"", *Sections.model_fields}


def test_who_is_asked_where_a_section_names_nobody() -> None:
    assert [asks.name for asks in Judge().asks(["writer"])] == ["writer"]
    assert [asks.name for asks in Judge().asks(["writer", "judge"])] == ["judge"]
    assert [asks.name for asks in Judge(model="third").asks(["writer", "judge"])] == ["third"]
    asking = {kind for kind in STAGES.values() if issubclass(kind, AskingStage)}
    assert asking - {Pairs} == {  # pairs are compared only where the recipe says so
        kind for kind in STAGES.values() if kind.model_construct().asks(["writer"])
    }


def test_each_section_says_which_columns_of_every_row_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    every_section.write_files(tmp_path)
    loaded = load_recipe(every_section.recipe())
    models = _identities(loaded, weights=False, download=False)
    contexts = contexts_of(loaded, models, embed=partial(embedding_step, loaded))
    for key, stage in loaded.stages().items():
        if stage.early:
            continue
        steps = [*stage.steps(contexts[key]), *(step for each in stage.later(contexts[key]).values() for step in each)]
        written = {name for step in steps for name in step.writes} & COLUMNS.keys()
        told = {*stage.changes, *(each.name for each in stage.writes())}
        assert written - {"id", "seed_id", "parent_id"} <= told, key
