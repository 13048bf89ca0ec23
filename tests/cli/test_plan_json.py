"""`hfsft plan --json`: what each step is, for programs; no secret, and nothing that a rule takes out of rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from tests.models.server import LLM
from tests.recipes import support

KEY = "sk-live-4f9aB2c7D1e8F3a6b5C9"


@pytest.fixture
def steps(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[list[dict[str, Any]], str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOY_KEY", KEY)
    (tmp_path / "tickets.jsonl").write_text(json.dumps({"prompt": "Where?", "completion": "There, dear friend."}))
    with LLM() as server:
        recipe = support(server, models={name: {"api_key_env": "TOY_KEY"} for name in ("writer", "judge")})
        recipe["seeds"] = [{"prompts": ["How do I reach jo.smith@acme.org?"]}]
        recipe["examples"] = [{"path": "tickets.jsonl", "limit": 5}]
        recipe["seeds"][0]["system"] = "Be brief.\n" * 9
        recipe["filters"] += ["pii", "near_duplicate"]
        Path("recipe.yaml").write_text(json.dumps(recipe))
        assert main(["plan", "recipe.yaml", "--json"]) == 0
    out = capsys.readouterr().out
    return json.loads(out), out


def test_each_step_says_what_it_is(steps: tuple[list[dict[str, Any]], str]) -> None:
    told = {step["step"]: step for step in steps[0]}
    source, generate = told["sources"], told["generate"]
    seeds, examples = source["work"]["arguments"]["sources"]
    assert (source["rows"], source["work"]["function"]) == ("source", "hfsft.recipe.reading:reading")
    assert (examples["kind"], examples["source"]) == ("ExampleTable", {"path": "tickets.jsonl", "limit": 5})
    assert seeds["places"]["prompts"][0][0] == "recipe.yaml"
    assert len(seeds["places"]["system"]) == 1, "a place a key, however long its text"
    assert [need["kind"] for need in source["needs"]] == ["source", "source"]
    assert (generate["asks"], generate["rows"], generate["sees"], generate["models"]) == (
        True,
        "same",
        "row",
        ["writer"],
    )
    assert [(each["name"], each["role"]) for each in generate["writes"]][-1] == ("response", "text")
    assert generate["work"]["arguments"]["section"]["system"] == "You are a support agent."
    assert told["filters[pii generate].redact"]["rewrites"] == ["system", "response"]
    assert told["filters[near_duplicate].measure"]["sees"] == "all"
    assert told["filters[near_duplicate]"]["bound"]["at_most"] == 0.8
    assert told["filters[near_duplicate]"]["work"] is None
    assert all(len(step["fingerprint"]) == 32 for step in steps[0])


def test_no_secret_and_no_personal_data_is_in_it(steps: tuple[list[dict[str, Any]], str]) -> None:
    assert KEY not in steps[1]
    assert "jo.smith" not in steps[1]
    assert "How do I reach <EMAIL_1>?" in steps[1]
