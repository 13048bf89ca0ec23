"""Of any recipe a cluster makes the rows that this machine makes, whether it does one, two or four tasks at once.

Each step that sees all rows is worked out by rounds, however few they are.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hfsft.pipeline.engines import Engine
from tests.engine.cluster.nodes import Nodes
from tests.engine.on_daft.test_any_recipe import made_here, outcome, recipes, written
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import alone, answers, row, scripted, usual
from tests.models.server import LLM

pytestmark = [pytest.mark.cluster, pytest.mark.lasting, pytest.mark.xdist_group("cluster")]


def made_there(recipe: Path, engine: str) -> Any:
    """What the cluster makes of a recipe, in a process that takes part in it."""
    with pytest.MonkeyPatch.context() as patch:
        alone(patch, recipe.parent)
        executor = Engine(engine, work=str(recipe.parent / "work")).executor()
        assert executor
        return outcome(recipe, partial(executor, spread_from=0))  # type: ignore[call-arg]


def compared(cluster: Nodes, driver: ProcessPoolExecutor) -> None:
    done: list[Path] = []

    @settings(tries(30), phases=[Phase.generate])  # of a build that takes half a minute nothing smaller is looked for
    @given(st.lists(st.one_of(usual, row), min_size=1, max_size=8), st.lists(usual, max_size=3), recipes, answers)
    def same(
        rows: list[dict[str, Any]], seeds: list[dict[str, Any]], sections: dict[str, Any], said: list[str | None]
    ) -> None:
        if done or len(rows) < 3 or len(sections) < 6:
            return  # the first of many steps over several rows is compared
        with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, LLM(reply=scripted(said)) as llm:
            alone(patch, Path(name))
            recipe = written(Path(name), rows, seeds, sections, llm)
            made, spent, calls = made_here(recipe)
            found, spent_there, calls_there = driver.submit(made_there, recipe, cluster.engine).result()
            assert found == made
            if not calls:  # else some answers were of no use, and are asked for once more by each build
                assert (spent_there, calls_there) == (spent, 0)
            done.append(recipe)

    same()
    assert done


def test_the_same_is_made(cluster: Nodes, driver: ProcessPoolExecutor) -> None:
    compared(cluster, driver)  # two nodes
    larger = cluster.add(cpus=2)
    compared(cluster, driver)
    cluster.kill(larger)
    cluster.kill(cluster.workers[0])
    compared(cluster, driver)
    cluster.add()
