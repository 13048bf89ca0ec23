"""Pairs as files for other trainers, and what changed of them from one build to the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hfsft.cli import main
from hfsft.pipeline import run
from tests.models.server import LLM
from tests.test_pairs import answers, preference, recipe


@pytest.fixture
def builds(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    with LLM(reply=answers) as llm:
        yield lambda **more: run(recipe(llm, **more), out="build")[1]


def exported(*arguments: str) -> list[Any]:
    assert main(["export", "build/shop", "--out", "pairs.jsonl", "--force", *arguments]) == 0
    return [json.loads(line) for line in Path("pairs.jsonl").read_text().splitlines()]


def test_pairs_are_exported_in_messages_and_as_texts(builds: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = preference(builds())
    assert exported("--format", "preference") == pairs["train"]
    printed = capsys.readouterr().out
    assert f"wrote {len(pairs['train'])} pairs to pairs.jsonl" in printed
    told = yaml.safe_load(printed.split("axolotl:\n\n")[1])
    assert told["rl"] == "dpo"
    assert told["datasets"][0]["field_messages"] == "prompt"
    assert exported("--format", "preference", "--split", "validation") == pairs["validation"]
    texts = exported("--format", "preference_text", "--llama-factory")
    for pair, text in zip(pairs["train"], texts, strict=True):
        assert text["prompt"] == "".join(f"{turn['content']}\n\n" for turn in pair["prompt"])
        assert (text["chosen"], text["margin"]) == (pair["chosen"][0]["content"], pair["margin"])
    entry = json.loads(Path("dataset_info.json").read_text())["shop_preference"]
    assert entry["ranking"]
    assert set(entry["columns"]) <= set(texts[0])


@pytest.mark.parametrize(
    ("pairs", "arguments", "said"),
    [
        (None, ["--format", "preference"], "has no preference pairs in train (a recipe with `pairs` makes some; "),
        ({}, ["--format", "preference", "--split", "test"], "in test (it has train, validation)"),
        ({"format": "plain"}, ["--format", "preference"], "its pairs are plain texts"),
        ({}, ["--format", "preference", "--reasoning", "drop"], "--reasoning: pairs are exported as"),
        ({}, ["--format", "preference", "--out", "pairs.csv"], "pairs are written as JSON lines"),
        ({}, ["--format", "preferences"], "hermes, text, preference, preference_text)"),
    ],
)
def test_what_cannot_be_exported(
    builds: Any, pairs: Any, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    builds(pairs=pairs)
    assert main(["export", "build/shop", "--out", "pairs.jsonl", *arguments]) == 1
    assert said in capsys.readouterr().err
    assert not Path("pairs.jsonl").exists()


def test_a_diff_counts_the_pairs(builds: Any, capsys: pytest.CaptureFixture[str]) -> None:
    before = {pair["chosen_id"] for rows in preference(builds()).values() for pair in rows}
    after = {pair["chosen_id"] for rows in preference(builds(pairs={"margin": 3})).values() for pair in rows}
    assert main(["diff", "build/shop"]) == 0
    gone = len(before - after)
    assert 0 < gone < len(before)
    assert f"pairs    {len(before)} -> {len(after)} (" in capsys.readouterr().out
    assert main(["diff", "build/shop", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["pairs"]
    assert (told["old"], told["new"], len(told["removed"])) == (len(before), len(after), gone)
