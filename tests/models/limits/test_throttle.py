"""Concurrency that grows while answers come and gives way to a server that has enough."""

from __future__ import annotations

import asyncio
import time

import pytest

from hfsft.models.http.faults import Fault
from hfsft.models.limits.throttle import Bucket, Gate, Lane
from tests.models.fixture import rows

SLOW = Fault("slow", "rate_limit", "429")


def lane(most: int = 64) -> Lane:
    return Lane(None, most)  # type: ignore[arg-type]


def round_trip(at: Lane) -> None:
    """Every open request is answered; the lane is full all the while."""
    for _ in range(int(at.limit)):
        at.open = int(at.limit)
        at.answered()


def test_it_starts_at_a_quarter_and_its_answers_open_the_whole() -> None:
    at = lane(64)
    limits = [at.limit]
    for _ in range(3):
        round_trip(at)
        limits.append(at.limit)
    assert limits == [16, 64, 64, 64]


def test_a_quarter_more_follows_for_each_while_of_peace() -> None:
    at = lane(64)
    room = []
    at.take(100.0)
    for moment in (100.0, 100.008, 100.012, 100.022, 100.032, 101.0):
        at.room(moment)
        room.append(int(at.limit))
    assert room == [16, 16, 32, 48, 64, 64]
    assert at.wait(101.0) is None


def test_a_fault_ends_the_peace() -> None:
    at = lane(64)
    at.take(100.0)
    at.failed(Fault("heal", "server", "500"), sent_at=100.0, now=100.01)
    assert at.wait(100.02) is None
    at.room(105.0)
    assert at.limit == 16


def test_a_server_that_lets_nothing_in_is_not_waited_for_longer_than_a_limit_a_minute() -> None:
    shut, passing = lane(), lane()
    passing.answered()
    for each in (shut, passing):
        each.failed(SLOW, sent_at=100.0, now=100.0)
        each.failed(SLOW, sent_at=270.0, now=270.0)
        assert not each.down
        each.failed(SLOW, sent_at=290.0, now=290.0)
    assert shut.down == "429; it answered none of all requests for 190 s: go on later"
    assert not passing.down


def test_a_whole_is_out_before_its_first_answer(llm, make_pool) -> None:
    llm.hold = lambda body: llm.peak < 32
    assert make_pool(model={"concurrency": 32}).drive("generate", rows(32), total=32) == {}
    assert llm.peak == 32


def test_what_is_begun_goes_first() -> None:
    async def main() -> list[str]:
        gate = Gate("m", [lane(1)], 1)
        place = await gate.enter()
        order: list[str] = []

        async def ask(name: str, begun: bool) -> None:
            mine = await gate.enter(begun=begun)
            order.append(name)
            gate.leave(mine)

        asking = [asyncio.create_task(ask(name, name > "b")) for name in "abcd"]
        await asyncio.sleep(0)
        gate.leave(place)
        await asyncio.gather(*asking)
        return order

    assert asyncio.run(main()) == ["c", "d", "a", "b"]


@pytest.mark.parametrize(("ending", "most"), [(False, 2), (True, 1), (True, 2)])
def test_once_there_are_no_other_rows_the_last_of_them_go_before_later_stages(ending: bool, most: int) -> None:
    """They have the most to ask yet: else the last would be asked alone, one request after the other."""

    async def main() -> list[str]:
        gate = Gate("m", [lane(1)], most)
        place = await gate.enter()
        order: list[str] = []

        async def ask(name: str, **how: bool) -> None:
            mine = await gate.enter(**how)
            order.append(name)
            gate.leave(mine)

        new = [asyncio.create_task(ask(name)) for name in ("new 1", "new 2")]
        later = [asyncio.create_task(ask(name, ahead=True)) for name in ("later 1", "later 2")]
        begun = asyncio.create_task(ask("begun", begun=True))
        await asyncio.sleep(0)
        gate.ending = ending
        gate.leave(place)
        await asyncio.gather(*new, *later, begun)
        return order

    new_first = ending and most == 2  # as many as are left
    last = ["new 1", "new 2", "later 1", "later 2"] if new_first else ["later 1", "later 2", "new 1", "new 2"]
    assert asyncio.run(main()) == ["begun", *last]


def test_a_place_that_was_not_used_is_given_back_whole() -> None:
    async def main() -> int:
        gate = Gate("m", [lane(8)], 8, requests=20)
        for _ in range(5):
            gate.back_out(await gate.enter(), 0)
        mine = [await asyncio.wait_for(gate.enter(), 20) for _ in range(2)]
        return len(mine)

    assert asyncio.run(main()) == 2


