"""Rounds on a cluster come to what one process does, whichever machine is lost meanwhile."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hfsft.engine.cluster.connection import connected
from hfsft.engine.cluster.head_address import ClusterAddress
from hfsft.engine.on_daft.queries import use_cluster
from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.resources import Work
from hfsft.engine.spread.components import COMPONENT, components
from hfsft.engine.spread.in_memory import AllHere
from hfsft.engine.spread.scattered import NUMBER, Scattered
from hfsft.errors import InternalError
from tests.engine.cluster.nodes import Nodes
from tests.engine.spread.works import SIZES, WORKS

pytestmark = [pytest.mark.cluster, pytest.mark.lasting, pytest.mark.xdist_group("cluster")]
KINDS = {"a": "string", "n": "int64"}
PAIRS = {"one": "int64", "other": "int64"}
WORDS = ("grouped", "joined", "told", "distinct", "components")


def made(word: str, rows: Scattered, pairs: Scattered, work: str) -> list[tuple[Any, ...]]:
    """What a kind of shuffle comes to."""
    other = rows.only({"a": "a", "m": "n"}).told(["a"], {"m": ("max", "m")})
    if word == "grouped":
        found = rows.grouped(["a"], Work(WORKS + work), SIZES).kept(word)
    elif word == "joined":
        found = rows.through(Work(WORKS + "slowly"), KINDS).joined(other, ["a"]).kept(word)
    elif word == "told":
        found = rows.through(Work(WORKS + "slowly"), KINDS).told(["a"], {"least": ("min", "n")}).kept(word)
    elif word == "distinct":
        found = rows.through(Work(WORKS + "slowly"), KINDS).only(["a"]).distinct().kept(word)
    else:
        found = components(pairs, few=0).only([NUMBER, COMPONENT]).kept(word)
    return sorted(tuple(row.values()) for row in found.collected().to_pylist())


def tables() -> tuple[pa.Table, pa.Table]:
    draw = np.random.default_rng(3)
    rows = pa.table({"a": [f"key {each}" for each in draw.integers(0, 400, 4000).tolist()], "n": np.arange(4000)})
    chain = np.arange(60)
    return rows, pa.table({"one": chain, "other": chain + 1})


def on_ray(engine: str, folder: str, word: str, work: str = "sizes_slowly") -> list[tuple[Any, ...]]:
    cluster = connected(ClusterAddress.of(engine), 1)
    use_cluster()
    over = Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(folder), word, cluster))
    rows, pairs = tables()
    return made(word, over.of(rows, KINDS), over.of(pairs, PAIRS), work)


def wanted(word: str) -> list[tuple[Any, ...]]:
    rows, pairs = tables()
    return made(word, AllHere(rows, KINDS), AllHere(pairs, PAIRS), "sizes_slowly")


@pytest.mark.parametrize("word", WORDS)
def test_a_machine_is_lost_within_a_round(
    cluster: Nodes, driver: ProcessPoolExecutor, tmp_path: Path, word: str
) -> None:
    at_work = driver.submit(on_ray, cluster.engine, str(tmp_path), word)
    time.sleep(2)
    cluster.kill(cluster.workers[0])
    cluster.add()
    assert at_work.result(timeout=200) == wanted(word)


def test_an_error_on_another_machine_comes_through(cluster: Nodes, driver: ProcessPoolExecutor, tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="made the columns"):
        driver.submit(on_ray, cluster.engine, str(tmp_path), "grouped", "fewer").result(timeout=200)
