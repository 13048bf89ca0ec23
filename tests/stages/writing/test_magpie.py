"""Magpie: how a user's turn begins, by the chat template, and where it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine.step import Step
from hfsft.errors import RecipeError
from hfsft.models.model import Answer
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from tests.recipe.written_sources import write_files


def step_of(folder: Path, source: dict[str, Any]) -> Step:
    write_files(folder)
    data = {
        "name": "toy",
        "models": {"writer": {"model": "org/m", "base_url": "http://localhost:9/v1"}},
        "attributes": {"tone": ["calm"]},
        "seeds": [{"from": "magpie", "count": 2, **source}],
    }
    (folder / "r.yaml").write_text(json.dumps(data))
    plan = compile_recipe(load_recipe(folder / "r.yaml"), weights=False)
    return next(step for step in plan.steps if step.name == "seeds[0]")


def row(**more: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("topic", "system", "context", "tools"))
    return {
        "id": "1",
        "origin": "written",
        "written_by": "magpie",
        "instruction": "",
        "template": None,
        **texts,
        **more,
    }


def test_the_template_says_how_a_turn_begins_and_ends_and_the_system_prompt_stands_before_it(tmp_path: Path) -> None:
    step = step_of(tmp_path, {"tokenizer": "chat", "system": "Be {{ tone }}."})
    turns = step.function(row(tone="calm"))
    request = next(turns)
    assert request.prompt == "<system>Be calm.<end><user>"
    assert request.stop == ("<end>",)
    assert request.messages == ()
    with pytest.raises(StopIteration) as stopped:
        turns.send(Answer(" Where is it?\n"))
    assert stopped.value.value == {"instruction": "Where is it?"}


def test_rows_of_others_are_not_asked_for(tmp_path: Path) -> None:
    step = step_of(tmp_path, {"prefix": "<u>"})
    with pytest.raises(StopIteration) as stopped:
        next(step.function(row(written_by="other", instruction="Mine.")))
    assert stopped.value.value == {"instruction": "Mine."}


def test_a_tokenizer_without_a_template_is_told(tmp_path: Path) -> None:
    write_files(tmp_path)
    config = tmp_path / "chat" / "tokenizer_config.json"
    config.write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    data = {"name": "toy", "seeds": [{"from": "magpie", "count": 2, "tokenizer": "chat"}]}
    (tmp_path / "r.yaml").write_text(json.dumps(data))
    with pytest.raises(RecipeError, match="the tokenizer chat has no chat template"):
        compile_recipe(load_recipe(tmp_path / "r.yaml"), weights=False)


@pytest.mark.parametrize(
    "text",
    [
        " Where is it?\n",
        "<u>Where is it?",
        "Where is it?<end>\n<assistant>On its way.<end>",
        "<u> Where is it? <stop><end>",
    ],
)
def test_a_server_that_gives_back_what_was_sent_or_does_not_stop_costs_nothing(tmp_path: Path, text: str) -> None:
    step = step_of(tmp_path, {"prefix": "<u>", "stop": ["<end>", "<stop>"]})
    turns = step.function(row())
    next(turns)
    with pytest.raises(StopIteration) as stopped:
        turns.send(Answer(text))
    assert stopped.value.value == {"instruction": "Where is it?"}
