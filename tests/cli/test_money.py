"""What answers cost: shown before they are deleted, paid again after it, compared with the budget before a build."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml

from hfsft import cache
from hfsft.cli import main
from tests.models.server import LLM
from tests.recipes import reply, support

Say = Callable[..., tuple[int, str, str]]
PRICES = {name: {"price": {"input": 1, "output": 2}} for name in ("writer", "judge")}


@pytest.fixture
def server() -> Iterator[LLM]:
    with LLM(reply=reply) as llm:
        yield llm


@pytest.fixture
def say(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """The command in this process, in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return (main(arguments), *capsys.readouterr())

    return run


def write(recipe: dict[str, Any]) -> str:
    Path("recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    return "recipe.yaml"


def test_what_prune_deleted_is_paid_for_again(say: Say, server: LLM) -> None:
    recipe = write(support(server, models=PRICES))
    cost = json.loads(say("build", recipe, "--json")[1])["usage"]["usd"]
    listed = json.loads(say("store", "list", "--json")[1])
    assert sum(each["usd"] for each in listed) == pytest.approx(cost)
    assert f"${sum(each['usd'] for each in listed if 'judge' in each['model']):.4f}" in say("store", "list")[1]
    # Nothing is deleted until somebody says so.
    for arguments, code in ((["--dry-run"], 0), ([], 1)):
        done, out, err = say("store", "prune", "--model", "judge-1", *arguments)
        assert done == code
        assert re.search(r"^12 answers, [\d.]+ kB, \$0\.\d{4} to pay again", out, re.M)
        assert "finished steps of support are made again" in out
        assert ("nothing was deleted; --yes" in err) == bool(code)
    assert say("build", recipe, "--json")[1].count('"calls": 0')
    asked = len(server.requests)
    assert "deleted 12 answers" in say("store", "prune", "--model", "judge-1", "--yes")[1]
    assert json.loads(say("build", recipe, "--json")[1])["usage"]["calls"] == 12
    assert len(server.requests) == asked + 12
    assert say("store", "prune", "--model", "nobody", "--yes")[:2] == (0, "no such answer: nothing to delete\n")


def test_an_answer_that_another_recipe_shares_is_not_served_either(say: Say, server: LLM) -> None:
    say("build", write(support(server)), "-q")
    asked = len(server.requests)
    twin = write({**support(server), "name": "twin"})
    say("build", twin, "-q")
    assert len(server.requests) == asked, "the same requests"
    say("store", "prune", "--recipe", "support", "--yes")
    assert json.loads(say("build", twin, "--json")[1])["usage"]["calls"] == 30


def test_steps_of_a_recipe_that_asks_nobody_stay(say: Say, server: LLM, home: Path) -> None:
    rows = [{"instruction": f"Where is parcel {n}, sent on day {n * 7}?", "response": "Here."} for n in range(5)]
    say("build", write({"name": "clean", "examples": [{"rows": rows}], "filters": []}), "-q")
    say("build", write(support(server)), "-q")
    kept = sorted(cache.cache_folder("clean").glob("*.arrow"))
    assert kept
    say("store", "prune", "--all", "--yes")
    assert sorted(cache.cache_folder("clean").glob("*.arrow")) == kept
    assert not list(cache.cache_folder("support").glob("*.arrow"))


def test_a_build_without_caching_reads_what_is_stored_and_asks_for_what_is_gone(say: Say, server: LLM) -> None:
    recipe = write(support(server))
    say("build", recipe, "-q")
    datasets.disable_caching()
    try:
        assert json.loads(say("build", recipe, "--json")[1])["usage"]["calls"] == 0
        say("store", "prune", "--model", "judge-1", "--yes")
        code, out, err = say("build", recipe, "--json")
    finally:
        datasets.enable_caching()
    assert (code, json.loads(out)["usage"]["calls"]) == (0, 12), err


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"calls": 30}, "within the budget of 30 calls of each build"),
        ({"calls": 20}, "warning: the budget of 20 calls of each build may be too small"),
        ({"calls": 11}, "warning: the budget of 11 calls of each build is too small: the build would stop there"),
        ({"usd": 5}, "within the budget of $5 of each build"),
        ({"usd": 0.001}, "warning: the budget of $0.001 of each build may be too small"),
        ({"tokens": 100}, "warning: the budget of 100 tokens of each build may be too small"),
    ],
)
def test_plan_compares_with_the_budget(say: Say, server: LLM, budget: dict[str, float], said: str) -> None:
    code, out, _ = say("plan", write(support(server, models=PRICES, budget=budget)))
    assert code == 0
    assert said in out
    assert not server.requests


def test_a_price_that_is_unknown_is_not_a_cost_of_0(say: Say, server: LLM) -> None:
    recipe = write(support(server, budget={"usd": 5}))
    assert "the budget of $5 cannot be kept: a price is unknown" in say("plan", recipe)[1]
    say("build", write(support(server)), "-q")
    assert {each["usd"] for each in json.loads(say("store", "list", "--json")[1])} == {None}
    assert "an unknown cost of 2 models to pay again" in say("store", "prune", "--all", "--dry-run")[1]


def test_a_budget_of_the_dataset_is_compared_with_what_is_left_of_it(say: Say, server: LLM) -> None:
    budget = {"calls": 40, "usd": 5, "per": "dataset"}
    recipe = write(support(server, models={n: {**PRICES[n], "max_tokens": 99} for n in PRICES}, budget=budget))
    out = say("plan", recipe)[1]
    assert "within the budget of 40 calls of the dataset (40 left of it)" in out
    assert "within the budget of $5 of the dataset ($5.0000 left of it)" in out
    cost = json.loads(say("build", recipe, "--json")[1])["usage"]["usd"]
    say("store", "prune", "--all", "--yes")
    out = say("plan", recipe)[1]
    assert (
        "warning: the budget of 40 calls of the dataset (10 left of it) is too small: the build would stop there"
        in " ".join(out.split())
    )
    assert f"within the budget of $5 of the dataset (${5 - cost:.4f} left of it)" in out
    code, _, err = say("build", recipe)
    assert code == 1
    assert "the budget of 40 calls would be passed by the next request, so it was not sent" in err
    assert "of all builds of the dataset, which took 40 calls" in err
    assert len(server.requests) == 40
    assert say("build", recipe, "--set", "budget.calls=60", "-q")[0] == 0


def test_answers_without_counts_are_told(say: Say, server: LLM) -> None:
    server.usage = False
    recipe = write(support(server, models=PRICES))
    assert (
        "note: generate: 12 answers of writer-1, those too that were not kept, came without token counts"
        in say("build", recipe)[1]
    )


def test_requests_that_broke_off_are_told_with_their_most(say: Say, server: LLM) -> None:
    server.fault = lambda body, coming: "truncated" if coming == 1 and body["model"] == "judge-1" else ""
    recipe = write(support(server, models={n: {**PRICES[n], "max_tokens": 99} for n in PRICES}))
    out = say("build", recipe)[1]
    assert re.search(r"12 requests that\s+broke off and may be billed too, at most \$0\.\d{4}", out)
    found = json.loads(Path("build/support/funnel.json").read_text())["usage"]
    assert found["lost"]["requests"] == 12
