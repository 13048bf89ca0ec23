"""The pool's promises: every answer on disk once, every failure in its place, nothing waits for a slow row."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hfsft.errors import AnswerError, ModelError, StageError
from hfsft.models import pool as pools
from hfsft.models.drive import Prefetch
from hfsft.models.model import Model, Request
from hfsft.models.pool import NotStored, Pool
from tests.models.fixture import one, rows, user
from tests.models.server import LLM, echo, said_to


def expected(text: str) -> str:
    return echo({"messages": [{"role": "user", "content": text}]})


def test_drive_fills_the_store_and_replay_reads_it(llm, make_pool) -> None:
    pool = make_pool()
    tasks = rows(50)
    assert pool.drive("generate", iter(tasks), total=50) == {}
    assert [pool.replay(start) for _, start in tasks] == [expected(f"question {index}") for index in range(50)]
    assert len(llm.requests) == 50


def test_a_second_drive_and_a_second_pool_ask_nothing(llm, make_pool) -> None:
    make_pool().drive("generate", rows(30), total=30)
    again = make_pool()
    again.drive("generate", rows(30), total=30)
    assert len(llm.requests) == 30
    tally = again.usage.of("generate", "m")
    assert (tally.calls, tally.stored, tally.usd) == (0, 30, 0.0)


def test_added_and_changed_rows_ask_only_for_themselves(llm, make_pool) -> None:
    make_pool().drive("generate", rows(20), total=20)
    changed = [*rows(20)[1:], ("row-0", one("another question")), *rows(30)[20:]]
    make_pool().drive("generate", changed, total=30)
    assert len(llm.requests) == 20 + 1 + 10


def test_the_same_request_of_two_rows_is_sent_once(llm, make_pool) -> None:
    llm.latency = 0.05
    make_pool().drive("generate", [(f"r{index}", one("same")) for index in range(20)], total=20)
    assert len(llm.requests) == 1


def test_the_last_rows_are_begun_before_others_are_finished(llm, make_pool) -> None:
    """Each has two requests to go: at the end they would be alone with their second one."""
    pool = make_pool(model={"concurrency": 3})
    llm.latency = 0.05

    def judged(row_id: str, made: str) -> Prefetch:
        return Prefetch("judge", one(f"judge {row_id}"), lambda made: None)

    pool.drive("generate", rows(14), total=14, prefetch=judged)
    asked = [said_to(body).split()[0] for body in llm.requests]
    questions = [place for place, said in enumerate(asked) if said == "question"]
    assert questions[-4:] == list(range(questions[-4], questions[-4] + 4)), "nothing goes before the last of them"
    assert asked[-4:] == ["judge"] * 4, "more than one round of what is left"
    assert "judge" in asked[:9], "others are finished first"


def test_a_thread_that_gives_way_waits_until_the_loop_has_nothing_at_hand(make_pool) -> None:
    pool = make_pool()
    pool.give_way(5)  # which has never run
    busy = threading.Event()

    async def work() -> None:
        for _ in range(40):
            busy.set()
            time.sleep(0.005)  # noqa: ASYNC251, it stands for the work on a burst of answers
            await asyncio.sleep(0)
        busy.clear()

    done = asyncio.run_coroutine_threadsafe(work(), pool._running())
    busy.wait(5)
    pool.give_way(0.01)
    assert busy.is_set(), "no longer than it may"
    pool.give_way(30)
    assert not busy.is_set()
    done.result()


def test_whoever_has_other_work_waits_until_the_first_requests_are_out(
    llm, make_pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_WAVE_SECONDS", 30.0)
    llm.hold = lambda body: llm.peak < 64
    pool = make_pool(model={"concurrency": 64})
    driving = pool.start("generate", iter(rows(64)), total=64)
    pool.first_sent(driving, 64, 5)
    assert driving.drive.open == 64
    pool.finish(driving)


def test_rows_that_ask_the_same_at_any_moment_ask_once(llm, make_pool) -> None:
    """Whoever looks in the store while another row's answer is on its way there must not send the request again."""
    for count in range(6):
        pool = make_pool(model={"concurrency": 4})
        tasks = [(f"{count}-{index}", one(f"{count} same {index // 7}")) for index in range(350)]
        before = len(llm.requests)
        assert pool.drive("generate", tasks, total=350) == {}
        assert len(llm.requests) - before == 50