def test_it_does_not_grow_where_nobody_waits() -> None:
    at = lane(64)
    at.open = 3
    at.answered()
    assert at.limit == 16


def test_trouble_halves_it_once_for_all_requests_that_were_open() -> None:
    at = lane(64)
    round_trip(at)
    for _ in range(10):
        at.failed(SLOW, sent_at=1.0, now=2.0)
    assert at.limit == 32
    at.failed(SLOW, sent_at=3.0, now=4.0)
    assert at.limit == 16
    for second in range(5, 20):
        at.failed(SLOW, sent_at=second, now=second)
    assert at.limit == 1


def test_after_trouble_it_grows_back_gently_and_more_gently_above_where_the_trouble_came() -> None:
    at = lane(64)
    round_trip(at)
    at.failed(SLOW, sent_at=1.0, now=2.0)
    growth = []
    for _ in range(12):
        before = at.limit
        round_trip(at)
        growth.append(at.limit / before)
    assert all(1.1 < factor < 1.2 for factor in growth[:5])
    assert all(factor < 1.05 for factor in growth[7:])


def test_a_streak_of_faults_sets_an_endpoint_aside_only_after_some_time() -> None:
    broken = Fault("heal", "server", "500")
    at = lane()
    for moment in range(30):
        at.failed(broken, 0, 100 + moment / 10)
    assert not at.down
    at.failed(broken, 0, 112)
    assert "31 requests in a row failed" in at.down
    at = lane()
    at.answered()
    for moment in range(30):
        at.failed(broken, 0, 100 + moment)
    assert not at.down
    at.failed(broken, 0, 161)
    assert at.down


def test_a_server_that_has_answered_may_restart() -> None:
    gone = Fault("down", "connection", "refused")
    at = lane()
    at.answered()
    at.failed(gone, 0, 100)
    assert not at.down
    at.failed(gone, 0, 105)
    assert not at.down
    at.failed(gone, 0, 111)
    assert at.down


def test_retry_after_pauses_the_lane() -> None:
    at = lane()
    at.failed(Fault("slow", "rate_limit", "429", after=5), sent_at=1, now=2)
    assert not at.room(6.9)
    assert at.room(7.1)


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600])
def test_a_bound_per_minute_holds_in_every_minute(per_minute: int) -> None:
    bucket, now, taken = Bucket(per_minute), 1000.0, []
    while now < 1300:
        wait = bucket.wait(1, now)
        if wait:
            now += wait + 1e-6
            continue
        bucket.take(1, now)
        taken.append(now)
    worst = max(sum(start <= moment < start + 60 for moment in taken) for start in taken)
    assert worst <= per_minute
    assert len(taken) >= 0.85 * per_minute * 5 - 1


def test_the_pool_finds_the_concurrency_that_a_server_takes(llm, make_pool) -> None:
    llm.latency, llm.most_open = 0.01, 8
    pool = make_pool(model={"concurrency": 64})
    assert pool.drive("generate", rows(600), total=600) == {}
    assert llm.answered == 600
    assert llm.met["429"] < 200


def test_retry_after_is_honoured(llm, make_pool) -> None:
    began = time.monotonic()
    came: list[float] = []

    def fault(body, coming: int) -> str:
        came.append(time.monotonic() - began)
        return "429_date" if len(came) == 1 else ""

    llm.fault = fault
    pool = make_pool(model={"concurrency": 1})
    assert pool.drive("generate", rows(5), total=5) == {}
    # The date is two whole seconds from one that the clock has begun: a second at least.
    assert came[1] - came[0] > 0.95
    assert len(llm.requests) == 6


def test_the_servers_own_limit_is_waited_out(llm, make_pool) -> None:
    llm.headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "150ms"}
    began = time.monotonic()
    make_pool(model={"concurrency": 1}).drive("generate", rows(4), total=4)
    assert 0.45 <= time.monotonic() - began < 20


def test_requests_per_minute_of_the_recipe_are_kept(llm, make_pool) -> None:
    began = time.monotonic()
    make_pool(model={"requests_per_minute": 120}).drive("generate", rows(14), total=14)
    # A tenth of the bound goes at once, the others at 108 a minute.
    assert 1.0 <= time.monotonic() - began < 20


def test_tokens_per_minute_of_the_recipe_are_kept(llm, make_pool) -> None:
    began = time.monotonic()
    pool = make_pool(model={"tokens_per_minute": 6000, "max_tokens": 100})
    pool.drive("generate", rows(20), total=20)
    spent = pool.usage.input_tokens + pool.usage.output_tokens
    assert time.monotonic() - began >= (spent - 600 - 120) / 90 - 0.1
