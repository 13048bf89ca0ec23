"""Filters with resources, models of this process and neighbours in vectors: on a cluster the same rows."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hfsft.pipeline.engines import Engine
from hfsft.pretrained.classifier import Classifier
from tests.engine.cluster.nodes import Nodes
from tests.engine.on_daft.test_any_recipe import made_here, outcome
from tests.engine.on_daft.test_compared_rows import assert_compared, llm, recipe_in
from tests.filters.text.test_toxicity import small_classifier
from tests.fuzz.test_builds import alone
from tests.models.server import LLM

pytestmark = [pytest.mark.cluster, pytest.mark.lasting, pytest.mark.xdist_group("cluster")]
__all__ = ["llm"]


def not_here(classifier: Classifier) -> None:
    raise AssertionError(f"{classifier.name} is loaded by the process that builds")


def made_there(recipe: Path, engine: str) -> Any:
    """What the cluster makes of a recipe, of whose models this process loads none."""
    with pytest.MonkeyPatch.context() as patch:
        alone(patch, recipe.parent)
        executor = Engine(engine, work=str(recipe.parent / "work")).executor()
        assert executor
        patch.setattr(Classifier, "_loaded", property(not_here))
        return outcome(recipe, partial(executor, spread_from=0))  # type: ignore[call-arg]


def test_the_same_is_made(
    cluster: Nodes, driver: ProcessPoolExecutor, llm: LLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(monkeypatch, tmp_path)
    small_classifier(tmp_path / "classifier")
    toxic = {"toxicity": {"model": "classifier", "at_most": 1}}
    recipe = recipe_in(tmp_path, llm, [toxic, {"language": {"languages": ["en"]}}])
    made, spent, _ = made_here(recipe)
    assert_compared(made)
    assert driver.submit(made_there, recipe, cluster.engine).result() == (made, spent, 0)
