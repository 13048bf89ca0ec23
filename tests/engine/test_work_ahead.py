"""What later steps make of each row is made while the last answers of an earlier one are waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.lookahead import steps_ahead
from hfsft.engine.plan import Plan
from hfsft.engine.run import Left
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import StageError
from hfsft.models.pool import Pool
from hfsft.rows.batch import Batch
from tests.engine.held import held
from tests.engine.test_lookahead import COUNT, JUDGE, LENGTH, SOURCE, WRITE
from tests.models.server import LLM, Body, said_to
from tests.waiting import until

MakePool = Callable[..., Pool]


def measure(name: str, reads: str, **facets: Any) -> Step:
    return Step(name, reads=(reads,), writes={name: "int64"}, **facets)


def test_ahead_are_steps_that_read_nothing_of_what_is_waited_for() -> None:
    later = (
        measure("keys", "response"),
        measure("of_verdict", "verdict"),
        measure("sketch", "keys"),
        measure("of_later", "of_verdict"),
        measure("maybe", "text", optional=("verdict",)),
        measure("heavy", "response", heavy=True),
        measure("family", "sketch", sees="all"),
        compare("short", Bound("short", "keys", at_most=10)),
        measure("of_family", "family"),
        replace(JUDGE, name="again", writes={"again": "string"}),
        measure("last", "sketch"),
    )
    measures = (measure("words", "response"), measure("of_score", "verdict"))
    assert [step.name for step in steps_ahead(JUDGE, later, lambda: measures)] == ["keys", "sketch", "last", "words"]
    more = measure("several", "text", rows="many")
    assert [step.name for step in steps_ahead(JUDGE, (later[0], more, later[0]), lambda: measures)] == ["keys"]


@pytest.fixture
def judged() -> threading.Event:
    """Once set, the judge answers."""
    return threading.Event()


@pytest.fixture
def answers(llm: LLM, judged: threading.Event) -> LLM:
    """`write question 7` is answered `question 7`; the judge answers the last rows when it may."""
    llm.reply = lambda body: said_to(body).partition(" ")[2]

    def holds(body: Body) -> bool:
        written = sum(said_to(each).startswith("write") for each in llm.requests)
        return said_to(body).startswith("judge") and written == COUNT and not judged.is_set()

    llm.hold = holds
    return llm


def build(pool: Pool, folder: Path, *steps: Step, measures: Any = tuple) -> tuple[Any, Ledger, list[Left]]:
    ledger, left = Ledger(), list[Left]()
    live = Live(pool)
    rows = engine.run(Plan("toy", steps), live, folder, ledger, measures=measures, last=left.append)
    live.settle()
    return rows, ledger, left


def test_what_hangs_on_no_verdict_is_made_while_the_judge_is_waited_for(
    answers: LLM, judged: threading.Event, make_pool: MakePool, tmp_path: Path
) -> None:
    given: list[tuple[str, int, bool]] = []

    def lengths(name: str) -> Callable[[Batch], Batch]:
        def made(batch: Batch) -> Batch:
            given.append((name, len(batch["response"]), judged.is_set()))
            if name == "last":
                judged.set()
            return {name: [len(text) for text in batch["response"]]}

        return made

    keys, last = (measure(name, "response", work=held(lengths(name))) for name in ("keys", "last"))
    keep = compare("known", Bound("known", "verdict", among=tuple(f"question {index}" for index in range(10))))
    steps = (SOURCE, WRITE, LENGTH, JUDGE, keep, keys)
    rows, ledger, left = build(make_pool(), tmp_path / "cache", *steps, measures=lambda: [last])
    assert given == [("keys", COUNT, False), ("last", COUNT, False)]
    assert rows["keys"] == [10] * 10
    assert left[0].measured(last)["last"] == [10] * 10
    assert given == [("keys", COUNT, False), ("last", COUNT, False)], "and read back in their turn"
    lines = {line.step: line for line in ledger.funnel}
    assert (lines["keys"].cached, lines["keys"].rows_out, lines["judge"].calls) == (False, 10, COUNT)
    again, ledger, _ = build(make_pool(), tmp_path / "other", *steps)
    assert again.to_list() == rows.to_list()


def test_a_step_that_cannot_do_its_work_ahead_is_told_in_its_turn_alone(
    answers: LLM, judged: threading.Event, make_pool: MakePool, tmp_path: Path
) -> None:
    def picky(batch: Batch) -> Batch:
        judged.set()
        if "question 13" in batch["response"]:
            raise ValueError("no such row")
        return {"keys": [1] * len(batch["response"])}

    def without(number: str) -> Step:
        among = tuple(f"question {index}" for index in range(COUNT) if str(index) != number)
        return compare("known", Bound("known", "verdict", among=among))

    keys = measure("keys", "response", work=held(picky))
    rows, _, _ = build(make_pool(), tmp_path / "cache", SOURCE, WRITE, JUDGE, without("13"), keys)
    assert len(rows) == COUNT - 1
    with pytest.raises(ValueError, match="no such row"):
        build(make_pool(), tmp_path / "other", SOURCE, WRITE, JUDGE, without("14"), keys)


def test_what_was_prefetched_is_stored_when_a_step_fails_meanwhile(
    answers: LLM, judged: threading.Event, make_pool: MakePool, tmp_path: Path, store: Any
) -> None:
    def fails(batch: Batch) -> Batch:
        if len(batch["response"]) == 1:  # on the way to the judge
            return {"length": [1]}
        until(lambda: answers.open == 8, again=0.005)
        threading.Timer(0.2, judged.set).start()
        asked.append(len(answers.requests))
        raise ValueError("in its turn")

    pool, asked = make_pool(model={"concurrency": 8}), list[int]()
    with pytest.raises(ValueError, match="in its turn"):
        build(pool, tmp_path / "cache", SOURCE, WRITE, replace(LENGTH, work=held(fails)), JUDGE)
    pool.close()
    assert store.read("SELECT count(*) FROM answers") == [(asked[0],)]


def test_a_stage_that_loses_too_many_rows_ends_the_build_though_it_was_waited_for_last(
    answers: LLM, judged: threading.Event, make_pool: MakePool, tmp_path: Path
) -> None:
    answers.fault = lambda body, _: "bad_request" if said_to(body).startswith("judge") else ""

    def lengths(batch: Batch) -> Batch:
        judged.set()
        return {"keys": [1] * len(batch["response"])}

    keys = measure("keys", "response", work=held(lengths))
    with pytest.raises(StageError, match=r"judge: .* rows failed"):
        build(make_pool(), tmp_path / "cache", SOURCE, WRITE, JUDGE, keys)
