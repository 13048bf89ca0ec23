"""Every fault in its place: what heals is asked again, what cannot is not, and no row is lost or wrong."""

from __future__ import annotations

import json

import pytest
from multidict import CIMultiDict

from hfsft.models.http.faults import message_in, of_response
from hfsft.models.model import Answer
from hfsft.models.store.store import Store
from tests.models.fixture import rows, user
from tests.models.server import HEALING, echo


@pytest.mark.parametrize("fault", HEALING)
def test_what_never_heals_ends_after_a_bounded_number_of_tries(llm, make_pool, fault: str) -> None:
    from hfsft.models.requester import Patience

    llm.fault, llm.drip_seconds = (lambda body, coming: fault), 600.0
    full = fault in ("429", "429_after", "429_date", "503")
    patience = Patience(tries=3, seconds=0.3 if full else 30, first_pause=0.01, longest_pause=0.02)
    pool = make_pool(model={"timeout": 0.3 if fault == "slow" else 10}, patience=patience)
    failures = pool.drive("generate", rows(2), total=2)
    assert set(failures) == {"row-0", "row-1"}
    if not full:
        assert len(llm.requests) == 6


@pytest.mark.parametrize(
    ("status", "error", "found"),
    [
        # What a server says that comes back.
        (400, "The model has crashed without additional information. (Exit code: 6)", ("heal", "server")),
        (400, "Model was unloaded while the request was still in queue..", ("heal", "server")),
        (400, "llama runner process has terminated: signal: killed", ("heal", "server")),
        (400, "The engine is temporarily unavailable", ("heal", "server")),
        (498, "Flex tier capacity exceeded, try again later", ("slow", "overloaded")),
        # What was asked is blocked, in words or in a code beside them.
        (400, "Input data may contain inappropriate content.", ("row", "content_filter")),
        (400, "Output blocked by our usage rules", ("row", "bad_request")),
        (400, {"message": "Not possible.", "code": "data_inspection_failed"}, ("row", "content_filter")),
        (400, {"message": "Not possible.", "type": "content_policy_violation"}, ("row", "content_filter")),
        (
            400,
            {"message": "\u7cfb\u7edf\u68c0\u6d4b\u5230\u654f\u611f\u5185\u5bb9", "code": "1301"},
            ("row", "content_filter"),
        ),
        (451, {"message": "Blocked.", "code": "moderation_blocked"}, ("row", "content_filter")),
        # A prompt that a server repeats is no word of the server's.
        (400, {"message": "no", "input": '{"code": "content_filter"}'}, ("row", "bad_request")),
        (410, "This model was retired.", ("down", "refused")),
        # The account, with the status of a request.
        (400, {"message": "Access denied.", "code": "Arrearage"}, ("down", "quota")),
        (400, "Access denied, please make sure your account is in good standing.", ("down", "quota")),
    ],
)
def test_a_refusal_is_told_by_its_words_and_its_code(status: int, error: object, found: tuple[str, str]) -> None:
    fault = of_response(status, CIMultiDict(), json.dumps({"error": error}))
    assert (fault.kind, fault.cause) == found


def test_reasoning_never_leaks_into_the_answer(llm, make_pool, store: Store) -> None:
    for fault in ("reasoning", "think"):
        llm.fault = lambda body, coming, fault=fault: fault
        pool = make_pool(model={"model": fault})
        pool.drive("generate", rows(1), total=1)
        assert pool.replay(rows(1)[0][1]) == echo({"messages": [{"role": "user", "content": "question 0"}]})
        answer = store.get(pool.key(user("question 0")))
        assert isinstance(answer, Answer)
        assert answer.reasoning == "SECRET THOUGHT"


@pytest.mark.parametrize(
    ("status", "body", "kind", "cause"),
    [
        (400, '{"error": {"message": "bad"}}', "row", "bad_request"),
        (400, '{"error": {"code": "context_length_exceeded"}}', "row", "context_length"),
        (400, '{"error": {"type": "exceed_context_size_error"}}', "row", "context_length"),
        (413, "", "row", "context_length"),
        (400, '{"error": {"code": "content_filter", "message": "content_filter"}}', "row", "content_filter"),
        (403, '{"error": "your input was flagged by moderation"}', "row", "content_filter"),
        (401, "", "down", "refused"),
        (402, "", "down", "refused"),
        (403, '{"error": "no"}', "down", "refused"),
        (404, "", "down", "refused"),
        (308, "", "down", "redirect"),
        (408, "", "slow", "timeout"),
        (429, "", "slow", "rate_limit"),
        (429, '{"error": {"code": "insufficient_quota"}}', "down", "quota"),
        (429, "Rate limit reached for requests per day", "down", "quota"),
        (500, "", "heal", "server"),
        (502, "<html>Bad Gateway</html>", "heal", "server"),
        (503, "", "slow", "overloaded"),
        (529, "", "slow", "overloaded"),
        (504, "", "slow", "timeout"),
    ],
)
def test_a_status_means(status: int, body: str, kind: str, cause: str) -> None:
    fault = of_response(status, {}, body)
    assert (fault.kind, fault.cause) == (kind, cause)


def test_a_quota_of_the_day_that_rolls_on_is_waited_for() -> None:
    fault = of_response(429, CIMultiDict({"Retry-After": "86"}), "Limit on requests per day (RPD): try again in 1m26s")
    assert (fault.kind, fault.cause, fault.after) == ("slow", "rate_limit", 86)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"message": "no such model"}}', "no such model"),
        ('{"error": "no such model"}', "no such model"),
        ('{"detail": "Not Found"}', "Not Found"),
        (
            '{"title": "Unprocessable", "invalid-params": [{"name": "seed"}]}',
            'Unprocessable: {"invalid-params": [{"name": "seed"}]}',
        ),
        ("<html><head><title>x</title></head><body><h1>Bad\n Gateway</h1></body></html>", "Bad Gateway"),
        ("[1]", "[1]"),
        ("", ""),
    ],
)
def test_the_sentence_in_an_error_body(body: str, said: str) -> None:
    assert message_in(body) == said
