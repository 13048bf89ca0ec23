"""Batches end to end on a loopback provider: what comes back is kept, failures have causes, the rest comes again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from hfsft.errors import AnswerError, BudgetError, ModelError
from hfsft.models.batches import state
from hfsft.models.limits.budget import Budget
from hfsft.models.model import Answer, Model, Price
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.models.structured import ask
from tests.models.batches.server import Provider, failed, said, unfinished
from tests.models.fixture import QUICK, rows, user
from tests.models.server import Body, said_to

QUICKLY = {"poll_seconds": 0.02}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as serving:
        yield serving


@pytest.fixture
def pool_of(provider: Provider, store: Store) -> Iterator[Callable[..., Pool]]:
    pools: list[Pool] = []

    def make(batch: Any = None, budget: Budget | None = None, **more: Any) -> Pool:
        fields = {"model": "m-1", "base_url": provider.url, "timeout": 10, "batch": {**QUICKLY, **(batch or {})}}
        model = Model.model_validate(fields | more)
        pools.append(Pool({"m": model}, store, patience=QUICK, budget=budget, recipe="toy"))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def drive(pool: Pool, tasks: Any, share: float = 1) -> dict[str, AnswerError]:
    tasks = list(tasks)
    return pool.drive("judge", tasks, total=len(tasks), max_failed_share=share)


def texts(pool: Pool, tasks: Any) -> list[Any]:
    return [pool.replay(start) for _, start in tasks]


def nothing_open(store: Store) -> bool:
    folder = store.path.with_name(f".{store.path.name}.batches")
    return not state.open_batches(store) and not store.read("SELECT * FROM batched") and not folder.exists()


def test_a_stage_goes_into_one_batch(provider: Provider, pool_of: Callable[..., Pool], store: Store) -> None:
    pool = pool_of(price={"input": 1, "output": 1})
    assert drive(pool, rows(100)) == {}
    assert texts(pool, rows(3))[2].endswith("question 2")
    assert len(provider.batches) == 1
    assert provider.chats == []
    assert set(provider.asked.values()) == {1}
    assert provider.batches["batch_1"]["completion_window"] == "24h"
    used = pool.usage.as_dict()
    assert (used["calls"], used["answers"], used["stored"]) == (100, 100, 0)
    counts = [provider.completion(body)["usage"] for body in provider.bodies]
    assert used["usd"] == pytest.approx(sum(sum(count.values()) for count in counts) / 1e6)
    assert nothing_open(store)
    spent = store.read("SELECT calls, usd FROM spending")
    assert spent == [(100, pytest.approx(used["usd"]))]


def test_answers_are_the_same_in_a_batch_and_one_by_one(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    drive(pool_of(), rows(20))
    at_once = Pool({"m": Model(model="m-1", base_url=provider.url)}, store, patience=QUICK)
    with at_once:
        assert drive(at_once, rows(30)) == {}
        assert at_once.usage.stored == 20
    assert len(provider.chats) == 10
    again = pool_of()
    assert drive(again, rows(40)) == {}
    assert again.usage.as_dict() | {"stored": 30, "calls": 10} == again.usage.as_dict()
    assert sum(provider.asked.values()) == 30


def test_files_stay_within_the_limits(provider: Provider, pool_of: Callable[..., Pool], store: Store) -> None:
    assert drive(pool_of({"requests_per_file": 30}), rows(100)) == {}
    assert sorted(batch["request_counts"]["total"] for batch in provider.batches.values()) == [10, 30, 30, 30]
    assert drive(pool_of({"megabytes_per_file": 0.002}, max_tokens=9), rows(20)) == {}
    assert max(len(content) for name, content in provider.files.values() if name.startswith("hfsft-")) < 30_000
    assert len(provider.batches) > 5
    failures = drive(pool_of({"megabytes_per_file": 0.0001}, max_tokens=8), rows(1))
    assert failures["row-0"].cause == "too_long"
    assert nothing_open(store)


def turns(row: int) -> Any:
    def start() -> Any:
        first: Answer = yield user(f"first {row}")
        second: Answer = yield user(f"second after {first.text}")
        return first.text, second.text

    return start


def test_what_hangs_on_an_answer_goes_into_the_next_batch(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    pool = pool_of()
    tasks = [(f"row-{row}", turns(row)) for row in range(30)]
    assert drive(pool, tasks) == {}
    assert all(second.endswith(first) for first, second in texts(pool, tasks))
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [30, 30]
    used = pool.usage.as_dict()
    assert (used["calls"], used["answers"], used["stored"]) == (60, 60, 0)
    again = pool_of()
    drive(again, tasks)
    assert (again.usage.calls, again.usage.stored) == (0, 60)


def test_a_repair_goes_into_the_next_batch(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    def reply(body: Body) -> str:
        return said(body) if "cannot be used" in said_to(body) or "3" not in said_to(body) else "no JSON"

    provider.reply = reply
    schema = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}

    def start(row: int) -> Callable[[], Any]:
        return lambda: ask(user(f"question {row}"), schema, lambda value: value["score"])

    pool = pool_of()
    tasks = [(f"row-{row}", start(row)) for row in range(10)]
    assert drive(pool, tasks) == {}
    assert texts(pool, tasks) == [1] * 10
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [10, 1]


def test_two_rows_that_ask_the_same_share_a_line(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    pool = pool_of()
    assert drive(pool, [(f"{n}-{name}", start) for n in range(3) for name, start in rows(10)]) == {}
    assert sum(provider.asked.values()) == 10
    assert pool.usage.calls == 10


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


def test_the_budget_holds_what_is_submitted_at_its_most(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    assert drive(pool_of(budget=Budget(calls=10)), rows(10)) == {}
    assert len(provider.batches) == 1
    # Room for a part at its most, and for the rest once it is known what that took.
    pool = pool_of(budget=Budget(tokens=3000), max_tokens=100)
    assert drive(pool, rows(20)) == {}
    totals = [batch["request_counts"]["total"] for batch in provider.batches.values()][1:]
    assert len(totals) > 1
    assert sum(totals) == 20
    with pytest.raises(BudgetError, match="5 calls"):
        drive(pool_of(budget=Budget(calls=5), max_tokens=50), rows(10))
    assert nothing_open(store)
    both = Budget(calls=15, per="dataset")
    with pytest.raises(BudgetError, match="15 calls"):
        drive(pool_of(budget=both, max_tokens=51), rows(10))


def test_the_price_of_a_batch() -> None:
    model = Model.model_validate(
        {"model": "m", "base_url": "http://h/v1", "price": {"input": 1, "output": 4}, "batch": {"discount": 0.5}}
    )
    assert model.paid == Price(input=0.5, output=2)
    assert model.at_once().paid == Price(input=1, output=4)
    assert Model(model="m", base_url="http://h/v1", price=Price(input=1, output=4)).paid == Price(input=1, output=4)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"provider": "auto"}, "the Hub's router has no batches"),
        ({}, "a model in this process has no batches"),
        ({"base_url": ["http://a/v1", "http://b/v1"]}, "its files go to one server"),
        ({"base_url": "http://a/v1", "batch": {"completion_window": "soon"}}, "completion_window"),
    ],
)
def test_where_there_are_no_batches(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Model.model_validate({"model": "org/m", "batch": True} | fields)


def test_batch_may_be_false() -> None:
    assert Model.model_validate({"model": "m", "batch": False}).batch is None


def test_a_stopped_build_leaves_its_batch_and_says_so(
    provider: Provider, pool_of: Callable[..., Pool], store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    provider.looks = 10**9
    pool = pool_of()
    progress: list[Any] = []

    def seen(now: Any) -> None:
        progress.append(now)
        if now.batches and now.batches[0].status == "in_progress":
            raise KeyboardInterrupt

    pool._on_progress = seen
    with caplog.at_level(logging.WARNING), pytest.raises(KeyboardInterrupt):
        drive(pool, rows(10))
    assert "batch batch_1 goes on at http" in caplog.text
    assert "10 requests" in caplog.text
    assert [batch.batch for batch in state.open_batches(store)] == ["batch_1"]
    provider.looks = 0
    again = pool_of()
    assert drive(again, rows(12)) == {}
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [10, 2]
    assert again.usage.calls == 12
    assert nothing_open(store)


def test_a_batch_whose_rows_are_gone_is_taken_in_too(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    provider.looks = 10**9
    pool = pool_of()

    def seen(now: Any) -> None:
        if now.batches and now.batches[0].status == "in_progress":
            raise KeyboardInterrupt

    pool._on_progress = seen
    with pytest.raises(KeyboardInterrupt):
        drive(pool, rows(10))
    provider.looks = 0
    other = [(f"other-{name}", turns(50 + place)) for place, (name, _) in enumerate(rows(3))]
    assert drive(pool_of(), other) == {}
    assert texts(pool_of(), rows(10))
    assert nothing_open(store)


def test_a_broken_connection_submits_nothing_twice(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    provider.lose = lambda step, number: number == 1
    pool = pool_of(timeout=2)
    assert drive(pool, rows(10)) == {}
    assert len(provider.batches) == 1


def test_where_nothing_is_listed_nothing_is_submitted_twice(
    provider: Provider, pool_of: Callable[..., Pool], store: Store
) -> None:
    provider.lose = lambda step, number: step == "create"
    provider.lacks = ("list",)
    with pytest.raises(ModelError, match=r"lists no batches, so it cannot be told .* --forget hfsft-"):
        drive(pool_of(timeout=2), rows(10))
    assert len(provider.batches) == 1
    (left,) = state.open_batches(store)
    assert left.state == "creating"
