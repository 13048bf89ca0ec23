"""The requests of the first step that asks are sent before the engine runs: sooner done, with nothing changed by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine import live as asker
from hfsft.engine import lookahead
from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.lookahead import start_first_stage
from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import ModelError
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from hfsft.rows.batch import Batch
from tests.engine.held import held
from tests.engine.test_lookahead import COUNT, JUDGE, SOURCE, WRITE, source
from tests.models.server import LLM, said_to
from tests.waiting import until

MakePool = Callable[..., Pool]


def asked(llm: LLM) -> list[str]:
    return sorted(map(said_to, llm.requests))


def test_the_first_rows_are_asked_before_the_engine_runs(llm: LLM, make_pool: MakePool, tmp_path: Path) -> None:
    read: list[str] = []

    def reading() -> Any:
        for row in source():
            read.append(row["id"])
            yield row

    pool = make_pool()
    live = Live(pool)
    plan = start_first_stage(Plan("toy", (replace(SOURCE, work=held(reading)), WRITE, JUDGE)), live, tmp_path / "cache")
    until(lambda: len(llm.requests) > 5, again=0.005)
    ledger = Ledger()
    rows = engine.run(plan, live, tmp_path / "cache", ledger)
    assert rows["id"] == read == [str(index) for index in range(COUNT)]
    assert [line.calls for line in ledger.funnel] == [0, COUNT, COUNT]
    assert len(set(asked(llm))) == len(llm.requests) == 2 * COUNT


def test_the_first_request_is_sent_before_anything_else_takes_time(
    llm: LLM, make_pool: MakePool, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(asker, "FIRST_SECONDS", 60.0)
    pool = make_pool()
    live = Live(pool)
    plan = start_first_stage(Plan("toy", (SOURCE, WRITE)), live, tmp_path / "cache")
    assert pool.usage.calls
    engine.run(plan, live, tmp_path / "cache", Ledger())
    # Where every answer is stored there is none, and nobody waits for it.
    again = make_pool()
    start_first_stage(Plan("toy", (SOURCE, WRITE)), Live(again), tmp_path / "another cache")
    assert not again.usage.calls


def test_rows_that_are_multiplied_first_are_sent_too(llm: LLM, make_pool: MakePool, tmp_path: Path) -> None:
    def twins(batch: Batch) -> Batch:
        twice = {name: [value for value in values for _ in "ab"] for name, values in batch.items()}
        return {name: [f"{v}{i % 2}" for i, v in enumerate(values)] for name, values in twice.items()}

    live = Live(make_pool())
    plan = start_first_stage(
        Plan("toy", (SOURCE, Step("twins", rows="many", work=held(twins)), WRITE)), live, tmp_path / "cache"
    )
    until(lambda: len(llm.requests) > 5, again=0.005)
    assert len(engine.run(plan, live, tmp_path / "cache", Ledger())) == len(set(asked(llm))) == 2 * COUNT


def test_of_many_rows_the_first_are_asked_before_the_others_are_read(
    llm: LLM, make_pool: MakePool, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(lookahead, "MOST_ROWS", 10)
    refused = ("write question 3", "write question 30")
    llm.fault = lambda body, coming: "bad_request" if said_to(body) in refused else ""
    pool, plan = make_pool(), Plan("toy", (SOURCE, WRITE, JUDGE))
    live, ledger = Live(pool), Ledger()
    plan = start_first_stage(plan, live, tmp_path / "cache")
    until(lambda: len(llm.requests) >= 10, again=0.005)
    rows = engine.run(plan, live, tmp_path / "cache", ledger)
    assert [line.calls for line in ledger.funnel] == [0, COUNT, COUNT - 2]
    assert len(set(asked(llm))) == len(llm.requests) == 2 * COUNT - 2
    assert pool.usage.of("write", "m").answers == COUNT - 2
    assert not pool.usage.of("write", "m").stored + pool.usage.of("judge", "m").stored
    assert list(ledger.removals[0].rows["id"]) == ["3", "30"]
    assert rows["id"] == [str(index) for index in range(COUNT) if index not in (3, 30)]


def test_a_share_of_failures_is_that_of_all_rows(
    llm: LLM, make_pool: MakePool, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(lookahead, "MOST_ROWS", 30)
    refused = {f"write question {index}" for index in (0, 1)}  # 7 % of those that are asked first, 3 % of all
    llm.fault = lambda body, coming: "bad_request" if said_to(body) in refused else ""
    live = Live(make_pool())
    plan = start_first_stage(Plan("toy", (SOURCE, WRITE)), live, tmp_path / "cache")
    assert len(engine.run(plan, live, tmp_path / "cache", Ledger())) == COUNT - 2
    assert len(llm.requests) == COUNT


@pytest.mark.parametrize("why", ["cached", "compares rows"])
def test_nothing_is_sent_before_its_turn(llm: LLM, make_pool: MakePool, tmp_path: Path, why: str) -> None:
    compares = Step(
        "same",
        sees="all",
        reads=("text",),
        writes={"same": "int64"},
        work=held(lambda b: {"same": [0] * len(b["text"])}),
    )
    plan = Plan("toy", (SOURCE, compares, WRITE) if why == "compares rows" else (SOURCE, WRITE))
    live, cache = Live(make_pool()), tmp_path / "cache"
    if why == "cached":
        engine.run(Plan("toy", (SOURCE,)), live, cache, Ledger())
    plan = start_first_stage(plan, live, cache)
    assert live._started is None
    assert len(engine.run(plan, live, cache, Ledger())) == len(set(asked(llm))) == COUNT


def test_rows_that_turn_out_to_be_others_ask_for_themselves(llm: LLM, make_pool: MakePool, tmp_path: Path) -> None:
    llm.reply = said_to
    live = Live(make_pool())
    start_first_stage(Plan("toy", (SOURCE, WRITE)), live, tmp_path / "cache")
    others = replace(SOURCE, work=held(lambda: ({**row, "text": f"other {row['id']}"} for row in source())))
    rows = engine.run(Plan("toy", (others, WRITE)), live, tmp_path / "cache", Ledger())
    assert rows["response"] == [f"write other {index}" for index in range(COUNT)]


def test_what_is_open_is_stored_when_the_build_ends_before_its_turn(
    llm: LLM, make_pool: MakePool, tmp_path: Path, store: Store
) -> None:
    llm.latency = 0.5
    pool = make_pool(model={"concurrency": 4})
    start_first_stage(Plan("toy", (SOURCE, WRITE)), Live(pool), tmp_path / "cache")
    until(lambda: llm.open == 4, again=0.005)
    pool.close()
    assert store.read("SELECT count(*) FROM answers") == [(4,)]
    assert len(llm.requests) == 4


def test_a_server_that_is_not_there_is_told_in_the_steps_turn(make_pool: MakePool, tmp_path: Path) -> None:
    live = Live(make_pool(model={"base_url": "http://127.0.0.1:9"}))
    plan = start_first_stage(Plan("toy", (SOURCE, WRITE)), live, tmp_path / "cache")
    with pytest.raises(ModelError, match="cannot connect"):
        engine.run(plan, live, tmp_path / "cache", Ledger())
