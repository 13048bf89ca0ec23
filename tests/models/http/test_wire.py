"""What is keyed, what is sent and what is read, to the letter."""

from __future__ import annotations

import hashlib
import json

import pytest
from pydantic import ValidationError

from hfsft.errors import RecipeError
from hfsft.models.http import answer as answers
from hfsft.models.http import wire
from hfsft.models.http.address import chat_url, completions_url
from hfsft.models.http.faults import Fault
from hfsft.models.http.providers import listed_price
from hfsft.models.model import Answer, Model, Price, Request
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.recipe_file import parse, validate
from tests.models.fixture import one, rows, user

MODEL = Model(model="org/m", base_url="http://x/v1", temperature=0.5, max_tokens=100, extra_body={"min_p": 0.1})


def test_the_key_of_a_request_is_fixed_for_ever() -> None:
    request = user("Grüße", temperature=0, stop=("\n",), seed=7, schema={"type": "object"})
    asked = wire.canonical(MODEL, request, "r1")
    assert asked == (
        '{"extra_body":{"min_p":0.1},"max_tokens":100,"messages":[{"content":"Grüße","role":"user"}],"model":"org/m",'
        '"revision":"r1","schema":{"type":"object"},"seed":7,"stop":["\\n"],"temperature":0.0}'
    )
    assert wire.key_of(asked) == "2b4675944ac10c469f59126f10e54cafdab1f3fbb65204e6c69c2ab873250f05"


@pytest.mark.parametrize("length", [0, 2046, 2047, 2048, 4094, 65_536, 65_537, 200_000])
def test_a_key_is_the_hash_of_the_whole_text(length: int) -> None:
    text = "ab€" * (length // 5) + "x" * (length % 5)
    assert wire.key_of(text) == hashlib.sha256(text.encode()).hexdigest()


def test_no_other_thread_is_let_in_for_the_key_of_a_usual_request() -> None:
    """hashlib lets others in where it is given so much at once; told by an object that takes its updates."""
    given: list[int] = []

    class Hash:
        def update(self, data: bytes) -> None:
            given.append(len(data))

        def hexdigest(self) -> str:
            return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire.hashlib, "sha256", Hash)
        wire.key_of("x" * 10_000)
    assert sum(given) == 10_000
    assert max(given) < 2048


TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def test_tools_and_probabilities_are_keyed_and_sent_where_they_are_asked_for() -> None:
    request = user("Hi", tools=(TOOL,), tool_choice="required", logprobs=5)
    asked = {"tools": [TOOL], "tool_choice": "required"}
    plain = json.loads(wire.canonical(MODEL, user("Hi")))
    assert json.loads(wire.canonical(MODEL, request)) == {**plain, **asked, "logprobs": 5}
    sent = wire.body(MODEL, user("Hi"), "m")
    assert wire.body(MODEL, request, "m") == {**sent, **asked, "logprobs": True, "top_logprobs": 5}


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.6}, {"max_tokens": 99}, {"model": "org/other"}, {"revision": "abc"}, {"top_p": 0.9},
        {"extra_body": {}},
    ],
)  # fmt: skip
def test_what_changes_an_answer_changes_its_key(change) -> None:
    def key(model: Model) -> str:
        return wire.key_of(wire.canonical(model, user("x"), model.revision or ""))

    assert key(MODEL.model_copy(update=change)) != key(MODEL)


def test_the_body_is_sent_word_for_word() -> None:
    request = user("Hi", schema={"type": "object"}, seed=3)
    assert wire.body(MODEL, request, "m-there") == {
        "model": "m-there",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.5,
        "max_tokens": 100,
        "seed": 3,
        "min_p": 0.1,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
    }


