"""Filters and stages that compare rows with others, with documents and with held-out sets: by rounds the same rows."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.engine.on_daft.daft_executor import OnDaft
from tests.engine.on_daft.test_any_recipe import made_here, outcome
from tests.fuzz.test_builds import alone, scripted
from tests.models.server import LLM
from tests.near.test_vectors_by_rounds import DOES, ENDS, OPENS, in_small_cells

HELD = "Which of the two glazes is safe for a cup that children drink hot milk from every day?"


def recipe_in(folder: Path, llm: LLM, more: list[Any]) -> Path:
    """A recipe whose rows are alike in many ways, with `more` filters."""
    draw = random.Random(5)
    rows = [
        {"instruction": f"{draw.choice(OPENS)} {draw.choice(DOES)}{draw.choice(ENDS)}", "response": draw.choice(said)}
        for said in (["Yes.", "No, never.", "In the kiln, at noon."],)
        for _ in range(40)
    ]
    rows += [{"instruction": HELD, "response": "The second."}, {"instruction": "Say it", "response": HELD}]
    (folder / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "held.jsonl").write_text(json.dumps({"prompt": HELD}) + "\n")
    seeds = [f"What do the notes say of how to {what} today?" for what in DOES]
    for number, what in enumerate(DOES):
        (folder / f"note{number}.md").write_text(f"# Note\n\nTo {what} takes {number + 1} hours, and a calm hand.\n")
    told = {
        "name": "kiln",
        "license": "mit",
        "models": {each: {"model": f"{each}-1", "base_url": llm.url} for each in ("writer", "judge")},
        "documents": [{"path": "*.md", "license": "cc-by-4.0"}],
        "examples": [{"path": "rows.jsonl"}],
        "seeds": [{"prompts": seeds}],
        "generate": {"context": {"documents": 2, "by": "embedder"}},
        "filters": [
            {"contamination": {"against": ["held.jsonl"], "levels": ["exact", "ngrams", "near", "meaning"]}},
            {"semantic_duplicate": {"at_most": 0.93, "against": ["held.jsonl"]}},
            *more,
        ],
        "contradictions": {"do": "reject", "by": "meaning", "at_least": 0.8},
        "split": {"validation": 0.3},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


@pytest.fixture
def llm() -> Iterator[LLM]:
    """Answers by what is asked; of two answers it says that they contradict each other."""
    with LLM(reply=scripted([None])) as server:
        yield server


def assert_compared(made: Any) -> None:
    """Each of the steps found something."""
    rows, _, lines, removed, _ = made
    fell = {stage for stage, gone, _, _ in removed if gone}
    assert {"filters[contamination]", "filters[semantic_duplicate]"} <= fell, lines
    assert any(stage.startswith("contradictions") for stage in fell), lines
    assert any(row["documents"] for row in rows)


@pytest.mark.lasting
@pytest.mark.parametrize("many", [3, 50_000])
def test_the_same_is_made(many: int, llm: LLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch, tmp_path)
    if many < 50_000:
        in_small_cells(monkeypatch, many)
    recipe = recipe_in(tmp_path, llm, [])
    made, spent, _ = made_here(recipe)
    assert_compared(made)
    shutil.rmtree(tmp_path / "hf" / "datasets", ignore_errors=True)
    assert outcome(recipe, partial(OnDaft, spread_from=0)) == (made, spent, 0)
