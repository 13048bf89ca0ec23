"""Of any recipe Daft makes the rows that this machine makes: values, measures, sides and fates, in one order."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.errors import UserError
from hfsft.pipeline.building import Watcher, execute
from hfsft.pipeline.engines import Engine
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.engine.on_daft.drawn import Drawn, drawn
from tests.fuzz.bounds import tries
from tests.fuzz.test_builds import alone, answers, scripted
from tests.models.server import LLM

if TYPE_CHECKING:
    from hfsft.engine.executor import Executors


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


def made_here(path: Path, drawn: Drawn | None = None) -> Any:
    """What this machine makes of a recipe, once all models were asked and people have said what they say of rows."""
    (first, *_), *_ = outcome(path, None)
    if drawn and not isinstance(first, str) and drawn.reviewed(path, first):
        outcome(path, None)
    shutil.rmtree(path.parent / "hf" / "datasets", ignore_errors=True)
    return outcome(path, None)


@tries(4)
@given(drawn, answers)
def test_the_same_is_made(drawn: Drawn, said: list[str | None]) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, LLM(reply=scripted(said)) as llm:
        folder = Path(name)
        alone(patch, folder)
        recipe = drawn.put(folder, llm)
        made, spent, calls = made_here(recipe, drawn)
        for what in ("over Daft", "read back", "by rounds"):
            executor = Engine("daft").executor()
            if what == "by rounds":  # however few the rows are
                executor = partial(OnDaft, spread_from=0)
                shutil.rmtree(folder / "hf" / "datasets", ignore_errors=True)
            found, spent_there, calls_there = outcome(recipe, executor)
            assert found == made, what
            if not calls:  # else some answers were of no use, and are asked for once more by each build
                assert (spent_there, calls_there) == (spent, 0), what
