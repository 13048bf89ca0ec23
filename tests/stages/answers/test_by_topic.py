"""A system prompt and a temperature for each topic; how answers begin, for the waves behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hfsft.errors import RecipeError
from hfsft.hashing import digest
from hfsft.recipe.compile import compile_recipe
from hfsft.recipe.recipe import load_recipe
from hfsft.stages.answers.answer_openings import opening
from hfsft.stages.answers.generate import Generate
from hfsft.stages.base import Outcome
from tests.stages.helpers import CONTEXT, converse, row

SYSTEM = {"default": "You answer.", "billing": "You bill {{ instruction }}."}


@pytest.mark.parametrize(
    ("topic", "system", "temperature"),
    [("billing", "You bill Where is my parcel?.", 0.2), ("returns", "You answer.", 0.9), (None, "You answer.", 0.9)],
)
def test_a_row_gets_what_is_written_for_its_topic(topic: Any, system: str, temperature: float) -> None:
    section = Generate.model_validate({"system": SYSTEM, "temperature": {"billing": 0.2, "default": 0.9}})
    (step,) = section.steps(CONTEXT)
    (request,), columns = converse(step.function(row(topic=topic)), ["Yes."])
    assert (request.temperature, columns["system"]) == (temperature, system)
    assert request.messages[0] == {"role": "system", "content": system}


def test_a_topic_without_a_value_gets_the_usual_one_where_there_is_no_default() -> None:
    section = Generate.model_validate({"system": {"billing": "You bill."}, "temperature": {"billing": 0}})
    (step,) = section.steps(CONTEXT)
    (request,), columns = converse(step.function(row(topic="returns")), ["Yes."])
    assert (request.temperature, columns["system"]) == (0.7, None)


def test_topics_that_no_row_can_have_are_problems_where_they_stand() -> None:
    recipe: dict[str, Any] = {
        "name": "toy",
        "seeds": [{"prompts": ["Where?"], "topic": "billing"}],
        "generate": {"system": {**SYSTEM, "biling": "You bill."}, "temperature": {"default": 0, "returns": 1}},
    }
    with pytest.raises(RecipeError) as raised:
        compile_recipe(load_recipe(recipe), weights=False)
    assert [(problem.message, problem.help) for problem in raised.value.problems] == [
        ("generate.system: no row has the topic `biling`", "did you mean `billing`? allowed: billing"),
        ("generate.temperature: no row has the topic `returns`", "allowed: billing"),
    ]


def test_where_topics_are_not_known_before_it_is_noted_behind() -> None:
    section = Generate.model_validate({"system": SYSTEM})
    assert not list(section.problems(replace(CONTEXT, topics=None)))
    columns = {"topic": ["returns"]}
    outcome = Outcome(
        splits=["train"], values=lambda name: columns.get(name, [None]), removed=lambda *_: [None], fell=[]
    )
    (note,) = section.notes(outcome)
    assert note == "no row has the topic billing, which `generate` has a system prompt or temperature for"


def test_a_wave_is_shown_how_accepted_answers_begin_and_the_data_is_not() -> None:
    section = Generate(digest=2)
    assert [(column.name, column.type) for column in section.carries()] == [("openings", ["string"])]
    assert not Generate().carries()
    accepted: dict[str, list[Any]] = {
        "id": ["a", "b", "c", "d"],
        "response": ["Of course. Here is all that one may want to know.", "Yes", "Yes", None],
    }
    found = section.carried(accepted.__getitem__)["openings"]
    assert sorted(found) == ["Of course. Here is all that one may", "Yes"]
    assert section.carried({name: values[::-1] for name, values in accepted.items()}.__getitem__)["openings"] == found
    first = min("abc", key=lambda name: digest([name, "openings"]))
    assert found[0] == opening(accepted["response"]["abc".index(first)])
    (step,) = section.steps(CONTEXT)
    (request,), columns = converse(step.function({**row(), "openings": found}), ["No."])
    assert request.messages[-1]["content"].startswith("Where is my parcel?\n\n(Other answers")
    assert "- Yes\n" in request.messages[-1]["content"]
    assert columns == {"system": None, "response": "No."}
    (plain,) = Generate().steps(CONTEXT)
    for without in (row(), {**row(), "openings": None}):
        assert next(step.function(without)) == next(plain.function(row()))


def test_a_digest_needs_waves() -> None:
    (problem,) = Generate(digest=2).problems(CONTEXT)
    assert problem.message == "generate.digest: without `size` there is one wave, and nothing before it"
    assert not list(Generate(digest=2).problems(replace(CONTEXT, waves=True)))
