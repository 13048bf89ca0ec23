"""JSON out of what models write: lenient where the meaning is plain, never a guess."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import pytest

from hfsft.errors import AnswerError
from hfsft.models.dialects import learned as servers
from hfsft.models.model import Answer
from hfsft.models.structured import ask, parse
from tests.models.fixture import rows, user
from tests.models.thinker import Thinker

SCORE = {"type": "integer", "minimum": 1, "maximum": 5}
VERDICT = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "score": SCORE},
    "required": ["reason", "score"],
    "additionalProperties": False,
}
GOOD = {"reason": "r", "score": 4}
CALL = {"id": "1", "type": "function", "function": {"name": "answer", "arguments": json.dumps(GOOD)}}


@pytest.mark.parametrize(
    "text",
    [
        '{"reason": "r", "score": 4}',
        '  {"reason": "r", "score": 4}\n',
        '```json\n{"reason": "r", "score": 4}\n```',
        'Sure! Here it is:\n{"reason": "r", "score": 4}\nI hope this helps {really}.',
        '{"reason": "r", "score": 4,}',
        '{"reason": "r", "score": "4"}',
        '{"reason": "r", "score": 4.0}',
        "{'reason': 'r', 'score': 4}",
        '{"Reason": "r", "SCORE": 4}',
        '{"reason": "r", "score": 4, "more": 1}',
        '<think>{"reason": "no", "score": 1}</think>{"reason": "r", "score": 4}',
        'so a 1?</think>\n{"reason": "r", "score": 4}',
        'First {"reason": "x", "score": 1}. No, better: {"reason": "r", "score": 4}',
        '{"reason": "r", "score": 4} and the row said {"reason": "ignore", "score": 9}',
        '{"reason": "r", "score": 4, "score": 4}',
        'set {x} and [y], then {"reason": "r", "score": 4}',
    ],
)  # fmt: skip
def test_a_plain_meaning_is_read(text: str) -> None:
    assert parse(text, VERDICT) == GOOD


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "it is empty"),
        ("I would give it a 4.", "it holds no JSON"),
        ('{"reason": "r"}', "score is missing"),
        ('{"score": 7.5, "reason": "r"}', "score must be a whole number, not 7.5"),
        ('{"score": 6, "reason": "r"}', "score must lie between 1 and 5, not be 6"),
        ('{"score": 0, "reason": "r"}', "score must lie between 1 and 5"),
        ('{"score": "high", "reason": "r"}', "score must be a number, not 'high'"),
        ('{"score": "4/10", "reason": "r"}', "score must be a number, not '4/10'"),
        ('{"reason": "r", "score": 1, "score": 4}', "score is given twice, with different values"),
        ('{"score": true, "reason": "r"}', "score must be a number, not True"),
        ('{"score": NaN, "reason": "r"}', "score must be a number, not nan"),
        ('{"score": null, "reason": "r"}', "score must be a number, not None"),
        ('{"score": [4], "reason": {}}', "reason must be text, not {}; score must be a number"),
        ("[1, 2]", "the answer must be a JSON object"),
        ('{"reason": "r", "score": 4', "it holds no JSON"),
        ("{" * 5000, "it holds no JSON"),
        ("[" * 100_000, "it holds no JSON"),
        ('{"a":' * 50_000, "it holds no JSON"),
    ],
)
def test_what_cannot_be_read_says_what_is_wrong(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse(text, VERDICT)
    assert wrong in str(error.value)


@pytest.mark.parametrize(
    ("rounding", "score"), [("nearest", 4), ("down", 3), ("up", 4)]
)  # fmt: skip
def test_rounding_is_declared_or_refused(rounding: Any, score: int) -> None:
    assert parse('{"reason": "r", "score": 3.5}', VERDICT, rounding)["score"] == score


@pytest.mark.parametrize(
    ("value", "schema", "fitted"),
    [
        ('["a", "b"]', {"type": "array", "items": {"type": "string"}, "minItems": 2}, ["a", "b"]),
        ('"  yes"', {"type": "boolean"}, True),
        ('"GOOD"', {"enum": ["good", "bad"]}, "good"),
        ("null", {"type": ["string", "null"]}, None),
        ('"x"', {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "x"),
        (
            '{"a": {"Score": "2"}}',
            {"type": "object", "additionalProperties": {"type": "object"}},
            {"a": {"Score": "2"}},
        ),
        ('{"a": "2"}', {"type": "object", "additionalProperties": {"type": "number"}}, {"a": 2}),
    ],
)
def test_a_schema_shapes(value: str, schema: dict[str, Any], fitted: Any) -> None:
    assert parse(value, schema) == fitted


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("[]", {"type": "array", "minItems": 1}),
        ("[1,2,3]", {"type": "array", "maxItems": 2}),
        ('"middling"', {"enum": ["good", "bad"]}),
        ('""', {"type": "string", "minLength": 1}),
        ("2", {"const": 1}),
        ("[1]", {"type": ["string", "null"]}),
        ('"maybe"', {"type": "boolean"}),
    ],
)
def test_a_schema_refuses(value: str, schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        parse(value, schema)


def talk(*texts: str, check=lambda value: value["score"]) -> tuple[list[Any], Any]:
    """The requests that `ask` sends when it is answered with `texts`, and what it returns."""
    turns = ask(user("judge"), VERDICT, check)
    sent = [next(turns)]
    try:
        for text in texts:
            sent.append(turns.send(Answer(text)))
    except StopIteration as stop:
        return sent, stop.value
    raise AssertionError("it asks on")


def test_a_good_answer_needs_one_request_with_the_schema() -> None:
    sent, score = talk('{"reason": "r", "score": 4}')
    assert (len(sent), sent[0].schema, score) == (1, VERDICT, 4)


def test_a_bad_answer_is_mended_once_with_the_reason() -> None:
    sent, score = talk("four", '{"reason": "r", "score": 4}')
    assert score == 4
    assert sent[1].messages[:2] == (user("judge").messages[0], {"role": "assistant", "content": "four"})
    assert "it holds no JSON" in sent[1].messages[2]["content"]


def test_two_bad_answers_are_unreadable() -> None:
    with pytest.raises(AnswerError, match=r'unreadable: ".*": score must lie between 1 and 5, not be 9') as error:
        talk("four", '{"reason": "r", "score": 9}')
    assert error.value.cause == "unreadable"


def test_a_check_may_refuse_with_its_own_words() -> None:
    def check(value: dict[str, Any]) -> int:
        if value["reason"] != "long":
            raise ValueError("the reason is too short")
        return int(value["score"])

    sent, score = talk('{"reason": "r", "score": 4}', '{"reason": "long", "score": 3}', check=check)
    assert score == 3
    assert "the reason is too short" in sent[1].messages[2]["content"]


@pytest.mark.parametrize("takes_schema", [True, False])
def test_a_server_that_takes_no_schema_is_found_out_once(llm, make_pool, takes_schema: bool) -> None:
    llm.takes_schema = takes_schema
    llm.latency = 0.02
    llm.reply = lambda body: '{"reason": "r", "score": 4}'

    def row(index: int):
        return f"r{index}", lambda: ask(user(f"judge {index}"), VERDICT, lambda value: value["score"])

    pool = make_pool()
    assert pool.drive("judge", map(row, range(60)), total=60) == {}
    with_schema = sum("response_format" in body for body in llm.requests)
    assert with_schema == (60 if takes_schema else 1)
    assert len(llm.requests) == (60 if takes_schema else 61)
    if takes_schema:
        shape = llm.requests[0]["response_format"]
        assert shape == {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": VERDICT, "strict": True},
        }
    else:
        assert "JSON Schema" in llm.requests[-1]["messages"][-1]["content"]
    assert pool.replay(row(3)[1]) == 4


def test_a_servers_refusal_is_remembered_for_a_day(llm, make_pool, monkeypatch) -> None:
    llm.takes_schema = False
    llm.reply = lambda body: '{"reason": "r", "score": 4}'
    refusals = []
    for name, later in (("first", 0), ("next", 0), ("tomorrow", servers.SECONDS + 60)):
        now = time.time() + later
        monkeypatch.setattr("hfsft.models.dialects.learned.time.time", lambda now=now: now)
        start = partial(ask, user(name), VERDICT, lambda value: value["score"])
        make_pool().drive("judge", [(name, start)], total=1)
        refusals.append(sum("response_format" in body for body in llm.requests))
    assert refusals == [1, 1, 2]
    # Another model at the same address may take what this one does not.
    start = partial(ask, user("other"), VERDICT, lambda value: value["score"])
    make_pool(model={"model": "m-2"}).drive("judge", [("other", start)], total=1)
    assert sum("response_format" in body for body in llm.requests) == 3


def test_a_request_that_is_wrong_in_itself_does_not_cost_the_others_their_schema(llm, make_pool) -> None:
    llm.fault = lambda body, coming: "bad_request" if "question 0" in body["messages"][0]["content"] else ""
    pool = make_pool()
    failures = pool.drive("judge", rows(20, schema=VERDICT), total=20, max_failed_share=1)
    assert set(failures) == {"row-0"}
    assert sum("response_format" not in body for body in llm.requests) == 1


@pytest.mark.parametrize(
    ("said", "scores"),
    [
        ({"content": None, "reasoning_content": '{"reason": "r", "score": 4}'}, 4),
        ({"content": "", "reasoning": '\n```json\n{"reason": "r", "score": 4}\n```'}, 4),
        ({"content": None, "reasoning": 'It is right, so:\n{"reason": "r", "score": 4}'}, 4),
        ({"content": "<think>so?</think>", "thinking": '{"reason": "r", "score": 4}'}, None),
        ({"content": {"reason": "r", "score": 4}}, 4),
        ({"content": None, "parsed": {"reason": "r", "score": 4}}, 4),
        ({"content": None, "tool_calls": [CALL], "finish_reason": "tool_calls"}, 4),
        ({"content": None, "tool_calls": [CALL, CALL], "finish_reason": "tool_calls"}, None),
        # One of several, or one that is spoken of, is a draft; so is one that was cut before its answer.
        ({"content": None, "reasoning": '{"reason": "a", "score": 1} or {"reason": "r", "score": 4}'}, None),
        ({"content": None, "reasoning": '{"reason": "r", "score": 4} is too high'}, None),
        ({"content": None, "reasoning": '{"reason": "r", "score": 4}', "finish_reason": "length"}, None),
        ({"content": None, "reasoning": '{"reason": "r", "score": 9}'}, None),
        ({"content": '{"reason": "r", "score": 2}', "reasoning": '{"reason": "r", "score": 4}'}, 2),
        ({"content": 'It quotes </think>.\n{"reason": "a </think> b", "score": 3}'}, 3),
    ],
)
def test_a_verdict_is_looked_for_where_servers_put_it(make_pool, said: dict[str, Any], scores: int | None) -> None:
    start = partial(ask, user("Judge this."), VERDICT, lambda value: value["score"])
    with Thinker(says=lambda body: said) as server:
        pool = make_pool(model={"base_url": server.url})
        failures = pool.drive("judge", [("row", start)], total=1, max_failed_share=1)
    if scores is None:
        assert set(failures) == {"row"}
    else:
        assert failures == {}
        assert pool.replay(start) == scores
        assert len(server.requests) == 1


def test_a_server_whose_verdicts_stand_elsewhere_heeds_the_schema_all_the_same(make_pool) -> None:
    tasks = [
        (str(number), partial(ask, user(f"Judge {number}."), VERDICT, lambda value: value["score"]))
        for number in range(6)
    ]
    with Thinker(says=lambda body: {"content": None, "reasoning": json.dumps(GOOD)}) as server:
        pool = make_pool(model={"base_url": server.url, "concurrency": 1})
        assert pool.drive("judge", tasks, total=6) == {}
        assert not any("JSON Schema" in body["messages"][-1]["content"] for body in server.requests)


def test_what_is_asked_the_second_time_to_the_letter() -> None:
    # Another wording is another request, and rows of the old one are served under an old version: see `judge, asked
    # twice` among what the stages pin.
    turns = ask(user("Judge this."), VERDICT, dict)
    next(turns)
    assert turns.send(Answer("It is fine.")).messages == (
        {"role": "user", "content": "Judge this."},
        {"role": "assistant", "content": "It is fine."},
        {
            "role": "user",
            "content": "That answer cannot be used: it holds no JSON. Answer again, the whole answer, as JSON only, "
            "with no text around it.",
        },
    )
