"""A server's dialect is learned from its refusals, once for all requests, and kept for the builds that follow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from hfsft.errors import RefusedKeyError
from hfsft.models.dialects import piecewise
from hfsft.models.dialects.dialect_table import notes_on
from hfsft.models.dialects.learned import spoken_by
from hfsft.models.model import Answer, Model, Request
from hfsft.models.pool import Pool
from hfsft.models.structured import ask
from tests.models.dialects.strict import (
    Strict,
    newer,
    no_schema,
    no_system,
    not_both,
    only_streams,
    open_schemas,
    takes_no,
)
from tests.models.fixture import one, rows, user

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}
OURS = frozenset({"temperature", "top_p", "max_tokens"})
Make = Callable[..., Pool]


def asking(number: int, **more: Any) -> Callable[[], Any]:
    """A row that asks all that servers may refuse."""

    def start() -> Any:
        turns = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": f"question {number}"})
        how = {"temperature": 0.0, "top_p": 0.9, "seed": 7, "stop": ("END",), "max_tokens": 9, "chosen": OURS, **more}
        answer: Answer = yield Request("m", turns, **how)
        return answer.text

    return start


def many(count: int, **more: Any) -> list[tuple[str, Callable[[], Any]]]:
    return [(f"row-{number}", asking(number, **more)) for number in range(count)]


def at(server: Strict, **more: Any) -> dict[str, Any]:
    return {"model": {"base_url": server.url, "concurrency": 4, **more}}


def test_a_server_that_refuses_everything_is_learned_part_by_part(make_pool: Make) -> None:
    fields = tuple(takes_no(field) for field in ("temperature", "top_p", "seed", "stop"))
    rules = (*fields, newer, no_system, no_schema, only_streams, takes_no("stream_options"))
    with Strict(rules=rules, reply=lambda _: '{"score": 3}', latency=0.01) as server:
        pool = make_pool(**at(server))
        assert pool.drive("judge", many(40, schema=SCHEMA), total=40) == {}
        assert len(set(server.refused)) == len(rules)
        # Those that are under way at first, and what one of them finds out while the others wait.
        assert len(server.refused) <= 4 + 2 * len(rules)
        body = server.requests[-1]
        assert sorted(body) == ["max_completion_tokens", "messages", "model", "response_format", "stream"]
        assert body["messages"][0]["content"].startswith("Be brief.\n\nquestion ")
        assert body["messages"][0]["content"].endswith(json.dumps(SCHEMA, separators=(",", ":"), sort_keys=True))
        assert body["response_format"] == {"type": "json_object"}
        assert pool.usage.total().answers == 40
        assert notes_on(pool.usage.dialects)[0] == "m takes no temperature: its own was used"
        assert len(notes_on(pool.usage.dialects)) == 7

        refused = len(server.refused)
        again = make_pool(**at(server))
        assert again.drive("other", many(40, schema=SCHEMA, max_tokens=10), total=40) == {}
        assert len(server.refused) == refused, "kept beside the answers"


def test_the_key_of_an_answer_hangs_on_no_dialect(make_pool: Make) -> None:
    with Strict(rules=(takes_no("seed"), no_system, only_streams)) as server:
        pool = make_pool(**at(server))
        assert pool.drive("generate", many(3), total=3) == {}
        told = {row: pool.replay(start) for row, start in many(3)}
        server.rules = ()
        other = make_pool(**at(server, seed=None, stream=True))
        sent = len(server.requests)
        assert other.drive("generate", many(3), total=3) == {}
        assert {row: other.replay(start) for row, start in many(3)} == told
        assert len(server.requests) == sent


@pytest.mark.parametrize(
    ("rule", "request_", "model", "loc"),
    [
        (takes_no("temperature"), {"chosen": frozenset()}, {}, ("judge", "temperature")),
        (takes_no("temperature"), {"temperature": None}, {"temperature": 0.5}, ("models", "m", "temperature")),
        (takes_no("top_p"), {"top_p": None}, {"top_p": 0.5}, ("models", "m", "top_p")),
        (takes_no("top_k"), {}, {"extra_body": {"top_k": 5}}, ("models", "m", "extra_body", "top_k")),
        (only_streams, {}, {"stream": False}, ("models", "m", "stream")),
        (takes_no("stream"), {}, {"stream": True}, ("models", "m", "stream")),
    ],
)
def test_what_the_author_wrote_stops_the_build(
    make_pool: Make, rule: Any, request_: dict[str, Any], model: dict[str, Any], loc: tuple[str, ...]
) -> None:
    with Strict(rules=(takes_no("seed"), rule)) as server:
        pool = make_pool(**at(server, **model))
        with pytest.raises(RefusedKeyError) as caught:
            pool.drive("judge[1]", many(40, **request_), total=40)
        assert caught.value.loc == loc
        assert str(caught.value).startswith(f"{'.'.join(loc)}: {server.url}: HTTP 400: ")
        assert len(server.refused) <= 8, "the first such answer"
        assert server.requests == []


@pytest.mark.parametrize(
    ("chosen", "left"),
    [({"temperature", "top_p"}, "temperature"), ({"temperature"}, "top_p"), ({"top_p"}, "temperature")],
)
def test_of_two_fields_that_do_not_go_together_only_one_that_nobody_wrote_is_left_out(
    make_pool: Make, chosen: set[str], left: str
) -> None:
    with Strict(rules=(not_both,)) as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("judge", many(2, chosen=frozenset(chosen)), total=2) == {}
        assert [{"temperature", "top_p"} & set(body) for body in server.requests] == [{left}] * 2
        assert len(server.refused) == 1
        # One alone is sent on.
        assert pool.drive("other", many(1, top_p=None), total=1) == {}
        assert server.requests[-1]["temperature"] == 0


def test_two_fields_that_do_not_go_together_and_were_both_written_stop_the_build(make_pool: Make) -> None:
    with Strict(rules=(not_both,)) as server:
        pool = make_pool(**at(server, top_p=0.5))
        with pytest.raises(RefusedKeyError, match="cannot both be specified") as caught:
            pool.drive("judge", many(9, top_p=None, chosen=frozenset()), total=9)
        assert caught.value.loc == ("judge", "temperature")
        assert server.requests == []


def test_a_schema_is_kept_where_only_a_word_of_it_is_refused(make_pool: Make) -> None:
    closed = {**SCHEMA, "additionalProperties": False}
    with Strict(rules=(open_schemas,), reply=lambda _: '{"score": 3}') as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("judge", many(2, schema=closed), total=2) == {}
        assert [body["response_format"]["json_schema"]["schema"] for body in server.requests] == [SCHEMA] * 2
        assert notes_on(pool.usage.dialects) == ["m takes no `additionalProperties` in a JSON Schema: it was left out"]


def test_a_seed_and_streams_are_as_the_model_says(llm: Any, make_pool: Make) -> None:
    with Strict() as server:
        pool = make_pool(**at(server, seed=None, stream=True))
        assert pool.drive("generate", many(1), total=1) == {}
        (body,) = server.requests
        assert "seed" not in body
        assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
        assert notes_on(pool.usage.dialects) == []
        assert pool.usage.total().output_tokens > 0
        assert pool.usage.total().unmetered == 0


def gateway(seconds: float, status: int = 504) -> Callable[[Any], web.Response]:
    def cut(_: Any) -> web.Response:
        time.sleep(seconds)
        return web.Response(status=status, text="<h1>Gateway Time-out</h1>", content_type="text/html")

    return cut


@pytest.mark.parametrize("status", [504, 524, 408, 502, 503])
def test_where_a_gateway_cuts_silence_the_answer_is_asked_for_in_pieces(
    make_pool: Make, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(piecewise, "SILENCE_SECONDS", 0.1)
    with Strict(cut=gateway(0.2, status)) as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("generate", rows(3), total=3) == {}
        assert pool.usage.total().calls == 4, "once in vain"
        assert all(body["stream"] for body in server.requests)


def test_a_gateway_that_cuts_at_once_is_only_busy(make_pool: Make) -> None:
    cuts = [gateway(0)] * 2
    with Strict(cut=lambda body: cuts.pop()(body) if cuts else None) as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("generate", rows(2), total=2) == {}
        assert not any("stream" in body for body in server.requests)


def test_a_gateway_whose_server_gives_no_pieces_is_asked_for_them_once(
    make_pool: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piecewise, "SILENCE_SECONDS", 0.05)
    cuts = [gateway(0.1)] * 3
    with Strict(rules=(takes_no("stream"),), cut=lambda body: cuts.pop()(body) if cuts else None) as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("generate", rows(2), total=2) == {}
        assert len(server.refused) == 1
        assert not any("stream" in body for body in server.requests)


def test_a_server_that_answers_nothing_is_asked_for_pieces(make_pool: Make) -> None:
    with Strict(cut=lambda _: web.Response(text="")) as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("generate", rows(3), total=3) == {}
        assert pool.usage.total().calls == 4


def test_one_empty_answer_of_a_server_that_gives_whole_ones_shows_nothing(make_pool: Make) -> None:
    answered: list[int] = []

    def cut(_: Any) -> web.Response | None:
        answered.append(1)
        return web.Response(text="") if len(answered) == 3 else None

    with Strict(cut=cut) as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("generate", rows(4), total=4) == {}
        assert not any("stream" in body for body in server.requests)


def test_a_schema_that_is_heard_and_not_heeded_is_told_in_words(make_pool: Make) -> None:
    def reply(body: Any) -> str:
        return '{"score": 3}' if "JSON Schema" in body["messages"][-1]["content"] else "I would say three."

    with Strict(reply=reply) as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("judge", many(6, schema=SCHEMA), total=6) == {}
        said = [pool.replay(start) for _, start in many(6, schema=SCHEMA)]
        assert said == ["I would say three."] * 3 + ['{"score": 3}'] * 3
        assert server.requests[-1]["response_format"]["type"] == "json_schema"
        assert notes_on(pool.usage.dialects) == [
            "m takes a JSON Schema and does not heed it: the schema was told in the prompt too"
        ]


def test_a_second_answer_to_a_complaint_shows_no_heed_of_the_schema(make_pool: Make) -> None:
    def reply(body: Any) -> str:
        said = body["messages"][-1]["content"]
        return '{"score": 3}' if "JSON Schema" in said or "as JSON only" in said else "I would say three."

    def row(number: int) -> Any:
        return ask(user(f"Judge {number}."), SCHEMA, lambda value: value["score"])

    with Strict(reply=reply) as server:
        pool = make_pool(**at(server, concurrency=1))
        tasks = [(str(number), partial(row, number)) for number in range(6)]
        assert pool.drive("judge", tasks, total=6) == {}
        assert len(server.requests) == 6 + 3, "three were asked for once more"
        assert "unheeded" in pool.usage.dialects["m"]


def test_one_that_heeds_a_schema_may_fail_now_and_then(make_pool: Make) -> None:
    with Strict(reply=lambda body: '{"score": 3}' if "question 0" in json.dumps(body) else "three") as server:
        pool = make_pool(**at(server, concurrency=1))
        assert pool.drive("judge", many(6, schema=SCHEMA), total=6) == {}
        assert "JSON Schema" not in json.dumps(server.requests)


@pytest.mark.parametrize(
    ("wants", "rule", "cause", "said"),
    [
        (
            {"tools": ({"type": "function", "function": {"name": "greet"}},)},
            lambda body: "small:latest does not support tools" if "tools" in body else "",
            "no_tools",
            "small:latest does not support tools: the server takes no tools",
        ),
        (
            {"logprobs": 5},
            lambda body: "`logprobs` is not supported with this model" if "logprobs" in body else "",
            "no_logprobs",
            "`logprobs` is not supported with this model: the server gives no probabilities of tokens",
        ),
    ],
)
def test_what_a_request_cannot_do_without_fails_the_row(
    make_pool: Make, store: Any, wants: dict[str, Any], rule: Any, cause: str, said: str
) -> None:
    with Strict(rules=(rule,)) as server:
        pool = make_pool(**at(server, concurrency=1))
        failures = pool.drive("label", many(3, **wants), total=3, max_failed_share=1.0)
        assert {error.cause for error in failures.values()} == {cause}
        assert said in str(failures["row-0"])
        assert len(server.refused) == 1, "it is found out once"
        assert pool.drive("generate", many(1), total=1) == {}
        assert spoken_by(store, f"{server.url} m-1") == set(), "a server may be started anew with it"


def test_what_does_not_help_is_not_learned(make_pool: Make, store: Any) -> None:
    def rule(body: Any) -> str:
        return "temperature is not supported here" if "question 0" in body["messages"][-1]["content"] else ""

    with Strict(rules=(rule,)) as server:
        pool = make_pool(**at(server, concurrency=1))
        failures = pool.drive("generate", many(3), total=3, max_failed_share=1.0)
        assert list(failures) == ["row-0"]
        assert failures["row-0"].cause == "bad_request"
        assert all("temperature" in body for body in server.requests)
        assert notes_on(pool.usage.dialects) == []
        assert spoken_by(store, f"{server.url} m-1") == set()


def test_a_dialect_that_a_server_speaks_no_longer_is_forgotten(make_pool: Make, store: Any) -> None:
    with Strict(rules=(newer,)) as server:
        assert make_pool(**at(server)).drive("generate", rows(2, max_tokens=9), total=2) == {}
        assert spoken_by(store, f"{server.url} m-1") == {"max_tokens"}
        server.rules = (takes_no("max_completion_tokens"),)
        assert make_pool(**at(server)).drive("generate", rows(2, max_tokens=8), total=2) == {}
        assert server.requests[-1]["max_tokens"] == 8
        assert spoken_by(store, f"{server.url} m-1") == set()


def test_servers_that_want_both_names_or_none_end(make_pool: Make) -> None:
    with Strict(rules=(newer, takes_no("max_completion_tokens"))) as server:
        pool = make_pool(**at(server, concurrency=1))
        failures = pool.drive("generate", rows(2, max_tokens=9), total=2, max_failed_share=1.0)
        assert len(failures) == 2
        assert len(server.refused) <= 8


def test_two_servers_of_one_model_have_each_their_own(make_pool: Make) -> None:
    with Strict(rules=(takes_no("seed"),)) as one_, Strict() as other:
        both = Model(model="m", base_url=[one_.url, other.url], concurrency=4)
        assert make_pool({"m": both}).drive("generate", many(20), total=20) == {}
        assert all("seed" not in body for body in one_.requests)
        assert all("seed" in body for body in other.requests)


def test_a_refused_prompt_is_no_dialect(make_pool: Make) -> None:
    with Strict(rules=(lambda _: "this request makes no sense",)) as server:
        pool = make_pool(**at(server, concurrency=1))
        failures = pool.drive("generate", [("row", one("Hi"))], total=1, max_failed_share=1.0)
        assert failures["row"].cause == "bad_request"
        assert len(server.refused) == 1


def test_json_that_broke_says_nothing_of_the_schema(make_pool: Make, store: Any) -> None:
    garbled = ["Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details."]

    def rule(body: Any) -> str:
        return garbled.pop() if garbled and "response_format" in body else ""

    with Strict(rules=(rule,), reply=lambda _: '{"score": 3}') as server:
        pool = make_pool(**at(server))
        assert pool.drive("judge", many(8, schema=SCHEMA), total=8) == {}
        assert len(server.refused) == 1
        assert ["response_format" in body for body in server.requests].count(False) == 1, "that request alone"
        assert notes_on(pool.usage.dialects) == []
        assert spoken_by(store, f"{server.url} m-1") == set()
