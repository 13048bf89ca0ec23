"""A process that takes part in a cluster: work on any node, actors, what is said where something is wrong."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hfsft.engine.cluster.carried import ActorGoneError
from hfsft.engine.cluster.connection import Cluster, connected
from hfsft.engine.cluster.head_address import ClusterAddress
from hfsft.errors import Problem, RecipeError, UserError, place_of
from tests.engine.cluster.nodes import Nodes

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def of(engine: str) -> Cluster:
    return connected(ClusterAddress.of(engine), 2)


class Counting:
    """Some state, and how it is lost."""

    def __init__(self, start: int) -> None:
        self.count = start

    def more(self, by: int) -> int:
        self.count += by
        return self.count

    def wrong(self) -> None:
        raise RecipeError([Problem(place_of("recipe.yaml", 3, 1), "no such thing")])

    def die(self) -> None:
        os._exit(1)


class InLoop(Counting):
    async def later(self, by: int) -> int:
        return self.more(by)


def where(name: str) -> str:
    """Which process it is; it fails for a file that is not there."""
    return f"{os.getpid()} {len(Path(name).read_text())}"


def each(engine: str, files: list[str]) -> Any:
    return of(engine).each(where, files)


def counted(engine: str) -> Any:
    cluster = of(engine)
    found = []
    for kind in (Counting, InLoop):
        actor = cluster.actor(kind, 3, restarts=1, here=True)
        found.append(actor.call("more", 4).result(60))
        with pytest.raises(RecipeError, match=r"recipe\.yaml:3:1: no such thing") as wrong:
            actor.call("wrong").result(60)
        assert wrong.value.problems[0].message == "no such thing"
        with pytest.raises(ActorGoneError):
            actor.call("die").result(60)
        for _ in range(100):  # it is started again
            try:
                found.append(actor.call("later" if kind is InLoop else "more", 5).result(60))
                break
            except ActorGoneError:
                pass
        actor.end()
    return found, cluster.told, cluster.askers


def test_work_goes_to_other_processes(cluster: Nodes, driver: ProcessPoolExecutor, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("four")
    found = driver.submit(each, cluster.engine, [str(tmp_path / "there")] * 8).result()
    assert all(line.endswith(" 4") for line in found)
    assert str(os.getpid()) not in {line.split()[0] for line in found}
    missing = tmp_path / "not there"
    with pytest.raises(UserError, match=r"not there is not there on node 127\.0\.0\.\d+: files that a recipe names"):
        driver.submit(each, cluster.engine, [str(tmp_path / "there"), str(missing)]).result()


def quick(number: int) -> int:
    time.sleep(0.002 * (number % 5))
    return number


def interrupted(engine: str, times: int) -> None:
    """Many short tasks, and Ctrl-C among them, so many times."""
    cluster, draw = of(engine), random.Random(1)
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    for _ in range(times):
        signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.05, 0.25))
        with pytest.raises(KeyboardInterrupt):
            cluster.each(quick, range(100_000))


@pytest.mark.lasting
def test_work_that_is_interrupted_leaves_the_process_whole(cluster: Nodes) -> None:
    process = multiprocessing.get_context("spawn").Process(target=interrupted, args=(cluster.engine, 60))
    process.start()
    process.join(120)
    assert process.exitcode == 0


def test_actors(cluster: Nodes, driver: ProcessPoolExecutor) -> None:
    found, told, askers = driver.submit(counted, cluster.engine).result()
    assert (found, askers) == ([7, 8, 7, 8], 2)
    assert told == f"works on the Ray cluster at {cluster.engine.removeprefix('ray://')}: 2 nodes with 2 CPUs"
