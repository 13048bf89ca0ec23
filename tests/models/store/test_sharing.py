"""Two builds at once over one store: each request is sent once, whoever dies, and neither waits for ever."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hfsft.models.store.presence import Presence
from hfsft.models.store.store import Store, store_error
from tests.models.server import LLM, Body, said_to
from tests.waiting import until

ROOT = Path(__file__).parents[3]
# Prints what it counted; `ready` before its first request, and then waits for a line.
CHILD = """
import json, sys
from pathlib import Path
import hfsft.models.http.client
from hfsft.models.model import Model
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from tests.models.fixture import QUICK, rows

url, store, count, concurrency = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
model = Model(model="m-1", base_url=url, concurrency=concurrency, timeout=30, price={"input": 1, "output": 1})
print("ready", flush=True)
sys.stdin.readline()
with Pool({"m": model}, Store(store), patience=QUICK) as pool:
    failures = pool.drive("generate", rows(count), total=count, max_failed_share=1)
    texts = [pool.replay(start) for name, start in rows(count) if name not in failures]
    print(json.dumps({**pool.usage.as_dict(), "failed": len(failures), "texts": texts}), flush=True)
"""


class Build:
    """One build in a process of its own, that waits for `go`."""

    def __init__(self, llm: LLM, store: Path, count: int, concurrency: int = 8) -> None:
        arguments = [sys.executable, "-c", CHILD, llm.url, str(store), str(count), str(concurrency)]
        self.store = store
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> Build:
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self

    def kill(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def suspend(self) -> None:
        """Stop it between two writes to the store: one that is stopped within a write keeps the lock."""
        self.kill(signal.SIGSTOP)
        while self._locks():
            self.kill(signal.SIGCONT)
            self.kill(signal.SIGSTOP)

    def _locks(self) -> bool:
        with closing(sqlite3.connect(self.store, timeout=1, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False

    def result(self) -> dict[str, Any]:
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return dict(json.loads(out))


@pytest.fixture
def build(llm: LLM, tmp_path: Path) -> Iterator[Callable[..., Build]]:
    builds = []

    def make(count: int = 200, concurrency: int = 8) -> Build:
        builds.append(Build(llm, tmp_path / "shared.sqlite", count, concurrency))
        return builds[-1]

    yield make
    for each in builds:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


def paid_twice(llm: LLM) -> int:
    return sum(times - 1 for times in llm.asked.values())


def test_two_builds_at_once_send_each_request_once(llm: LLM, build: Callable[..., Build]) -> None:
    llm.latency = 0.05
    both = [build(), build()]
    for each in both:
        each.go()
    first, second = (each.result() for each in both)
    assert paid_twice(llm) == 0
    assert len(llm.requests) == 200
    assert first["texts"] == second["texts"]
    assert len(first["texts"]) == 200
    # Each tells what it paid for itself, and what came from the other.
    assert first["calls"] + second["calls"] == 200
    assert min(first["calls"], second["calls"]) >= 8, "they share the work: each has sent what it may have open"
    for each in (first, second):
        assert each["answers"] == each["calls"]
        assert each["answers"] + each["stored"] == 200
        assert 0 < each["shared"] <= each["stored"]
    assert first["usd"] + second["usd"] == pytest.approx(
        sum(sum(llm._completion(body)["usage"].values()) for body in llm.requests) / 1e6
    )


def test_a_build_that_comes_later_waits_for_what_is_open_only(llm: LLM, build: Callable[..., Build]) -> None:
    """The first one was alone, and had entered nothing."""
    held: list[Body] = []

    def hold(body: Body) -> bool:
        if body not in held and len(held) < 8:
            held.append(body)
        return body in held and not free

    free: list[bool] = []
    llm.hold = hold
    first, second = build(60), build(120)
    first.go()
    until(lambda: len(held) == 8 and llm.open == 8)
    second.go()
    until(lambda: len(llm.requests) == 120)
    assert paid_twice(llm) == 0
    free.append(True)
    one, two = first.result(), second.result()
    assert len(llm.requests) == 120
    assert one["calls"] + two["calls"] == 120
    assert two["shared"] >= 8


def test_what_a_killed_build_had_open_is_all_that_is_sent_again(llm: LLM, build: Callable[..., Build]) -> None:
    llm.latency = 0.05
    first, second = build().go(), build().go()
    until(lambda: len(llm.requests) > 80)
    first.kill(signal.SIGKILL)
    found = second.result()
    assert len(found["texts"]) == 200
    assert paid_twice(llm) <= 8
    assert len(llm.asked) == 200


def test_a_suspended_build_holds_up_another_for_a_while_only(llm: LLM, build: Callable[..., Build]) -> None:
    llm.latency = 0.05
    first, second = build().go(), build().go()
    until(lambda: len(llm.requests) > 80)
    first.suspend()
    found = second.result()
    assert len(found["texts"]) == 200
    assert paid_twice(llm) <= 8
    first.kill(signal.SIGCONT)
    assert first.result()["texts"] == found["texts"]
    assert paid_twice(llm) <= 8


def test_a_build_that_is_suspended_within_a_write_is_named(llm: LLM, build: Callable[..., Build]) -> None:
    llm.latency = 0.05
    first = build().go()
    until(lambda: len(llm.requests) > 40)

    def told() -> str:
        return str(store_error(first.store, sqlite3.OperationalError("database is locked")))

    named = f"for 60 s; suspended are {first.process.pid}: let them go on (kill -CONT) or end them, and build again"
    with closing(sqlite3.connect(first.store, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        first.kill(signal.SIGSTOP)
        assert named not in told(), "it may be at work"
        until(lambda: named in told(), again=0.5)
    first.kill(signal.SIGCONT)
    assert len(first.result()["texts"]) == 200
    assert "for 60 s; end it, and build again" in told()


def test_a_build_that_was_suspended_before_another_came(llm: LLM, build: Callable[..., Build]) -> None:
    llm.latency = 0.05
    first, second = build().go(), build()
    until(lambda: len(llm.requests) > 40)
    first.suspend()
    second.go()
    until(lambda: len(llm.requests) > 120)
    first.kill(signal.SIGCONT)
    assert first.result()["texts"] == second.result()["texts"]
    assert paid_twice(llm) <= 16, "what was open as one of them was suspended, and as it went on"


def test_another_build_may_have_come_and_gone_while_one_was_suspended(llm: LLM, build: Callable[..., Build]) -> None:
    llm.latency = 0.05
    first = build().go()
    until(lambda: len(llm.requests) > 40)
    first.suspend()
    found = build().go().result()
    first.kill(signal.SIGCONT)
    assert first.result()["texts"] == found["texts"]
    assert paid_twice(llm) <= 8


def test_what_failed_for_one_is_tried_by_the_other(llm: LLM, build: Callable[..., Build]) -> None:
    llm.latency = 0.05
    llm.fault = lambda body, coming: "bad_request" if coming == 1 and said_to(body) == "question 3" else ""
    both = [build(20).go(), build(20).go()]
    found = [each.result() for each in both]
    assert sorted(each["failed"] for each in found) in ([0, 1], [0, 0])
    assert paid_twice(llm) == 1


def test_ctrl_c_gives_back_what_was_open(llm: LLM, build: Callable[..., Build], tmp_path: Path) -> None:
    free: list[bool] = []
    llm.hold = lambda body: not free
    first, second = build(8), build(8)
    first.go()
    until(lambda: llm.open == 8)
    second.go()
    with Store(tmp_path / "shared.sqlite") as store:
        until(lambda: store.read("SELECT count(*) FROM claims") == [(8,)])
        first.kill(signal.SIGINT)
        until(lambda: first.process.poll() is not None or first.kill(signal.SIGINT) is not None, again=0.2)
        until(lambda: len(llm.requests) == 16)
        free.append(True)
        assert len(second.result()["texts"]) == 8
        assert store.read("SELECT count(*) FROM claims") == store.read("SELECT count(*) FROM met") == [(0,)]
    assert not (tmp_path / ".shared.sqlite.builds").exists()


def test_a_process_is_told_from_a_dead_one_of_the_same_number(tmp_path: Path) -> None:
    here, other = Presence(tmp_path / "s"), Presence(tmp_path / "s")
    here.enter()
    left = tmp_path / ".s.builds" / f"{os.getpid()}-0123456789ab"
    left.touch()
    assert here.names() == {here.name, left.name}
    until(lambda: not here.others())
    assert not left.exists()
    other.enter()
    assert here.others() == {other.name}
    other.leave()
    assert here.others() == frozenset()
    here.leave()
    assert not left.parent.exists()
