"""Several askers make the rows that one process makes, send no request twice, and count as it does."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.engine.cluster.askers import Askers
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.pipeline.building import Watcher, execute
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.engine.cluster.threads import Threads
from tests.fuzz.test_builds import alone
from tests.models.server import LLM, Body, digest

SECTIONS: dict[str, Any] = {
    "generate": {"samples": {"count": 2, "keep": "best"}},
    "evolve": {"rounds": 1},
    "judge": {"rubric": {"use": "Does it help?", "truth": "Is it true?"}},
    "filters": ["exact_duplicate"],
}


def answer(body: Body) -> str:
    """What a judge says where one is asked, else words that hang on the request."""
    number = int(digest(body)[:12], 16)
    if "judge" in body["model"]:
        return json.dumps({"use": 1 + number % 5, "truth": 1 + number % 4, "reason": "so"})
    return f"Answer {number} to what was asked, in some words."


def put(folder: Path, llm: LLM, rows: int, **more: Any) -> Path:
    recipe = {
        "name": "toy",
        "license": "mit",
        "seeds": [{"prompts": [f"Where is parcel {number}?" for number in range(rows)]}],
        **SECTIONS,
        "models": {each: {"model": f"{each}-1", "base_url": llm.url, "concurrency": 8} for each in ("writer", "judge")},
        **more,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), "utf-8")
    return path


def outcome(path: Path, executor: Any = None) -> Any:
    recipe = load_recipe(path)
    rows, ledger, usage = execute(recipe, compile_recipe(recipe), Watcher(), executor=executor)
    ledger.finish({"train": rows["id"][:]})
    lines = [(line.step, line.rows_in, line.added, line.removed, line.rows_out) for line in ledger.funnel]
    removed = [(each.stage, each.rows.to_list(), dict(each.errors), dict(each.instead)) for each in ledger.removals]
    total = usage.as_dict()
    for each in (total, *total["by_stage"]):
        each.pop("seconds", None)
    return [rows.to_list(), lines, removed, list(ledger.entries())], ledger.spent, total


def test_the_same_rows_calls_and_costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LLM(reply=answer) as llm:
        alone(monkeypatch, tmp_path)
        path = put(tmp_path, llm, 30)
        rows, spent, usage = outcome(path)
        asked = Counter(llm.asked)
        shutil.rmtree(tmp_path / "hf")
        llm.asked.clear()
        found, spent_there, usage_there = outcome(path, partial(OnDaft, askers=Askers(Threads(2))))
        assert found == rows
        assert Counter(llm.asked) == asked
        assert spent_there == spent
        assert usage_there == usage
