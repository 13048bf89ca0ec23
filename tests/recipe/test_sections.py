"""The table of sections: what it says of each, and that whoever puts a plan together knows none of them by name."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

import pytest

from hfsft.filters import FILTERS
from hfsft.recipe import compile, filter_order, models_asked, recipe  # noqa: A004
from hfsft.recipe.checks import cross_references
from hfsft.recipe.sections import Sections, stage_kinds
from hfsft.stages.base import AskingStage
from hfsft.stages.judging.judge import Judge

STAGES = stage_kinds(Sections)


@pytest.mark.parametrize(
    "module", [models_asked, compile, filter_order, cross_references, recipe], ids=lambda module: module.__name__
)
def test_whoever_compiles_knows_no_section_and_no_filter_by_name(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    asked_for = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not (texts | asked_for) & {*STAGES, *FILTERS}
    stages = {module for module in imported if module.startswith("hfsft.stages.")}
    assert stages <= {"hfsft.stages.base"}
    assert not {module for module in imported if module.startswith("hfsft.filters.")} - {
        "hfsft.filters.base",
        "hfsft.filters.listed",
    }


def test_sections_stand_under_the_key_that_they_say() -> None:
    assert {key: kind.key for key, kind in STAGES.items()} == {key: key for key in STAGES}
    assert [key for key in STAGES if Sections.behind_rules(key)] == ["size", "guards", "split"]
    assert {kind.implied_by for kind in STAGES.values()} <= {"", *Sections.model_fields}


def test_who_is_asked_where_a_section_names_nobody() -> None:
    assert [asks.name for asks in Judge().asks(["writer"])] == ["writer"]
    assert [asks.name for asks in Judge().asks(["writer", "judge"])] == ["judge"]
    assert [asks.name for asks in Judge(model="third").asks(["writer", "judge"])] == ["third"]
    assert {kind for kind in STAGES.values() if issubclass(kind, AskingStage)} == {
        kind for kind in STAGES.values() if kind.model_construct().asks(["writer"])
    }
