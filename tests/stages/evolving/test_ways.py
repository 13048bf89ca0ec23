"""The templates of a recipe: how often each is used, and who writes by it at which temperature."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.models.model import Request
from hfsft.pipeline import forecast, run
from hfsft.stages.base import Asks
from hfsft.stages.evolving.children import children
from hfsft.stages.evolving.evolve import Evolve
from hfsft.stages.evolving.ways import parts, used
from tests.models.server import LLM, Body, digest
from tests.stages.helpers import CONTEXT, converse, row


def grown(templates: list[Any], rows: int, variants: int) -> Counter[str]:
    shares = parts(used(Evolve(templates=templates).templates))
    seeds = [row(f"question {number}") for number in range(rows)]
    return Counter(child["template"] for seed in seeds for child in children(seed, 1, range(variants), shares))


def test_templates_are_picked_as_often_as_they_weigh() -> None:
    found = grown(["deepen", {"troubleshoot": 2}, {"broaden": {"weight": 0.5}}], rows=700, variants=1)
    assert sum(found.values()) == 700
    for name, expected in (("deepen", 200), ("troubleshoot", 400), ("broaden", 100)):
        assert abs(found[name] - expected) < 45
    assert grown(["deepen", {"troubleshoot": 2}, {"broaden": 0.5}], rows=3, variants=7) == {
        "deepen": 6,
        "troubleshoot": 12,
        "broaden": 3,
    }


@pytest.mark.parametrize("weights", [[1, 1], [2, 2], [0.5, 0.5]])
def test_equal_weights_pick_what_none_would(weights: list[float]) -> None:
    names = ["deepen", "broaden"]
    weighted = used(Evolve(templates=[{name: weight} for name, weight in zip(names, weights, strict=True)]).templates)
    plain = used(Evolve(templates=names).templates)
    ids = [[child["id"] for child in children(row("a"), 1, range(5), parts(ways))] for ways in (weighted, plain)]
    assert ids[0] == ids[1]


def test_every_child_of_a_row_is_another_one_and_more_variants_keep_those_before() -> None:
    shares = {"deepen": 3, "broaden": 2}
    ids = [[child["id"] for child in children(row("a"), 1, range(variants), shares)] for variants in range(14)]
    assert all(len(set(each)) == len(each) for each in ids)
    assert all(more[: len(less)] == less for less, more in pairwise(ids))


@pytest.mark.parametrize(
    ("templates", "said"),
    [
        ([{"deepen": 1, "broaden": 2}], "one template and its weight"),
        ([{}], "one template and its weight"),
        (["deepen", {"deepen": 2}], "`deepen` is listed twice"),
        ([{"deepen": 0}], "greater than 0"),
        ([{"deepen": 1.001}, {"broaden": 1.0003}], "take rounder numbers"),
        ([{"deepen": {"wieght": 2}}], "wieght"),
    ],
)
def test_weights_that_mean_nothing_are_refused(templates: list[Any], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Evolve(templates=templates)
    assert said in str(raised.value)


def asked(section: Evolve, template: str) -> Request:
    step = section.steps(CONTEXT)[1]
    child = {**row("Where is it?"), "origin": "evolved", "round": 1, "template": template}
    (request,), _ = converse(step.function(child), ["Where is it, and who has it?"])
    return request


def test_a_template_may_have_a_temperature_and_a_model_of_its_own() -> None:
    section = Evolve(templates=["deepen", {"broaden": {"temperature": 1.2}}, {"casual": {"model": "judge"}}])
    plain, warm, other = (asked(section, name) for name in ("deepen", "broaden", "casual"))
    assert [each.temperature for each in (plain, warm, other)] == [0.8, 1.2, 0.8]
    assert [each.model for each in (plain, warm, other)] == ["writer", "writer", "judge"]
    # A server that refuses a temperature gets none that hfsft chose, and always one that the author wrote.
    assert "temperature" in plain.chosen
    assert "temperature" not in warm.chosen
    assert section.steps(CONTEXT)[1].models == ("writer", "judge")
    assert section.asks(()) == [Asks(("model",), "writer"), Asks(("templates", 2, "casual", "model"), "judge")]
    assert Evolve(templates=[{"casual": {"model": "judge"}}]).asks(()) == [
        Asks(("templates", 0, "casual", "model"), "judge")
    ]


def test_a_plan_and_a_build_know_each_model_of_a_step(tmp_path: Path, home: Path) -> None:
    def reply(body: Body) -> str:
        return f"What of it, asked as {digest(body)[:9]}?"

    with LLM(reply=reply) as server:
        at = {"base_url": server.url, "price": {"input": 1, "output": 1}}
        recipe = {
            "name": "toy",
            "models": {"writer": {"model": "org/one", **at}, "second": {"model": "org/other", **at}},
            "seeds": [{"prompts": [f"Where is the {thing}?" for thing in ("lamp", "desk", "rug")]}],
            "evolve": {"variants": 2, "templates": ["deepen", {"casual": {"model": "second"}}]},
            "filters": [],
            "split": {"validation": 0},
        }
        (planned,) = [each for each in forecast(recipe) if each.step.name == "evolve[1]"]
        assert planned.estimate is not None
        assert planned.estimate.calls == 6
        assert planned.estimate.usd is not None
        _, folder = run(recipe, out=tmp_path / "build")
        assert Counter(body["model"] for body in server.requests)["org/other"] == 3
    lock = json.loads((folder / "hfsft.lock.json").read_text())
    assert {name: model["model"] for name, model in lock["models"].items()} == {
        "writer": "org/one",
        "second": "org/other",
    }


def test_what_a_template_says_of_sampling_is_part_of_what_the_step_depends_on() -> None:
    ways = [["deepen"], [{"deepen": {"temperature": 0.1}}], [{"deepen": {"model": "judge"}}]]
    prints = {Evolve(templates=way).steps(CONTEXT)[1].fingerprint("") for way in ways}
    assert len(prints) == 3
    # A weight changes which rows there are, never what is asked for one.
    weighted = Evolve(templates=["broaden", {"deepen": 2}]).steps(CONTEXT)
    plain = Evolve(templates=["broaden", "deepen"]).steps(CONTEXT)
    assert [one.fingerprint("") == other.fingerprint("") for one, other in zip(weighted, plain, strict=True)][:2] == [
        False,
        True,
    ]
