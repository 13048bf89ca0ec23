"""`hfsft render`: what a step sends for one row, word for word; nobody is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hfsft.cli import main
from tests.models.server import LLM, Body, said_to

EVOLVE = "Ask for more than this does: {{ instruction }}"


def reply(body: Body) -> str:
    said = said_to(body)
    if said.startswith("Ask for more"):
        return "What is the weight of a lamp?" if "lamp" in said else "I'm sorry, but I cannot rewrite this message."
    return f"It is {len(said)} in all."


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as running:
        yield running


@pytest.fixture
def say(server: LLM, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    monkeypatch.chdir(tmp_path)
    model = {"model": "org/m", "base_url": server.url, "api_key_env": "TOY_KEY", "extra_body": {"top_k": 5}}
    recipe = {
        "name": "toy",
        "models": {"writer": model},
        "seeds": [{"prompts": ["What is a lamp?", "What is a desk?"]}],
        "evolve": {"templates": [EVOLVE], "temperature": 0.5},
        "generate": {"system": "Be brief.", "max_tokens": 99},
        "filters": [],
        "split": {"validation": 0},
    }
    monkeypatch.setenv("TOY_KEY", "sk-live-4f9aB2c7D1e8F3a6b5C9")
    Path("recipe.yaml").write_text(json.dumps(recipe))

    def run(command: str, *words: str, code: int = 0) -> str:
        assert main([command, "recipe.yaml", *words]) == code
        out, err = capsys.readouterr()
        return str(err if code else out)

    return run


def rendered(say: Any, *words: str) -> Any:
    return json.loads(say("render", *words, "--json"))


def test_the_request_is_the_one_that_a_build_sends(say: Any, server: LLM) -> None:
    before = {
        stage: rendered(say, "--stage", stage, "--row", row) for stage, row in (("evolve[1]", "2"), ("generate", "1"))
    }
    assert server.requests == []
    assert [each["pending"] for each in before.values()] == [False, False]
    say("build", "-q")
    bodies = [json.dumps(each, sort_keys=True) for each in server.requests]
    for told in before.values():
        (request,) = told["requests"]
        assert request["answer"] is None
        assert json.dumps(request["body"], sort_keys=True) in bodies
        assert request["address"] == f"{server.url}/chat/completions"


def test_stored_answers_are_used_and_shown_and_nobody_is_asked(say: Any, server: LLM) -> None:
    first = rendered(say, "--stage", "generate", "--row", "1")
    child = next(
        told
        for number in range(1, 5)
        if (told := rendered(say, "--stage", "generate", "--row", str(number)))["pending"]
    )
    assert child["requests"][0]["body"]["messages"][-1]["content"] == "…"
    say("build", "-q")
    asked = len(server.requests)
    again = rendered(say, "--stage", "generate", "--row", first["row"])
    assert again["requests"][0]["body"] == first["requests"][0]["body"]
    assert again["requests"][0]["answer"].endswith(" in all.")
    texts = [rendered(say, "--stage", "generate", "--row", str(number))["requests"][0] for number in (1, 2, 3)]
    assert {each["body"]["messages"][-1]["content"] for each in texts} == {
        "What is a lamp?",
        "What is a desk?",
        "What is the weight of a lamp?",
    }
    shown = say("render", "--stage", "generate", "--row", first["row"][:6])
    for part in ("> system: Be brief.", "> user: What is a", "max_tokens: 99", "top_k: 5", "< stored answer: It is"):
        assert part in shown
    assert "sk-live" not in shown
    assert len(server.requests) == asked


def test_a_section_stands_for_its_first_step(say: Any) -> None:
    assert rendered(say, "--stage", "evolve")["stage"] == "evolve[1]"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--stage", "genrate"), "no step `genrate` that asks a model (did you mean `generate`? allowed: evolve[1]"),
        (("--stage", "evolve[1].fault"), "step evolve[1].fault asks no model"),
        (("--stage", "generate", "--row", "9"), "there is no row 9 at generate: it asks for 4 of 4 rows"),
        (("--stage", "generate", "--row", "0"), "there is no row 0 at generate"),
        (("--stage", "generate", "--row", "ffffffffff"), "no row ffffffffff comes to generate"),
    ],
)
def test_what_there_is_not_is_told(words: tuple[str, ...], message: str, say: Any) -> None:
    assert message in say("render", *words, code=1)


def test_a_row_that_asks_nothing_or_fell_before_says_so(say: Any) -> None:
    say("build", "-q")
    ledger = Path("build/toy/ledger.jsonl").read_text().splitlines()
    rows = {each["id"]: each for each in map(json.loads, ledger)}
    fallen = next(each for each in rows.values() if each["fate"] == "rejected")
    assert fallen["rule"] == "refuses"
    assert "fell at evolve[1].fault" in say("render", "--stage", "generate", "--row", fallen["id"], code=1)
    seed = rendered(say, "--stage", "generate", "--row", "1")["row"]
    assert "asks nothing at evolve[1]" in say("render", "--stage", "evolve", "--row", seed, code=1)
