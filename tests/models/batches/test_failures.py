"""What comes back of a batch that did not go well: each row has its cause, the rest comes again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from hfsft.errors import ModelError, RefusedKeyError
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.models.structured import ask
from tests.models.batches.driving import drive, nothing_open
from tests.models.batches.server import Provider, failed, unfinished
from tests.models.fixture import one, rows, user
from tests.models.server import Body, said_to


def test_failed_lines_fail_their_rows_with_the_cause(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    faults = {
        "question 1": failed(400, "this request makes no sense"),
        "question 2": failed(400, "maximum context length is 2048 tokens"),
        "question 3": failed(400, "flagged by the content policy"),
    }
    heals = {"question 4": failed(500, "upstream broke"), "question 5": failed(429, "slow down")}

    def fault(line: Any, number: int) -> Any:
        return faults.get(said_to(line["body"])) or (heals.get(said_to(line["body"])) if number == 1 else None)

    provider.fault = fault
    pool = pool_of()
    failures = drive(pool, rows(10))
    assert {row: error.cause for row, error in failures.items()} == {
        "row-1": "bad_request", "row-2": "context_length", "row-3": "content_filter",
    }  # fmt: skip
    assert "makes no sense" in str(failures["row-1"])
    assert sorted(provider.asked.values()) == [1] * 8 + [2] * 2
    assert pool.usage.total().answers == 7
    assert pool.usage.total().failures == {
        "bad_request": 1, "context_length": 1, "content_filter": 1, "server": 1, "rate_limit": 1,
    }  # fmt: skip
    assert nothing_open(store)


def test_a_line_that_never_heals_is_submitted_three_times(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    provider.fault = lambda line, number: failed(500, "broke") if said_to(line["body"]) == "question 1" else None
    failures = drive(pool_of(), rows(5))
    assert "submitted 3 times" in str(failures["row-1"])
    assert max(provider.asked.values()) == 3
    assert len(provider.batches) == 3


def test_an_expired_batch_keeps_what_is_done_and_the_rest_comes_again(
    provider: Provider, pool_of: Callable[..., Pool]
) -> None:
    provider.end = lambda number: "expired" if number == 1 else "completed"

    def fault(line: Any, number: int) -> Any:
        late = number == 1 and int(said_to(line["body"]).split()[-1]) >= 6
        return unfinished("batch_expired") if late else None

    provider.fault = fault
    pool = pool_of()
    assert drive(pool, rows(10)) == {}
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [10, 4]
    assert pool.usage.total().answers == 10
    provider.end = lambda number: "expired"
    provider.fault = lambda line, number: unfinished("batch_expired")
    failures = drive(pool_of(max_tokens=7), rows(2))
    assert {error.cause for error in failures.values()} == {"expired"}


@pytest.mark.parametrize("status", ["completed", "expired"])
def test_requests_of_which_a_batch_says_nothing_come_again(
    provider: Provider, pool_of: Callable[..., Pool], status: str
) -> None:
    provider.end = lambda number: status if number == 1 else "completed"
    provider.undone = lambda line, number: number == 1 and "question 1" in said_to(line["body"])
    provider.more = [b"{not json", b'{"custom_id": "' + b"0" * 64 + b'", "response": {}}', b"[]", b""]
    assert drive(pool_of(), rows(15)) == {}
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [15, 6]


def test_a_cancelled_batch_keeps_its_answers_and_stops_the_build(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    provider.end = lambda number: "cancelled" if number == 1 else "completed"
    provider.undone = lambda line, number: number == 1 and "question 1" in said_to(line["body"])
    with pytest.raises(ModelError, match=r"batch batch_1 was cancelled at its server; 9 of its answers are kept"):
        drive(pool_of(), rows(15))
    assert nothing_open(store)
    again = pool_of()
    assert drive(again, rows(15)) == {}
    assert (again.usage.stored, again.usage.calls) == (9, 6)


def test_a_refused_file_fails_the_rows_of_its_lines(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    provider.end = lambda number: "failed" if number == 1 else "completed"
    provider.refusals = lambda number: [{"code": "invalid", "line": 3, "message": "messages is too short"}]
    failures = drive(pool_of(), rows(10))
    assert [error.cause for error in failures.values()] == ["bad_request"]
    assert "messages is too short" in str(next(iter(failures.values())))
    third = json.loads(next(iter(provider.files.values()))[1].splitlines()[2])
    assert failures.keys() == {f"row-{said_to(third['body']).split()[-1]}"}
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [10, 9]


def test_a_refused_batch_stops_the_build_with_the_servers_words(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    provider.end = lambda number: "failed"
    provider.refusals = lambda number: [{"code": "model_not_found", "message": "m-1 has no batches", "line": None}]
    with pytest.raises(ModelError, match=r"models\.m: batch batch_1 was refused: m-1 has no batches"):
        drive(pool_of(), rows(10))
    assert nothing_open(store)


def test_a_full_queue_makes_smaller_batches(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    provider.most_queued = 30
    assert drive(pool_of(), rows(100)) == {}
    assert max(provider.asked.values()) <= 3


def test_refused_words_are_left_out_of_the_next_batch(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    def fault(line: Any, number: int) -> Any:
        return failed(400, "response_format is not supported") if "response_format" in line["body"] else None

    provider.fault = fault
    provider.reply = lambda body: '{"score": 3}'
    schema = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}
    pool = pool_of()
    tasks = [
        (f"row-{n}", lambda n=n: ask(user(f"question {n}"), schema, lambda value: value["score"])) for n in range(5)
    ]
    assert drive(pool, tasks) == {}
    assert len(provider.batches) == 2
    drive(pool_of(max_tokens=5), tasks)
    assert len(provider.batches) == 3


@pytest.mark.parametrize("lacks", ["upload", "create"])
def test_a_server_without_batches_is_told_by_the_key(
    provider: Provider, pool_of: Callable[..., Pool], store: Store, lacks: str
) -> None:
    provider.lacks = (lacks,)
    with pytest.raises(ModelError, match=r"models\.m: http://.*/v1 has no batches \(HTTP 404 .*take `batch` out"):
        drive(pool_of(), rows(3))
    assert nothing_open(store)


def test_another_dialect(provider: Provider, pool_of: Callable[..., Pool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.models.batches.api._TOGETHER", ("127.0.0.1",))
    monkeypatch.setenv("KEY", "k" * 20)
    provider.together = True
    provider.fault = lambda line, number: (
        {"error": {"message": "no", "type": "invalid_request_error"}} if "1" in said_to(line["body"]) else None
    )
    failures = drive(pool_of(api_key_env="KEY"), rows(4))
    assert {row: error.cause for row, error in failures.items()} == {"row-1": "bad_request"}


def test_no_key_is_written_or_told(
    provider: Provider,
    pool_of: Callable[..., Pool],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = "5ecret-5ecret-5ecret-5ecret"
    monkeypatch.setenv("KEY", key)
    provider.key = key
    provider.fault = lambda line, number: failed(400, f"not with {key}") if "1" in said_to(line["body"]) else None
    provider.reply = lambda body: f"your key is {key}" if "2" in said_to(body) else "fine"
    failures = drive(pool_of(api_key_env="KEY"), rows(4))
    assert {row: error.cause for row, error in failures.items()} == {"row-1": "bad_request", "row-2": "secret"}
    assert key not in str(failures)
    assert key not in caplog.text
    assert all(key.encode() not in content for name, content in provider.files.values() if name.startswith("hfsft"))
    provider.key = "another"
    with pytest.raises(ModelError) as refused:
        drive(pool_of(api_key_env="KEY", max_tokens=3), rows(4))
    assert key not in str(refused.value)
    store.close()
    for file in store.path.parent.rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes()


def test_a_dialect_is_learned_from_the_lines_that_were_refused(
    provider: Provider, pool_of: Callable[..., Pool]
) -> None:
    refuses = {
        "max_tokens": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead",
        "temperature": "Unsupported value: 'temperature' does not support 0.5 with this model",
    }

    def fault(line: Any, number: int) -> Any:
        return next((failed(400, said) for name, said in refuses.items() if name in line["body"]), None)

    def start(number: int) -> Callable[[], Any]:
        return one(f"question {number}", temperature=0.5, max_tokens=20, chosen=frozenset({"temperature"}))

    provider.fault = fault
    pool = pool_of()
    assert drive(pool, [(f"row-{number}", start(number)) for number in range(5)]) == {}
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [5, 5, 5]
    assert pool.usage.dialects == {"m": {"max_tokens", "temperature"}}
    assert drive(pool_of(), [(f"row-{number}", start(number)) for number in range(9)]) == {}
    assert len(provider.batches) == 4, "what answers came in is remembered"


def test_what_an_author_wrote_is_not_left_out(provider: Provider, pool_of: Callable[..., Pool], store: Store) -> None:
    provider.fault = lambda line, number: (
        failed(400, "Unsupported value: 'temperature' does not support 0.7") if "temperature" in line["body"] else None
    )
    with pytest.raises(RefusedKeyError, match=r"models\.m\.temperature: .*does not support 0\.7"):
        drive(pool_of(temperature=0.7), rows(5))
    assert nothing_open(store)


def test_an_answer_that_may_not_be_kept_comes_again(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    empty = {"question 1": 1, "question 2": 99}  # so many times
    came: Counter[str] = Counter()

    def reply(body: Body) -> str:
        came[said_to(body)] += 1
        return "" if came[said_to(body)] <= empty.get(said_to(body), 0) else "fine"

    provider.reply = reply
    pool = pool_of(price={"input": 1, "output": 1})
    failures = drive(pool, rows(4))
    assert {row: error.cause for row, error in failures.items()} == {"row-2": "empty"}
    assert came == {"question 0": 1, "question 1": 2, "question 2": 3, "question 3": 1}
    assert store.read("SELECT count(*) FROM answers") == [(3,)]
    assert store.read("SELECT calls, usd FROM spending") == [(7, pytest.approx(pool.usage.usd))]
    assert pool.usage.calls == 7