def test_half_a_surrogate_pair_is_a_question_mark(llm, make_pool) -> None:
    llm.reply = lambda body: "half \ud83d here"
    pool = make_pool()
    assert pool.drive("generate", [("r", one("broken \ud83d text"))], total=1) == {}
    assert llm.requests[0]["messages"][0]["content"] == "broken ? text"
    assert pool.replay(one("broken \ud83d text")) == "half ? here"


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1/chat/completions"),
        ("http://localhost:8000/", "http://localhost:8000/v1/chat/completions"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions"),
        ("https://x.ai/openai", "https://x.ai/openai/v1/chat/completions"),
        ("https://x.ai/v1beta/openai/", "https://x.ai/v1beta/openai/chat/completions"),
        ("https://x.ai/api/paas/v4", "https://x.ai/api/paas/v4/chat/completions"),
        ("https://x.ai/v1/chat/completions", "https://x.ai/v1/chat/completions"),
        ("https://x.ai/v1?api-version=3", "https://x.ai/v1/chat/completions?api-version=3"),
    ],
)
def test_an_address_with_or_without_its_end(base_url: str, url: str) -> None:
    assert chat_url(base_url) == url
    assert completions_url(base_url) == url.replace("/chat/completions", "/completions")


def test_a_raw_text_stands_in_the_place_of_messages() -> None:
    request = Request("m", prompt="<user>", stop=("<end>",), seed=7)
    asked = json.loads(wire.canonical(MODEL, request))
    sent = wire.body(MODEL, request, "served")
    assert (asked["prompt"], sent["prompt"]) == ("<user>", "<user>")
    assert "messages" not in asked
    assert "messages" not in sent
    body = '{"choices": [{"text": " Where?", "finish_reason": "stop"}]}'
    assert answers.read(body, going_on=True).text == " Where?"
    assert answers.read(body).text == ""


def reply(message: object, finish: object = "stop", **more: object) -> str:
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], **more})


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (reply({"content": "hi"}), Answer("hi")),
        (reply({"content": "hi"}, None), Answer("hi")),
        (reply({"content": "hi"}, "MAX_TOKENS"), Answer("hi", finish_reason="length")),
        (reply({"content": None, "refusal": "no"}), Answer("no", finish_reason="content_filter")),
        (reply({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}), Answer("ab")),
        (reply({"content": "hi", "reasoning_content": "hm"}), Answer("hi", "hm")),
        (reply({"content": "hi", "reasoning": "hm"}), Answer("hi", "hm")),
        (reply({"content": "<think>a</think>hi", "reasoning": "hm"}), Answer("hi", "hm\n\na")),
        (
            reply({"content": "hi"}, usage={"prompt_tokens": 3, "completion_tokens": 1}, model="m-7"),
            Answer("hi", "", "stop", 3, 1, "m-7"),
        ),
        (reply({"content": "hi"}, usage={"prompt_tokens": "3"}), Answer("hi", input_tokens=3)),
        (reply({"content": "hi"}, usage={"prompt_tokens": 0, "completion_tokens": 0}), Answer("hi")),
        (reply({"content": None}), Answer("")),
    ],
)
def test_an_answer_reads(raw: str, answer: Answer) -> None:
    assert answers.read(raw) == answer


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        ("", "unreadable"),
        ("<html>", "unreadable"),
        ("[]", "unreadable"),
        ('{"choices": []}', "unreadable"),
        ('{"choices": [null]}', "unreadable"),
        ('{"choices": [{"message": "hi"}]}', "unreadable"),
        ('{"error": {"message": "broke"}}', "server"),
        ('{"error": {"message": "busy", "code": 429}}', "rate_limit"),
        ('{"error": "broke", "choices": null}', "server"),
    ],
)
def test_what_is_no_answer_is_a_fault(raw: str, cause: str) -> None:
    with pytest.raises(Fault) as fault:
        answers.read(raw)
    assert fault.value.cause == cause