def test_replay_names_the_request_that_it_lacks(make_pool) -> None:
    pool = make_pool()
    with pytest.raises(NotStored) as lacking:
        pool.replay(one("x"))
    assert lacking.value.request == user("x")
    pool.drive("generate", [("r", one("x"))], total=1)
    assert pool.replay(one("x")) == expected("x")


def test_a_follow_up_question_is_one_more_yield(llm, make_pool) -> None:
    def start():
        first = yield user("first")
        second = yield user(f"then {first.text}")
        return second.text

    pool = make_pool()
    assert pool.drive("chat", [("r", start)], total=1) == {}
    assert pool.replay(start) == expected(f"then {expected('first')}")


def test_the_next_request_is_sent_before_a_row_is_worked_on(llm, make_pool) -> None:
    sent, seen = threading.Event(), list[bool]()

    def reply(body) -> str:
        if len(llm.requests) == 3:
            sent.set()
        return "Yes."

    def row(index: int):
        def start():
            answer = yield Request("m", ({"role": "user", "content": f"question {index}"},))
            if index == 1:
                seen.append(sent.wait(10))
            return answer.text

        return str(index), start

    llm.reply = reply
    # The first row opens the connection on which the others are sent, one after another.
    assert not make_pool(model={"concurrency": 1}).drive("s", map(row, range(3)), total=3)
    assert seen == [True]


def test_a_slow_row_holds_nobody_back(llm, make_pool) -> None:
    done = [0]
    llm.hold = lambda body: said_to(body) == "question 0" and done[-1] < 299
    pool = make_pool(on_progress=lambda progress: done.append(progress.done), model={"timeout": 60})
    assert pool.drive("generate", rows(300), total=300) == {}
    assert len(llm.requests) == 300


def test_a_generator_may_turn_a_failure_into_a_result(llm, make_pool) -> None:
    llm.fault = lambda body, coming: "bad_request"

    def start():
        try:
            answer = yield user("judge this")
        except AnswerError as error:
            return f"unscored: {error.cause}"
        return answer.text

    pool = make_pool()
    assert pool.drive("judge", [("r", start)], total=1) == {}
    assert pool.replay(start) == "unscored: bad_request"


@pytest.mark.parametrize(
    ("fault", "sent", "sent_again", "said"),
    [
        # An answer, paid for once.
        ("length", 1, 0, ": raise `max_tokens` (the same request is not sent again)"),
        # Not an answer: the next build asks again.
        ("bad_request", 1, 1, "this request makes no sense"),
        ("context_length", 1, 1, "maximum context length is 2048 tokens"),
        # What a new try may heal.
        ("content_filter", 3, 3, "declined to answer (asked 3 times; the next build asks again)"),
        ("no_text", 3, 3, "holds no text (asked 3 times; the next build asks again)"),
    ],
)
def test_a_row_is_asked_as_often_as_that_may_help(llm, make_pool, fault, sent, sent_again, said) -> None:
    cause = {"no_text": "empty"}.get(fault, fault)
    llm.fault = lambda body, coming: fault
    pool = make_pool()
    failures = pool.drive("generate", rows(1), total=1)
    assert failures["row-0"].cause == cause
    # Who reads the ledger learns which rows the next build asks again, and what to change of the others.
    assert str(failures["row-0"]).endswith(said)
    assert len(llm.requests) == sent
    with pytest.raises(AnswerError, match=cause):
        pool.replay(rows(1)[0][1])
    assert make_pool().drive("generate", rows(1), total=1)["row-0"].cause == cause
    assert len(llm.requests) == sent + sent_again


def test_a_cut_answer_serves_who_accepts_one(llm, make_pool) -> None:
    llm.fault = lambda body, coming: "length"
    pool = make_pool()
    assert set(pool.drive("generate", rows(1), total=1)) == {"row-0"}
    assert pool.replay(one("question 0", accept_cut=True)) == expected("question 0")
    assert len(llm.requests) == 1


