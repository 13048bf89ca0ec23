"""Of any recipe Daft makes the rows that this machine makes: values, measures, sides and fates, in one order."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.errors import UserError
from hfsft.pipeline.building import Watcher, execute
from hfsft.pipeline.engines import Engine
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import FILTERS, alone, answers, put, row, scripted, usual
from tests.models.server import LLM

if TYPE_CHECKING:
    from hfsft.engine.executor import Executors

RUBRIC = {"rubric": {"use": "Does it help?", "truth": "Is it true?"}}
recipes = st.fixed_dictionaries(
    {
        "judge": st.just(RUBRIC),
        "generate": st.sampled_from([{}, {"samples": {"count": 2, "keep": "best"}}, {"samples": {"count": 3}}]),
    },
    optional={
        "evolve": st.sampled_from([{"rounds": 1}, {"templates": ["Ask again: {{ instruction }}"]}, {"variants": 2}]),
        "converse": st.just({"share": 0.5, "turns": {"at_least": 2, "at_most": 2}}),
        "refine": st.just({"when": {"use": {"at_most": 3}}}),
        "filters": st.lists(st.sampled_from(FILTERS), max_size=5),
        "contradictions": st.just({"do": "reject", "at_least": 0.7}),
        "balance": st.just([{"column": "response", "opening": 2, "share": {"at_most": 0.5}}]),
        "select": st.just({"rows": 3, "diverse": {"at_most": 0.9, "by": "words"}}),
        "split": st.sampled_from([{"validation": 0}, {"validation": 0.5}, {"validation": 0.3, "test": 0.3}]),
    },
)


def outcome(path: Path, executor: Executors | None) -> Any:
    """All that comes of a recipe; its models are asked only for answers that no build before had."""
    try:
        recipe = load_recipe(path)
        rows, ledger, _ = execute(recipe, compile_recipe(recipe), Watcher(), executor=executor)
    except UserError as error:
        return [str(error)], None, 0
    ledger.finish({"train": rows["id"][:]})
    lines = [(line.step, line.rows_in, line.added, line.removed, line.rows_out) for line in ledger.funnel]
    removed = [(each.stage, each.rows.to_list(), dict(each.errors), dict(each.instead)) for each in ledger.removals]
    made = [rows.to_list(), rows.features, lines, removed, list(ledger.entries())]
    return made, ledger.spent, sum(line.calls for line in ledger.funnel)


def written(
    folder: Path, rows: list[dict[str, Any]], seeds: list[dict[str, Any]], sections: dict[str, Any], llm: LLM
) -> Path:
    """A recipe over these rows and seeds."""
    put(rows, "jsonl", folder / "rows.jsonl", "surrogates")
    put(seeds, "jsonl", folder / "seeds.jsonl", "utf-8")
    recipe = {
        "name": "any",
        "license": "mit",
        "examples": [{"path": "rows.jsonl"}],
        "seeds": [{"prompts": ["Where is my parcel?"]}, {"path": "seeds.jsonl"}][: 1 + bool(seeds)],
        **sections,
        "models": {each: {"model": f"{each}-1", "base_url": llm.url} for each in ("writer", "judge")},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), "utf-8")
    return path


def made_here(path: Path) -> Any:
    """What this machine makes of a recipe, once all models were asked."""
    outcome(path, None)
    shutil.rmtree(path.parent / "hf" / "datasets", ignore_errors=True)
    return outcome(path, None)


@tries(4)
@given(st.lists(st.one_of(usual, row), min_size=1, max_size=12), st.lists(usual, max_size=3), recipes, answers)
def test_the_same_is_made(
    rows: list[dict[str, Any]], seeds: list[dict[str, Any]], sections: dict[str, Any], said: list[str | None]
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, LLM(reply=scripted(said)) as llm:
        folder = Path(name)
        alone(patch, folder)
        recipe = written(folder, rows, seeds, sections, llm)
        made, spent, calls = made_here(recipe)
        for what in ("over Daft", "read back", "by rounds"):
            executor = Engine("daft").executor()
            if what == "by rounds":  # however few the rows are
                executor = partial(OnDaft, spread_from=0)
                shutil.rmtree(folder / "hf" / "datasets", ignore_errors=True)
            found, spent_there, calls_there = outcome(recipe, executor)
            assert found == made, what
            if not calls:  # else some answers were of no use, and are asked for once more by each build
                assert (spent_there, calls_there) == (spent, 0), what
