"""Token probabilities, in every way in which servers write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfsft.models.http.logprobs import NONE, read
from hfsft.models.model import TokenProbability


def chat(*places: dict[str, Any]) -> dict[str, Any]:
    return {"content": list(places), "refusal": None}


FOUR = {"token": " 4", "bytes": [32, 52], "logprob": -0.12345678}
TOP = [{"token": " 4", "logprob": -0.12345678}, {"token": "4", "logprob": -2.5}]


@pytest.mark.parametrize(
    ("found", "places"),
    [
        (None, ()),
        ({}, ()),
        ({"content": None}, ()),
        (chat(), ()),
        (chat({**FOUR, "top_logprobs": TOP}), (TokenProbability(" 4", -0.1235, ((" 4", -0.1235), ("4", -2.5))),)),
        (chat(FOUR), (TokenProbability(" 4", -0.1235),)),
        (chat({**FOUR, "top_logprobs": [{"token": 4}]}), (TokenProbability(" 4", -0.1235),)),
        (chat({"token": "a", "logprob": None}), (TokenProbability("a", NONE),)),
        (chat({"token": "a", "logprob": -1e308}), (TokenProbability("a", NONE),)),
        (chat({"token": "a", "logprob": 1e-9}), (TokenProbability("a", 0.0),)),  # as floats round
        (chat({"token": "\ud83d", "logprob": -1}), (TokenProbability("?", -1.0),)),
        (chat(FOUR, {"token": "a"}), (TokenProbability(" 4", -0.1235), TokenProbability("a", NONE))),
        (chat({"token": "a", "logprob": "low"}), ()),
        (chat({"logprob": -1}), ()),
        (
            {"tokens": ["a", "b"], "token_logprobs": [None, -1.5], "top_logprobs": [None, {"b": -1.5, "c": -2}]},
            (TokenProbability("a", NONE), TokenProbability("b", -1.5, (("b", -1.5), ("c", -2.0)))),
        ),
        ({"tokens": ["a"], "token_logprobs": []}, ()),
    ],
)  # fmt: skip
def test_places_are_read(found: Any, places: tuple[TokenProbability, ...]) -> None:
    assert read(found) == places


def test_infinity_as_python_writes_it_is_the_least() -> None:
    assert read(json.loads('{"content": [{"token": "a", "logprob": -Infinity}]}')) == (TokenProbability("a", NONE),)
    assert read(json.loads('{"content": [{"token": "a", "logprob": NaN}]}')) == ()
