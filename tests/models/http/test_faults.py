"""Every fault in its place: what heals is asked again, what cannot is not, and no row is lost or wrong."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from hfsft.models.http.faults import message_in, of_response
from hfsft.models.model import Answer
from hfsft.models.store.store import Store
from tests.models.fixture import rows, user
from tests.models.server import HEALING, LASTING, echo

CAUSE = {"no_text": "empty"}


def test_a_thousand_rows_at_ten_percent_faults_lose_none_and_spoil_none(llm, make_pool, store: Store) -> None:
    llm.faults, llm.share, llm.drip_seconds = (*HEALING, *LASTING), 0.1, 600.0
    pool = make_pool(model={"timeout": 4, "concurrency": 32})
    tasks = rows(1000)
    failures = pool.drive("generate", iter(tasks), total=1000, max_failed_share=1)

    bodies = {f"row-{index}": {"messages": [{"role": "user", "content": f"question {index}"}]} for index in range(1000)}
    planned = {row_id: llm.planned({"model": "m-1", **body}) for row_id, body in bodies.items()}
    assert {fault for fault in planned.values() if fault} == {*HEALING, *LASTING}
    assert {row_id: error.cause for row_id, error in failures.items()} == {
        row_id: CAUSE.get(fault, fault) for row_id, fault in planned.items() if fault in LASTING
    }
    for row_id, start in tasks:
        if row_id not in failures:
            assert pool.replay(start) == echo(bodies[row_id])
    # Each healing fault was met once and cost one more call, each lasting one none; what may come whole at a next try
    # was asked three times.
    random = [fault for fault in planned.values() if fault in ("no_text", "content_filter")]
    assert len(llm.requests) == 1000 + sum(fault in HEALING for fault in planned.values()) + 2 * len(random)
    assert pool.usage.calls == len(llm.requests)
    # Nothing that is not an answer is among the answers.
    kept = store.read("SELECT count(*), sum(text LIKE '%wrong%' OR text LIKE '%<html%') FROM answers")[0]
    refused = sum(fault in ("bad_request", "context_length") for fault in planned.values())
    assert kept == (1000 - refused - len(random), 0)


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
        ("<html><head><title>x</title></head><body><h1>Bad\n Gateway</h1></body></html>", "Bad Gateway"),
        ("[1]", "[1]"),
        ("", ""),
    ],
)
def test_the_sentence_in_an_error_body(body: str, said: str) -> None:
    assert message_in(body) == said
