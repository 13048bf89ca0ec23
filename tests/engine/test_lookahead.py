"""Prefetching: rows are asked what the next step would ask while others still wait, with nothing changed by it."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from hfsft.engine import live as asker
from hfsft.engine import lookahead
from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.live import Live
from hfsft.engine.lookahead import route_from, start_first_stage
from hfsft.engine.plan import Plan
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import StageError
from hfsft.models import drive
from hfsft.models.model import Request, Turns
from hfsft.models.store.store import Store
from hfsft.models.structured import ask as ask_structured
from hfsft.rows.batch import Batch, Row
from tests.engine.held import held
from tests.models.server import LLM, Body, said_to

COUNT = 60
SCORE = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}


def source() -> Any:
    return ({"id": str(index), "text": f"question {index}"} for index in range(COUNT))


def write(row: Row) -> Turns:
    answer = yield Request("m", ({"role": "user", "content": f"write {row['text']}"},))
    return {"response": answer.text}


def judge(row: Row) -> Turns:
    answer = yield Request("m", ({"role": "user", "content": f"judge {row['response']}"},))
    return {"verdict": answer.text}


def length(batch: Batch) -> Batch:
    return {"length": [len(text) for text in batch["response"]]}


SOURCE = Step("source", rows="source", writes={"id": "string", "text": "string"}, work=held(source))
WRITE = Step("write", asks=True, reads=("text",), writes={"response": "string"}, work=held(write), models=("m",))
LENGTH = Step("length", reads=("response",), writes={"length": "int64"}, work=held(length))
KEEP = compare("short", Bound("short", "length", at_most=10))
JUDGE = Step("judge", asks=True, reads=("response",), writes={"verdict": "string"}, work=held(judge), models=("m",))
PLAN = (SOURCE, WRITE, LENGTH, KEEP, JUDGE)
ALL = (SOURCE, WRITE, LENGTH, JUDGE)
BARRIER = tuple(replace(step, sees="all") if step is LENGTH else step for step in PLAN)


EARLY = False  # whether the first step that asks is begun before the engine runs


@pytest.fixture(params=[False, True], ids=["in its turn", "begun"], autouse=True)
def _both_ways(request: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys.modules[__name__], "EARLY", request.param)


@pytest.fixture
def answers(llm: LLM) -> LLM:
    """`write question 7` is answered `question 7`; those of two digits are one too long for the filter."""
    llm.reply = lambda body: said_to(body).partition(" ")[2]
    llm.latency = 0.01
    return llm


def build(make_pool: Any, tmp_path: Any, *steps: Step, concurrency: int = 8) -> Any:
    pool = make_pool(model={"concurrency": concurrency})
    # Every build walks anew: only the store is kept from one to the next.
    folder = tmp_path / f"cache-{len(list(tmp_path.iterdir()))}"
    live, plan, ledger = Live(pool), Plan("toy", steps), Ledger()
    if EARLY:
        plan = start_first_stage(plan, live, folder)
    rows = engine.run(plan, live, folder, ledger)
    return rows, ledger, pool.usage


def kinds(llm: LLM) -> list[str]:
    return [said_to(body).partition(" ")[0] for body in llm.requests]


def test_a_row_is_judged_while_others_are_still_written(answers: LLM, make_pool: Any, tmp_path: Any) -> None:
    rows, ledger, usage = build(make_pool, tmp_path, *ALL)
    came = kinds(answers)
    assert came.index("judge") < 20
    assert came[-COUNT:].count("judge") < COUNT
    assert max(Counter(map(said_to, answers.requests)).values()) == 1
    assert rows["verdict"] == rows["response"] == [f"question {index}" for index in range(COUNT)]
    assert [(line.step, line.calls) for line in ledger.funnel if line.calls] == [("write", COUNT), ("judge", COUNT)]
    assert (usage.calls, usage.stored) == (2 * COUNT, 0)


def test_it_comes_to_what_one_step_after_the_other_comes_to(answers: LLM, make_pool: Any, tmp_path: Any) -> None:
    rows, ledger, _ = build(make_pool, tmp_path, *PLAN)
    sent = Counter(map(said_to, answers.requests))
    other, other_ledger, _ = build(partial(make_pool, store=Store(tmp_path / "other.sqlite")), tmp_path, *BARRIER)
    assert rows.to_dict() == other.to_dict()
    assert ledger.counts() == other_ledger.counts()
    assert len(rows) == 10
    # What the filter takes out is never judged: both asked the same.
    assert Counter(map(said_to, answers.requests)) == sent + sent


@pytest.mark.parametrize("kept", [0, COUNT], ids=["read from the store", "kept in memory"])
def test_an_answer_that_rows_share_is_paid_for_and_counted_once(
    answers: LLM, make_pool: Any, tmp_path: Any, monkeypatch: Any, kept: int
) -> None:
    """Prefetched for the first of them, it is there for the second, and both may read it again in their turn."""
    monkeypatch.setattr(asker, "KEPT", kept)
    answers.reply = lambda body: str(int(said_to(body).rpartition(" ")[2]) // 3)
    _, ledger, usage = build(make_pool, tmp_path, *ALL)
    paid = {stage: usage.total(stage).answers for stage in ("write", "judge")}
    assert paid == {"write": COUNT, "judge": COUNT // 3}
    assert {stage: spent["m"]["answers"] for stage, spent in ledger.spent.items()} == paid
    _, again, rebuilt = build(make_pool, tmp_path, *ALL)  # the store alone is left
    assert (rebuilt.calls, rebuilt.stored, again.spent) == (0, sum(paid.values()), ledger.spent)


def test_a_step_that_compares_rows_is_waited_for(answers: LLM, make_pool: Any, tmp_path: Any) -> None:
    build(make_pool, tmp_path, *BARRIER)
    came = kinds(answers)
    assert came == sorted(came, reverse=True)


def test_a_model_in_this_process_does_one_step_after_the_other(
    answers: LLM, make_pool: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("hfsft.models.pool.Pool.waits_for", lambda self, name: False)
    build(make_pool, tmp_path, *ALL)
    came = kinds(answers)
    assert came == sorted(came, reverse=True)


def test_what_is_stored_is_counted_once(answers: LLM, make_pool: Any, tmp_path: Any) -> None:
    rows, _, first = build(make_pool, tmp_path, *PLAN)
    _, ledger, usage = build(make_pool, tmp_path, *PLAN)
    assert (usage.calls, usage.stored) == (0, COUNT + len(rows))
    assert usage.total("judge").stored == len(rows)
    assert first.calls == COUNT + len(rows)
    assert not any(line.calls for line in ledger.funnel)


def test_with_more_rows_than_are_kept_in_memory_nothing_changes(
    answers: LLM, make_pool: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(asker, "KEPT", 10)
    _, ledger, usage = build(make_pool, tmp_path, *ALL)
    assert (usage.calls, usage.stored) == (2 * COUNT, 0)
    assert [line.calls for line in ledger.funnel if line.calls] == [COUNT, COUNT]
    assert kinds(answers).index("judge") < 20


def test_a_prefetched_row_that_fails_fails_in_its_turn_and_is_not_asked_twice(
    answers: LLM, make_pool: Any, tmp_path: Any
) -> None:
    answers.fault = lambda body, coming: "bad_request" if said_to(body) == "judge question 3" else ""
    rows, ledger, usage = build(make_pool, tmp_path, *PLAN[:-1], replace(JUDGE, max_failed_share=0.5))
    failed = [entry for removal in ledger.removals if removal.fate == "failed" for entry in removal.entries()]
    assert [(entry["id"], entry["stage"]) for entry in failed] == [("3", "judge")]
    assert "3" not in rows["id"]
    assert max(Counter(map(said_to, answers.requests)).values()) == 1
    assert usage.total("judge").failures == {"bad_request": 1}


def test_too_many_prefetched_failures_stop_what_is_asked_for_them(answers: LLM, make_pool: Any, tmp_path: Any) -> None:
    answers.fault = lambda body, coming: "bad_request" if said_to(body).startswith("judge") else ""
    with pytest.raises(StageError, match=r"judge: 2\d of 2\d rows failed"):
        build(make_pool, tmp_path, *ALL)


def test_a_slow_filter_on_the_way_keeps_nobody_from_being_asked(answers: LLM, make_pool: Any, tmp_path: Any) -> None:
    written, measured = threading.Event(), Counter[str]()

    def waits(batch: Batch) -> Batch:
        measured.update(batch["response"])
        assert written.wait(20), "the filter runs where requests are sent, so that none is"
        time.sleep(0.02)
        return length(batch)

    def reply(body: Body) -> str:
        if sum(said_to(each).startswith("write") for each in answers.requests) == COUNT:
            written.set()
        return said_to(body).partition(" ")[2]

    answers.reply = reply
    rows, _, usage = build(make_pool, tmp_path, SOURCE, WRITE, replace(LENGTH, work=held(waits)), JUDGE)
    assert rows["verdict"] == rows["response"] == [f"question {index}" for index in range(COUNT)]
    assert usage.calls == 2 * COUNT
    # Rows that found the filter busy were measured once, in its turn.
    assert sum(measured.values()) < 1.5 * COUNT


def test_rows_that_are_answered_while_a_quick_filter_is_made_ready_are_prefetched_too(
    answers: LLM, make_pool: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(drive, "_SLOW_SECONDS", 10.0)  # so that a busy machine makes none slow
    monkeypatch.setattr(drive, "_MOMENT", 20.0)
    alone = list[int]()

    def ready(batch: Batch) -> Batch:
        if not alone:
            time.sleep(0.05)  # as for expressions that are compiled, or a template that is read
        alone.append(len(batch["response"]))
        return length(batch)

    build(make_pool, tmp_path, SOURCE, WRITE, replace(LENGTH, work=held(ready)), JUDGE, concurrency=COUNT)
    assert alone.count(1) == COUNT


def test_rows_that_were_passed_over_are_prefetched_once_the_filters_are_fast(
    answers: LLM, make_pool: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(drive, "_SLOW_SECONDS", 20.0)
    monkeypatch.setattr(drive, "_MOMENT", 0.0)
    written, alone, open_at_once = threading.Event(), list[int](), [0]

    def held_up(batch: Batch) -> Batch:  # as on a machine that has other work when the first rows are answered
        assert written.wait(20)
        alone.append(len(batch["response"]))
        return length(batch)

    def reply(body: Body) -> str:
        if said_to(body).startswith("judge"):
            open_at_once[0] = max(open_at_once[0], answers.open)
        elif kinds(answers).count("write") == COUNT:
            answers.latency = 0.5
            written.set()
        return said_to(body).partition(" ")[2]

    answers.reply = reply
    build(make_pool, tmp_path, SOURCE, WRITE, replace(LENGTH, work=held(held_up)), JUDGE, concurrency=COUNT)
    assert alone.count(1) == COUNT
    assert open_at_once[0] > COUNT / 4  # not one after another, though all workers were done


@pytest.mark.parametrize("seconds", [0.0, 60.0], ids=["slow", "fast"])
def test_a_step_is_worked_out_once_for_a_row_that_was_prefetched(
    answers: LLM, make_pool: Any, tmp_path: Any, monkeypatch: Any, seconds: float
) -> None:
    monkeypatch.setattr(lookahead, "WORTH_SECONDS", seconds)
    monkeypatch.setattr(drive, "_SLOW_SECONDS", 20.0)
    monkeypatch.setattr(drive, "_MOMENT", 20.0)
    worked = Counter[str]()

    def measured(batch: Batch) -> Batch:
        worked.update(batch["response"])
        return {"length": [None if "7" in text else len(text) for text in batch["response"]], "more": batch["response"]}

    step = replace(LENGTH, work=held(measured), writes={"length": "int64", "more": "string"})
    plan = lookahead.remembering(Plan("toy", (SOURCE, WRITE, step, KEEP, JUDGE)))
    rows, ledger, _ = build(make_pool, tmp_path, *plan.steps)
    assert worked.total() == (COUNT if seconds == 0.0 else 2 * COUNT)
    plain, plain_ledger, _ = build(make_pool, tmp_path, SOURCE, WRITE, step, KEEP, JUDGE)
    assert rows.to_dict() == plain.to_dict()
    assert ledger.counts() == plain_ledger.counts()


def test_what_a_step_remembers_is_believed_of_the_very_values_alone(monkeypatch: Any) -> None:
    monkeypatch.setattr(lookahead, "WORTH_SECONDS", 0.0)
    asked: list[list[Any]] = []

    def doubled(batch: Batch) -> Batch:
        asked.append(batch["a"])
        return {"b": [2 * value for value in batch["a"]]}

    step = replace(LENGTH, name="double", reads=("a",), writes={"b": "int64"}, work=held(doubled))
    remembered = lookahead.Remembered(step)
    for value in (1, 2.0, "x", ["x", {"y": None}]):
        remembered({"a": [value]})
    del asked[:]
    assert remembered({"a": [1, 3, "x", True, 2, ["x", {"y": None}], 1]}) == {
        "b": [2, 6, "xx", 2, 4, 2 * ["x", {"y": None}], 2]
    }
    assert asked == [[3, True, 2]]
    assert remembered({"a": []}) == {"b": []}


def test_a_place_is_not_held_while_another_finds_out_about_schemas(llm: LLM, make_pool: Any, tmp_path: Any) -> None:
    def score(row: Row) -> Turns:
        request = Request("m", ({"role": "user", "content": f"judge {row['response']}"},))
        found = yield from ask_structured(request, SCORE, lambda value: value)
        return {"verdict": json.dumps(found)}

    slow: list[Body] = []

    def fault(body: Body, coming: int) -> str:
        # The first request with a schema is the probe; it comes back long after all else.
        if "response_format" in body and not slow:
            slow.append(body)
            return "slow"
        return ""

    llm.fault, llm.latency, llm.drip_seconds = fault, 0.01, 1.0
    build(make_pool, tmp_path, *ALL[:-1], replace(JUDGE, work=held(score)), concurrency=4)
    probe = llm.requests.index(slow[0])
    # All others write on meanwhile, and no verdict is asked until the probe is back.
    assert kinds(llm)[probe + 1 :].index("judge") > 30


def test_what_was_prefetched_for_another_row_is_not_believed(answers: LLM, make_pool: Any, tmp_path: Any) -> None:
    def crowd(batch: Batch) -> Batch:  # looks beyond its row, which no such step may
        return {"length": [len(batch["response"])] * len(batch["response"])}

    def judge_crowd(row: Row) -> Turns:
        answer = yield Request("m", ({"role": "user", "content": f"judge {row['length']}"},))
        return {"verdict": answer.text}

    judging = replace(JUDGE, reads=("length",), work=held(judge_crowd))
    rows, _, _ = build(make_pool, tmp_path, SOURCE, WRITE, replace(LENGTH, work=held(crowd)), judging)
    assert rows["verdict"] == [str(COUNT)] * COUNT


def test_the_route_ends_where_rows_are_compared_or_multiplied() -> None:
    route = route_from(PLAN[2:])
    assert route is not None
    assert route.columns == {"id", "response", "length"}
    assert route.next_task({"id": "1", "text": "t"}, {"response": "r" * 18}) is None
    step, task = route.next_task({"id": "1", "text": "t"}, {"response": "r"}) or (None, None)
    assert (step, task and task.row) == (JUDGE, {"id": "1", "response": "r"})
    assert route_from(BARRIER[2:]) is None
    assert route_from(PLAN[2:4]) is None
    assert route_from([replace(LENGTH, rows="many"), JUDGE]) is None
