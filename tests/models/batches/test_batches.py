"""Batches end to end on a loopback provider: what they hold, when they are submitted, what they cost."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from filelock import FileLock
from pydantic import ValidationError

from hfsft.errors import BudgetError, ModelError, UserError
from hfsft.models.batches import collection, giving_up, state
from hfsft.models.limits.budget import Budget
from hfsft.models.limits.losses import Bears
from hfsft.models.model import Model, Price
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.models.structured import ask
from tests.models.batches.driving import drive, nothing_open, texts, turns
from tests.models.batches.server import Provider, said
from tests.models.fixture import QUICK, one, rows, user
from tests.models.server import Body, said_to


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


def test_what_all_the_rest_waits_for_goes_into_no_batch(provider: Provider, pool_of: Callable[..., Pool]) -> None:
    now = [(f"row-{row}", one(f"question {row}", at_once=True)) for row in range(5)]
    pool = pool_of()
    assert drive(pool, now) == {}
    assert (len(provider.chats), len(provider.batches)) == (5, 0)
    assert drive(pool, [(f"row-{row}", one(f"question {row}")) for row in range(8)]) == {}
    assert [batch["request_counts"]["total"] for batch in provider.batches.values()] == [3], "as if asked either way"


def test_files_stay_within_the_limits(provider: Provider, pool_of: Callable[..., Pool], store: Store) -> None:
    assert drive(pool_of({"requests_per_file": 30}), rows(100)) == {}
    assert sorted(batch["request_counts"]["total"] for batch in provider.batches.values()) == [10, 30, 30, 30]
    assert drive(pool_of({"megabytes_per_file": 0.002}, max_tokens=9), rows(20)) == {}
    assert max(len(content) for name, content in provider.files.values() if name.startswith("hfsft-")) < 30_000
    assert len(provider.batches) > 5
    failures = drive(pool_of({"megabytes_per_file": 0.0001}, max_tokens=8), rows(1))
    assert failures["row-0"].cause == "too_long"
    assert nothing_open(store)


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
    failed = pool_of(budget=Budget(calls=5), max_tokens=52).drive("judge", rows(10), total=10, bears=Bears(unpaid=True))
    assert [error.cause for error in failed.values()] == ["budget"] * 5
    both = Budget(calls=20, per="dataset")
    with pytest.raises(BudgetError, match="20 calls"):
        drive(pool_of(budget=both, max_tokens=51), rows(10))


def test_the_price_of_a_batch() -> None:
    model = Model.model_validate(
        {"model": "m", "base_url": "http://h/v1", "price": {"input": 1, "output": 4}, "batch": {"discount": 0.5}}
    )
    assert model.paid == Price(input=0.5, output=2)
    assert model.unbatched().paid == Price(input=1, output=4)
    assert Model(model="m", base_url="http://h/v1", price=Price(input=1, output=4)).paid == Price(input=1, output=4)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"provider": "auto"}, "the Hub's router has no batches"),
        ({}, "a model in this process has no batches"),
        ({"base_url": "http://a/v1", "task": "embed"}, "means nothing to a model with `task: embed`"),
        ({"base_url": ["http://a/v1", "http://b/v1"]}, "its files go to one server"),
        ({"base_url": "http://a/v1", "batch": {"completion_window": "soon"}}, "completion_window"),
        ({"base_url": "http://a/v1", "batch": "yess"}, "must be true, false or a mapping"),
        ({"base_url": "http://a/v1", "batch": 3}, "must be true, false or a mapping"),
        ({"base_url": "http://a/v1", "stream": True}, "stream: the answers of a batch come as one file"),
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


def test_a_batch_is_given_up_on_demand(
    provider: Provider, pool_of: Callable[..., Pool], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.lose = lambda step, number: step == "create"
    provider.lacks = ("list",)
    with pytest.raises(ModelError, match="lists no batches"):
        drive(pool_of(timeout=2), rows(10))
    (left,) = state.open_batches(store)
    held = collection.take(store, left.name)
    with pytest.raises(UserError, match="a build looks after it now"):
        giving_up.forget(store, left.name)
    held.release()
    with pytest.raises(UserError, match="no batch nothing is under way"):
        giving_up.forget(store, "nothing")
    assert giving_up.forget(store, left.name).requests == 10
    assert nothing_open(store)


def test_batches_outlive_a_damaged_store(provider: Provider, pool_of: Callable[..., Pool], store: Store) -> None:
    provider.lose = lambda step, number: step == "create"
    provider.lacks = ("list",)
    with pytest.raises(ModelError, match="lists no batches"):
        drive(pool_of(timeout=2), rows(10))
    before = state.open_batches(store)
    store.heal(sqlite3.DatabaseError("database disk image is malformed"))
    assert state.open_batches(store) == before
    assert len(state.keys_of(store, before[0].name)) == 10


def test_a_batch_begins_while_another_build_takes_its_empty_folder_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, acquire = collection.folder_of(store), FileLock.acquire
    taken_away: list[str] = []

    def late(lock: FileLock, **how: Any) -> Any:
        if not taken_away:
            folder.rmdir()
            taken_away.append(lock.lock_file)
        return acquire(lock, **how)

    monkeypatch.setattr(FileLock, "acquire", late)
    held = collection.take(store, "hfsft-1")
    assert held.is_locked
    assert taken_away == [held.lock_file]