def test_a_server_that_refuses_max_tokens_is_asked_by_the_newer_name(llm, make_pool) -> None:
    from tests.models import server

    class Modern(server.LLM):
        async def _answer(self, request):
            if "max_tokens" in json.loads(await request.read()):
                self.met["modern"] += 1
                return server.error(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
            return await super()._answer(request)

    with Modern(latency=0.01) as modern:
        pool = make_pool(model={"base_url": modern.url, "max_tokens": 9, "concurrency": 4})
        assert pool.drive("generate", rows(20), total=20) == {}
        assert modern.met["modern"] <= 4
        assert modern.requests[0]["max_completion_tokens"] == 9
        refused = modern.met["modern"]
        again = make_pool(model={"base_url": modern.url, "max_tokens": 10, "concurrency": 4})
        assert again.drive("generate", rows(20), total=20) == {}
        assert modern.met["modern"] == refused


SENT = wire.body(MODEL, user("Hi", schema={"type": "object"}, seed=3, top_p=0.5), "m-there")


@pytest.mark.parametrize(
    "field",
    [*(name for name in SENT if name not in MODEL.extra_body), "stream", "n", "best_of", "max_completion_tokens"],
)
def test_extra_fields_may_not_take_ours(field: str) -> None:
    with pytest.raises(ValidationError, match=f"`extra_body` cannot set {field}: hfsft sets it itself"):
        Model(model="m", extra_body={field: 1})


def test_an_extra_field_that_is_ours_is_told_at_its_line() -> None:
    text = "name: toy\nseeds:\n- prompts: [a]\nmodels:\n  writer:\n    model: m\n    extra_body:\n      top_k: 5\n"
    source = parse(f"{text}      max_tokens: 50000\n      seed: 1\n")
    with pytest.raises(RecipeError) as caught:
        validate(source, Recipe)
    assert str(caught.value) == (
        "recipe:9:19: models.writer.extra_body.max_tokens: `extra_body` cannot set max_tokens, seed: hfsft sets them "
        "itself (write `max_tokens:` in the model or the stage)"
    )


def test_a_price_is_taken_from_the_routers_listing(monkeypatch) -> None:
    listing = {
        "data": [
            {"id": "org/other", "providers": []},
            {
                "id": "org/m",
                "providers": [
                    {"provider": "a", "status": "live", "pricing": {"input": 0.1, "output": 0.4}},
                    {"provider": "b", "status": "live", "pricing": {"input": 0.2, "output": 0.3}},
                    {"provider": "c", "status": "live"},
                ],
            },
        ]
    }

    class Session:
        def get(self, url: str, timeout: float):
            assert url == "https://router.huggingface.co/v1/models"
            return type("Response", (), {"json": lambda self: listing})()

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.utils._http.get_session", Session)
    assert listed_price(Model(model="org/m", provider="a")) == Price(input=0.1, output=0.4)
    # Where the router chooses, the dearest counts.
    assert listed_price(Model(model="org/m", provider="auto")) == Price(input=0.2, output=0.4)
    assert listed_price(Model(model="org/m", provider="c")) is None
    assert listed_price(Model(model="org/none", provider="a")) is None
    assert listed_price(MODEL) is None


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 4}, (9, 4)),
        ({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}, (9, 4)),
        ({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 113}, (9, 104)),  # a hundred were thought
        ({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 2}, (9, 4)),
        ({"prompt_tokens": 10**30, "completion_tokens": -4}, (None, None)),
        ({"prompt_tokens": True, "completion_tokens": "four"}, (None, None)),
        ({"prompt_tokens": "9", "completion_tokens": "4"}, (9, 4)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, (None, None)),  # counted by nobody
        (  # more thoughts than the total holds
            {
                "prompt_tokens": 9,
                "completion_tokens": 4,
                "total_tokens": 13,
                "completion_tokens_details": {"reasoning_tokens": 500},
            },
            (9, 504),
        ),
        ([], (None, None)),
    ],
)
def test_tokens_are_what_the_server_charges_for_or_unknown(usage, counts) -> None:
    choices = [{"message": {"content": "Hi."}}]
    answer = answers.read(json.dumps({"choices": choices, "usage": usage}))
    assert (answer.input_tokens, answer.output_tokens) == counts
