"""Askers on a cluster: what one process makes, whatever dies on the way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from hfsft.models.store.store import Store
from tests.engine.cluster.nodes import Nodes
from tests.engine.cluster.test_askers import answer, outcome, put
from tests.engine.stored.s3_server import KEYS, bucket, s3_server
from tests.fuzz.test_builds import alone
from tests.models.server import LLM
from tests.waiting import until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

KEY = "sk-of-a-test"


def on_cluster(engine: str, askers: int, path: Path, folder: Path, work: str | None = None) -> Any:
    """What comes of a recipe whose models askers ask."""
    from hfsft.engine.cluster.askers import Askers
    from hfsft.engine.cluster.connection import connected
    from hfsft.engine.cluster.head_address import ClusterAddress
    from hfsft.engine.on_daft.daft_executor import OnDaft
    from hfsft.errors import UserError

    with pytest.MonkeyPatch.context() as patch:
        alone(patch, folder)
        patch.setenv("ASK_KEY", KEY)  # the processes of the cluster were started without it
        for name, value in KEYS.items():
            patch.setenv(name, value)
        cluster = connected(ClusterAddress.of(engine), askers)
        try:
            where = work or str(folder / "work")
            return outcome(path, partial(OnDaft, work=where, cluster=cluster, askers=Askers(cluster)))
        except UserError as error:
            return type(error).__name__, str(error), 0


def asked_of(found: Any) -> int:
    """The rows that were asked for an answer."""
    return next(rows for step, rows, *_ in found[1] if step == "generate")


def soon(true: Callable[[], bool], again: float) -> None:
    """Wait until a process has come so far as to ask: it imports all that it needs first."""
    end = time.monotonic() + 150
    while not true():
        assert time.monotonic() < end
        time.sleep(again)


def askers(port: int) -> list[int]:
    """The processes that have connections to a server of this one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(each.raddr and each.raddr.port == port for each in process.net_connections("tcp")):
                found.append(process.pid)
    return [pid for pid in found if pid != os.getpid()]


def test_the_same_rows_calls_and_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Nodes, driver: ProcessPoolExecutor
) -> None:
    with LLM(reply=answer, key=KEY) as llm:
        alone(monkeypatch, tmp_path)
        monkeypatch.setenv("ASK_KEY", KEY)
        keyed = {"base_url": llm.url, "concurrency": 8, "api_key_env": "ASK_KEY"}
        path = put(tmp_path, llm, 30, models={each: {"model": f"{each}-1", **keyed} for each in ("writer", "judge")})
        rows, spent, usage = outcome(path)
        asked = Counter(llm.asked)
        llm.asked.clear()
        there = driver.submit(on_cluster, cluster.engine, 2, path, tmp_path / "there")
        found, spent_there, usage_there = there.result(200)
        assert found == rows
        assert Counter(llm.asked) == asked
        assert (spent_there, usage_there) == (spent, usage)


@pytest.mark.lasting
def test_rows_that_lie_in_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Nodes, driver: ProcessPoolExecutor
) -> None:
    """A build that went out of its budget, and the next one, which goes on: together what one process asks."""
    with LLM(reply=answer) as llm, s3_server() as address:
        bucket(address, "asked")
        work = f"s3://asked/rows?endpoint_override={address}"
        alone(monkeypatch, tmp_path)
        path = put(tmp_path, llm, 30)
        rows, *_ = outcome(path)
        asked = Counter(llm.asked)
        llm.asked.clear()
        put(tmp_path, llm, 30, budget={"calls": 40})
        there = driver.submit(on_cluster, cluster.engine, 2, path, tmp_path / "there", work)
        assert there.result(200)[0] == "BudgetError", there.result()
        assert sum(llm.asked.values()) == 40
        put(tmp_path, llm, 30)
        there = driver.submit(on_cluster, cluster.engine, 2, path, tmp_path / "there", work)
        assert there.result(200)[0] == rows
        assert Counter(llm.asked) == asked
        assert not list((tmp_path / "there").rglob("*.parquet")), "no row lies here"


@pytest.mark.lasting
def test_an_asker_that_is_killed_repeats_what_was_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Nodes, driver: ProcessPoolExecutor
) -> None:
    with LLM(reply=answer, latency=0.1) as llm:
        alone(monkeypatch, tmp_path)
        sections: dict[str, Any] = dict.fromkeys(("evolve", "judge", "filters"))
        path = put(tmp_path, llm, 300, **sections, generate={}, budget={"calls": 310})
        there = driver.submit(on_cluster, cluster.engine, 2, path, tmp_path / "there")
        soon(lambda: llm.answered > 60 and llm.open == 8, again=0.01)  # both ask
        victim, *others = askers(int(llm.url.split(":")[2].split("/")[0]))
        assert len(others) == 1
        os.kill(victim, signal.SIGKILL)
        found, _, usage = there.result(200)
        repeated = sum(number - 1 for number in llm.asked.values())
        assert asked_of(found) == len(llm.asked)
        assert 0 < repeated <= 8, "its requests that were open"
        assert len(llm.requests) == usage["calls"] <= 310


@pytest.mark.lasting
def test_the_next_build_goes_on_behind_one_whose_driver_died(
    tmp_path: Path, cluster: Nodes, driver: ProcessPoolExecutor
) -> None:
    with LLM(reply=answer, latency=0.1) as llm:
        path = put(tmp_path, llm, 200, **dict.fromkeys(("evolve", "judge", "filters")), generate={})
        context = multiprocessing.get_context("spawn")
        other = context.Process(target=on_cluster, args=(cluster.engine, 2, path, tmp_path / "there"))
        other.start()
        soon(lambda: llm.answered > 60, again=0.01)
        other.kill()
        other.join()
        until(lambda: not llm.open, again=0.05)
        sent = len(llm.requests)
        there = driver.submit(on_cluster, cluster.engine, 2, path, tmp_path / "there")
        found, *_ = there.result(200)
        assert asked_of(found) == len(llm.asked)
        repeated = sum(number - 1 for number in llm.asked.values())
        assert sent < 200
        assert repeated <= 16, "what was open in both askers"


@pytest.mark.lasting
def test_ctrl_c_stores_what_is_open_and_ends(tmp_path: Path, cluster: Nodes, driver: ProcessPoolExecutor) -> None:
    with LLM(reply=answer, latency=0.3) as llm:
        path = put(tmp_path, llm, 200, **dict.fromkeys(("evolve", "judge", "filters")), generate={})
        context = multiprocessing.get_context("spawn")
        other = context.Process(target=on_cluster, args=(cluster.engine, 2, path, tmp_path / "there"))
        other.start()
        soon(lambda: llm.answered > 40, again=0.01)
        os.kill(other.pid or 0, signal.SIGINT)
        other.join(30)
        assert other.exitcode == 1
        llm.settle()
        sent = len(llm.requests)
        with Store(tmp_path / "there" / "hf" / "hfsft" / "responses.sqlite") as store:
            assert store.read("SELECT count(*) FROM answers") == [(sent,)]
        assert sent < 200
