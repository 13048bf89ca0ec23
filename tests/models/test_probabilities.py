"""What share each asked-for value has, whatever tokens spell it and whatever else the model weighed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import hfsft
from hfsft.errors import AnswerError, ModelError
from hfsft.models.model import Model, TokenProbability
from hfsft.models.probabilities import Distribution, ask, distribution
from tests.models.fixture import user
from tests.models.server import error
from tests.models.thinker import Thinker

if TYPE_CHECKING:
    from aiohttp import web

SCALE = (1, 2, 3, 4, 5)
TEN = tuple(range(1, 11))


def place(token: str, **shares: float) -> TokenProbability:
    """A place of an answer: the token taken, and probabilities by token, with `_` for a blank and `n` before digits."""
    named = {re.sub(r"^n(?=[\d ]|$)", "", name.replace("_", " ")): share for name, share in shares.items()}
    top = tuple((name, math.log(share)) for name, share in named.items())
    return TokenProbability(token, math.log(named.get(token, 0.01)), top)


def shares(places: Sequence[TokenProbability], values: Sequence[object] = SCALE, **how: Any) -> dict[str, float]:
    found = distribution(places, values, **how)
    assert found is not None
    assert math.isclose(sum(found.shares.values()), 1)
    return {value: share for value, share in found.shares.items() if share} | {"lost": found.lost}


@pytest.mark.parametrize(
    ("places", "values", "found"),
    [
        ([place("4", n4=0.6, n3=0.2, n5=0.2)], SCALE, {"4": 0.6, "3": 0.2, "5": 0.2, "lost": 0}),
        # The blank before it, a quote, a bracket or a full stop behind it make no other value.
        ([place(" 4", n_4=0.4, n4=0.2, n3=0.2)], SCALE, {"4": 0.75, "3": 0.25, "lost": 0.2}),
        (
            [TokenProbability('"4', -0.7, (('"4', math.log(0.5)), ("▁4,", math.log(0.25)), ("Ġ5", math.log(0.25))))],
            SCALE,
            {"4": 0.75, "5": 0.25, "lost": 0},
        ),
        # As llama.cpp tells them before its grammar: most of it is lost, and the token taken is not among the first.
        ([place("3", The=0.5, n1=0.1, n5=0.05)], SCALE, {"1": 0.625, "5": 0.312, "3": 0.062, "lost": 0.84}),
        # What comes before the value, and what else it may mean further on.
        ([place("Score", Score=1), place(":", n=1), place(" 4", n_4=0.9)], SCALE, {"4": 1, "lost": 0.1}),
        ([place("1", n1=1), place("4", n4=1), place(" of 20"), place(" 3", n_3=1)], SCALE, {"3": 1, "lost": 0}),
        ([place("yes", yes=0.5, Yes=0.2, no=0.3)], ("Yes", "No"), {"Yes": 0.7, "No": 0.3, "lost": 0}),
        ([place("go", go=1), place("ing", ing=1), place(" good", _good=0.8, _bad=0.2)], ("good", "bad"),
         {"good": 0.8, "bad": 0.2, "lost": 0}),
        # Words of several tokens.
        ([place("ex", ex=0.7, po=0.3), place("cellent", cellent=0.9)], ("excellent", "poor"),
         {"excellent": 0.677, "poor": 0.323, "lost": 0.07}),
        ([place("good", good=0.9), place("ness", ness=1), place(" bad", _bad=1)], ("good", "bad"),
         {"bad": 1, "lost": 0}),
        # A digit that another value begins with: followed where the answer goes that way.
        ([place("1", n1=0.5, n8=0.5), place("0", n0=0.8, n=0.2)], TEN, {"10": 0.4, "1": 0.1, "8": 0.5, "lost": 0}),
        ([place("1", n1=0.5, n8=0.5), place("<eos>", n0=0.2)], TEN, {"10": 0.1, "1": 0.4, "8": 0.5, "lost": 0}),
        ([place("1", n1=0.5, n8=0.5)], TEN, {"1": 0.5, "8": 0.5, "lost": 0}),
        # Nobody knows what would have come behind the 1.
        ([place("8", n8=0.5, n1=0.25, n9=0.25)], TEN, {"8": 0.667, "9": 0.333, "lost": 0.25}),
        ([place("10", n10=0.5, n1=0.2, n9=0.3)], TEN, {"10": 0.625, "9": 0.375, "lost": 0.2}),
    ],
)  # fmt: skip
def test_only_what_was_asked_for_counts(
    places: list[TokenProbability], values: Sequence[object], found: dict[str, float]
) -> None:
    assert shares(places, values) == pytest.approx(found, abs=1e-3)


def test_a_value_is_looked_for_behind_what_names_it() -> None:
    tokens = ['{"', "tone", '":', " {", '"', "score", '":', " ", "2", "},", ' "use', 'fulness"', ': {"score', '":', "5"]
    places = [TokenProbability(token, 0.0, ((token, 0.0),)) for token in tokens]
    assert shares(places) == {"2": 1, "lost": 0}
    assert shares(places, after=('"usefulness"', '"score"')) == {"5": 1, "lost": 0}
    assert distribution(places, SCALE, after=('"style"', '"score"')) is None


@pytest.mark.parametrize(
    "places", [[], [place("I", I=1, n4=0.1)], [place("45", n45=1)], [place("4", n4=1), place("5")]]
)
def test_an_answer_that_takes_no_value_has_none(places: list[TokenProbability]) -> None:
    assert distribution(places, SCALE) is None


def test_values_must_differ() -> None:
    with pytest.raises(ValueError, match="different texts"):
        distribution([place("yes", yes=1)], ("yes", "Yes"))


def test_the_expected_value_lies_between_the_values() -> None:
    found = Distribution({"1": 0.25, "5": 0.75}, 0.5)
    assert (found.expected, found.likeliest) == (4.0, "5")


def says(body: dict[str, Any]) -> dict[str, Any]:
    if "none" in body["messages"][-1]["content"]:
        return {"content": "4"}
    top = [{"token": token, "logprob": math.log(share)} for token, share in (("4", 0.5), (" 5", 0.3), ("Four", 0.2))]
    return {"content": "4", "logprobs": {"content": [{**top[0], "top_logprobs": top}]}}


@dataclass
class Bounded(Thinker):
    """As its parent, but for requests in which `most` finds something wrong."""

    most: Callable[[dict[str, Any]], str] = lambda _: ""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if said := self.most(json.loads(await request.read())):
            return error(400, said)
        return await super()._answer(request)


def test_a_server_is_asked_once_for_what_it_weighs(home: Path) -> None:
    with Thinker(says=says) as server:
        model = {"model": "m", "base_url": server.url}
        (found,) = hfsft.probabilities(model, ["Rate it."], SCALE)
        assert found is not None
        assert {value: round(share, 3) for value, share in found.shares.items() if share} == {"4": 0.625, "5": 0.375}
        assert round(found.lost, 3) == 0.2
        assert (server.requests[0]["logprobs"], server.requests[0]["top_logprobs"]) == (True, 20)
        again = hfsft.probabilities(model, ["Rate it."], SCALE)
        assert (again, len(server.requests)) == ([found], 1)
        with pytest.raises(AnswerError, match="no probabilities"):
            hfsft.probabilities(model, ["Give none."], SCALE)
        assert hfsft.probabilities(model, ["Rate it."], ("yes", "no")) == [None]


def test_fewer_are_asked_for_where_a_server_gives_fewer(home: Path) -> None:
    def most(body: dict[str, Any]) -> str:
        return "'top_logprobs' must be less than or equal to 5" if body.get("top_logprobs", 0) > 5 else ""

    with Bounded(says=says, most=most) as server:
        model = {"model": "m", "base_url": server.url}
        assert all(hfsft.probabilities(model, ["Rate it.", "Rate it anew."], SCALE))
        assert [body["top_logprobs"] for body in server.requests] == [5, 5]


@pytest.mark.embedded
def test_the_embedded_model_weighs_values(home: Path, make_pool) -> None:
    prompt = "Rate from 1 to 5 how helpful this is: 'Restart the router.' Answer with one digit and nothing else."
    (found,) = hfsft.probabilities("smollm2-135m-instruct", [prompt], SCALE)
    assert found is not None
    assert math.isclose(sum(found.shares.values()), 1)
    assert 0 < found.lost < 1
    assert 1 < found.expected < 5
    assert len([share for share in found.shares.values() if share > 0.01]) >= 3
    # Under a schema it tells what the model weighed before that: the same values, though another may be taken.
    request = user(prompt, schema={"type": "integer", "enum": list(SCALE)}, temperature=0.0, max_tokens=16)
    pool = make_pool({"m": Model(model="smollm2-135m-instruct")})
    results: dict[str, Distribution] = {}
    assert pool.drive("ask", [("row", partial(ask, request, SCALE))], total=1, results=results) == {}
    assert abs(results["row"].expected - found.expected) < 0.2
    assert abs(results["row"].lost - found.lost) < 0.1


@pytest.mark.parametrize(
    ("model", "prompts", "values", "kind", "said"),
    [
        ({"modell": "m"}, ["a"], SCALE, ModelError, "unknown key `modell`"),
        ({"model": "wordllama", "task": "embed"}, ["a"], SCALE, ModelError, "writes no text: its task is embed"),
        ("smollm2-135m-instruct", "a", SCALE, TypeError, "a list of texts, not one text"),
        ("smollm2-135m-instruct", ["a"], [], ValueError, "some different texts"),
        ("smollm2-135m-instruct", ["a"], ["Yes", "yes"], ValueError, "some different texts"),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_is(
    model: Any, prompts: Any, values: Any, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        hfsft.probabilities(model, prompts, values)
