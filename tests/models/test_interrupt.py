"""Ctrl-C once, Ctrl-C twice, kill -9 at any moment: nothing that was paid for is lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hfsft.models.limits.usage import Progress
from hfsft.models.requester import Patience
from hfsft.models.store.store import Store
from tests.models.fixture import rows
from tests.models.server import LLM
from tests.waiting import until

ROOT = Path(__file__).parents[2]
# Imports once and then forks for each build: so a kill may come at the very start, and costs no second.
CHILD = """
import os, sys
from pathlib import Path
import hfsft.models.http.client
from hfsft.models.model import Model
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from tests.models.fixture import rows

url, store, count, concurrency = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
model = Model(model="m-1", base_url=url, concurrency=concurrency)
for line in sys.stdin:
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("ended", flush=True)
        continue
    with Pool({"m": model}, Store(store)) as pool:
        assert not pool.drive("generate", rows(count), total=count)
        for _, start in rows(count):
            print(pool.replay(start))
    sys.stdout.flush()
    os._exit(0)
"""


class Builds:
    """Builds in processes of their own, over one store."""

    def __init__(self, llm: LLM, store: Path, count: int, concurrency: int) -> None:
        arguments = [sys.executable, "-c", CHILD, llm.url, str(store), str(count), str(concurrency)]
        self._parent = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=ROOT
        )

    def run(self, kill_when: Callable[[], bool] | None = None) -> list[str]:
        """One build, killed as soon as this holds; what it printed."""
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write("go\n")
        pid = int(self._parent.stdout.readline())
        if kill_when is not None:
            until(kill_when, again=0.001)
            os.kill(pid, signal.SIGKILL)
        return list(iter(self._parent.stdout.readline, "ended\n"))

    def end(self) -> None:
        self._parent.communicate()


def test_killed_again_and_again_it_asks_at_most_the_open_requests_twice(tmp_path: Path, llm: LLM) -> None:
    count, concurrency, kills = 800, 8, 10
    llm.latency = 0.02
    chance = random.Random(os.environ.get("HFSFT_SEED", "7"))
    builds = Builds(llm, tmp_path / "killed.sqlite", count, concurrency)
    done = 0
    for _ in range(kills):
        # At the very start, or at any moment after: fewer kills than rows, so that each build meets its own.
        most = len(llm.requests) + chance.choice([0, chance.randrange(60)])
        builds.run(kill_when=lambda most=most: len(llm.requests) >= most)
        with Store(tmp_path / "killed.sqlite") as store:
            kept = store.read("SELECT count(*) FROM answers")[0][0]
            assert kept >= done
            done = kept
        llm.settle()
    assert 0 < done < count
    before = len(llm.requests)
    assert before <= done + kills * concurrency
    killed = builds.run()
    assert len(llm.requests) - before == count - done
    builds.end()
    undisturbed = Builds(llm, tmp_path / "whole.sqlite", count, concurrency)
    assert undisturbed.run() == killed
    assert len(killed) == count
    undisturbed.end()


@contextlib.contextmanager
def interrupted(
    llm: LLM, when: Callable[[], bool], states: list[Progress], *, again: bool = False, answered: bool = True
) -> Iterator[None]:
    """Ctrl-C as soon as `when` holds, and `again` once that is heard; the block must end with KeyboardInterrupt.

    The server holds its answers until then; `answered` lets them come after it.
    """
    llm.hold = lambda body: True

    def press() -> None:
        until(when, again=0.005)
        os.kill(os.getpid(), signal.SIGINT)
        until(lambda: any(state.stopping for state in states), again=0.005)
        if again:
            os.kill(os.getpid(), signal.SIGINT)
        if answered:
            llm.hold = None

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        yield
    thread.join()
    llm.hold = None


def test_ctrl_c_once_stores_the_open_requests_and_sends_no_more(llm: LLM, make_pool, store: Store) -> None:
    states: list[Progress] = []
    with interrupted(llm, lambda: llm.open >= 32, states):
        make_pool(model={"concurrency": 32}, on_progress=states.append).drive("generate", rows(500), total=500)
    sent = len(llm.requests)
    assert sent == 32
    assert store.read("SELECT count(*) FROM answers") == [(sent,)]
    assert any(state.stopping and state.open for state in states)
    make_pool().drive("generate", rows(500), total=500)
    assert len(llm.requests) == 500


def test_ctrl_c_while_waiting_between_tries_ends_at_once(llm: LLM, make_pool) -> None:
    llm.fault = lambda body, coming: "500"
    states: list[Progress] = []
    patience = Patience(first_pause=600, longest_pause=600)
    with interrupted(llm, lambda: llm.met["500"] > 10, states):
        llm.hold = None
        make_pool(patience=patience, on_progress=states.append).drive("generate", rows(50), total=50)


def test_ctrl_c_twice_leaves_now(llm: LLM, make_pool, monkeypatch) -> None:
    monkeypatch.setattr("hfsft.models.drive.GRACE_SECONDS", 600)
    states: list[Progress] = []
    with interrupted(llm, lambda: llm.open > 0, states, again=True, answered=False):
        make_pool(on_progress=states.append, model={"timeout": 600}).drive("generate", rows(50), total=50)


def test_requests_that_outlast_the_grace_are_given_up(llm: LLM, make_pool, monkeypatch) -> None:
    monkeypatch.setattr("hfsft.models.drive.GRACE_SECONDS", 0.3)
    states: list[Progress] = []
    with interrupted(llm, lambda: llm.open > 0, states, answered=False):
        make_pool(on_progress=states.append, model={"timeout": 600}).drive("generate", rows(50), total=50)


def test_the_pool_goes_on_after_an_interrupt(llm: LLM, make_pool) -> None:
    states: list[Progress] = []
    pool = make_pool(on_progress=states.append)
    with interrupted(llm, lambda: llm.open > 0, states):
        pool.drive("generate", rows(100), total=100)
    assert pool.drive("generate", rows(100), total=100) == {}
    assert json.dumps(pool.usage.as_dict())
