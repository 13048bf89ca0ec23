"""Whether a build may ask is looked at once, before its first request, for the stages that are still to come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from hfsft.errors import ModelError
from hfsft.models.drive import Prefetch
from hfsft.models.pool import Pool
from hfsft.models.ready import Ready
from tests.models.fixture import one, rows
from tests.models.server import LLM

MakePool = Callable[..., Pool]


def test_it_looks_once_and_only_at_stages_that_may_ask(llm: LLM, make_pool: MakePool) -> None:
    looks: list[list[str]] = []

    def check(stages: Sequence[str]) -> None:
        assert not llm.requests
        looks.append(list(stages))

    pool = make_pool(ready=Ready(["evolve", "generate", "judge"], check))
    pool.drive("generate", rows(40), total=40)
    assert looks == [["generate", "judge"]]
    with pytest.raises(AssertionError):  # an answer of before is gone: what was not looked at yet is looked at
        pool.drive("evolve", rows(41), total=41)
    assert len(llm.requests) == 40


def test_what_is_stored_is_not_looked_at(llm: LLM, make_pool: MakePool) -> None:
    make_pool().drive("generate", rows(5), total=5)

    def check(_: Sequence[str]) -> None:
        raise AssertionError("nothing is to be asked")

    assert make_pool(ready=Ready(["generate"], check)).drive("generate", rows(5), total=5) == {}
    assert len(llm.requests) == 5


def test_nothing_is_sent_where_it_finds_something_and_it_looks_again_next_time(llm: LLM, make_pool: MakePool) -> None:
    found = [ModelError("models.m: no key")]

    def check(_: Sequence[str]) -> None:
        if found:
            raise found.pop()

    pool = make_pool(ready=Ready(["generate"], check))
    with pytest.raises(ModelError, match="no key"):
        pool.drive("generate", rows(100), total=100)
    assert llm.requests == []
    assert pool.drive("generate", rows(100), total=100) == {}


def test_a_prefetched_row_does_not_make_it_look(llm: LLM, make_pool: MakePool) -> None:
    make_pool().drive("generate", rows(5), total=5)
    looks: list[list[str]] = []
    pool = make_pool(ready=Ready(["generate", "judge"], lambda stages: looks.append(list(stages))))

    def following(row_id: str, _: object) -> Prefetch:
        return Prefetch("judge", one(f"judge {row_id}"), lambda made: None)

    pool.drive("generate", rows(5), total=5, prefetch=following)
    assert (looks, len(llm.requests)) == ([], 5)
    pool.drive("judge", [(f"row-{index}", one(f"judge row-{index}")) for index in range(5)], total=5)
    assert (looks, len(llm.requests)) == ([["judge"]], 10)
    # Once the stage in turn was looked at, rows are prefetched.
    pool.drive("generate", rows(100), total=100, prefetch=following)
    assert looks == [["judge"], ["generate"]]
    assert len(llm.requests) > 105


def test_an_interrupt_does_not_wait_for_it(llm: LLM, make_pool: MakePool) -> None:
    begun, release = threading.Event(), threading.Event()

    def check(_: Sequence[str]) -> None:
        begun.set()
        release.wait(60)

    def progress(_: object) -> None:
        if begun.is_set():
            raise KeyboardInterrupt

    pool = make_pool(ready=Ready(["generate"], check), on_progress=progress)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pool.drive("generate", rows(5), total=5)
    pool.close()
    assert time.monotonic() - started < 20
    release.set()
    assert llm.requests == []