def test_too_many_failures_stop_the_stage_and_say_why(llm, make_pool) -> None:
    llm.fault = lambda body, coming: (
        "bad_request" if coming and int(body["messages"][0]["content"][9:]) % 5 == 0 else ""
    )
    with pytest.raises(StageError, match=r"generate: \d+ of \d+ rows failed, more than 5% .*makes no sense"):
        make_pool().drive("generate", rows(2000), total=2000)
    assert len(llm.requests) < 1000
    assert len(make_pool().drive("generate", rows(100), total=100, max_failed_share=0.2)) == 20


def test_an_error_of_the_stage_itself_ends_the_drive(make_pool) -> None:
    def start():
        yield user("x")
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        make_pool().drive("generate", [("r", start)], total=1)


def test_an_unknown_model_name_is_an_error(make_pool) -> None:
    with pytest.raises(ModelError, match="no model is named 'm2'"):
        make_pool().drive("generate", [("r", lambda: (yield replace(user("x"), model="m2")))], total=1)


def test_tasks_are_read_as_they_are_needed(llm, make_pool) -> None:
    llm.latency = 0.02
    ahead = 0

    def tasks():
        nonlocal ahead
        for index, task in enumerate(rows(1000)):
            ahead = max(ahead, index - llm.answered)
            yield task

    pool = make_pool(model={"concurrency": 32})
    pool.drive("generate", tasks(), total=1000)
    assert ahead <= 64


def test_drive_works_inside_a_running_loop(make_pool) -> None:
    async def notebook() -> str:
        pool = make_pool()
        pool.drive("generate", [("r", one("x"))], total=1)
        return pool.replay(one("x"))

    assert asyncio.run(notebook()) == expected("x")


def test_no_rows_are_no_work(make_pool) -> None:
    assert make_pool().drive("generate", iter(()), total=0) == {}


def test_progress_counts_rows_calls_and_tokens(make_pool) -> None:
    seen = []
    pool = make_pool(on_progress=seen.append, model={"price": {"input": 1, "output": 2}})
    pool.drive("generate", rows(40), total=40)
    last = seen[-1]
    assert (last.stage, last.done, last.total, last.failed, last.calls, last.open) == ("generate", 40, 40, 0, 40, 0)
    assert last.usd == pytest.approx((last.input_tokens + 2 * last.output_tokens) / 1e6)


def test_a_model_served_at_several_addresses_is_one_model(llm, make_pool) -> None:
    here = Model(model="org/m", base_url=llm.url, concurrency=3, timeout=5, headers={"x-a": "b"})
    there = Model(model="org/m", base_url="http://other.example/v1", api_key_env="SOME_KEY")
    assert make_pool({"m": here}).key(user("x")) == make_pool({"m": there}).key(user("x"))
    hotter = here.model_copy(update={"temperature": 0.9})
    assert make_pool({"m": hotter}).key(user("x")) != make_pool({"m": here}).key(user("x"))
    assert make_pool({"m": hotter}).key(user("x", temperature=0.9)) == make_pool({"m": hotter}).key(user("x"))


def test_an_error_of_the_progress_callback_stops_the_drive(llm, make_pool) -> None:
    llm.latency = 0.05

    def callback(progress) -> None:
        raise OSError("no terminal")

    with pytest.raises(OSError, match="no terminal"):
        make_pool(on_progress=callback).drive("generate", rows(500), total=500)
    assert len(llm.requests) < 500


def test_rows_are_drawn_as_they_are_asked(llm: LLM, make_pool: Callable[..., Pool]) -> None:
    """So that a stage of any length begins at once, and holds no more than its window of rows."""
    drawn: list[int] = []
    ahead: list[int] = []

    def tasks() -> Any:
        for row in rows(2000):
            drawn.append(1)
            ahead.append(len(drawn) - llm.answered)
            yield row

    pool = make_pool(model={"concurrency": 8})
    assert pool.drive("generate", tasks(), total=2000) == {}
    assert len(drawn) == 2000
    assert max(ahead) <= 64 + 8
