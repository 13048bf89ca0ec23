"""A machine that is lost, or the command, while its processes are at the work of a shuffle: in each kind of step."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

import hfsft
from hfsft.engine.on_daft import part_files
from hfsft.pipeline.engines import Engine
from hfsft.similarity.lexical import similar_pairs
from tests.engine.cluster.nodes import Nodes
from tests.engine.cluster.signals import go_on, never_ended, signals, where_it_runs
from tests.engine.cluster.test_askers import SECTIONS, answer, put
from tests.engine.cluster.test_row_wise import ROOT, passed
from tests.engine.on_daft.same import differing
from tests.fuzz.test_builds import alone
from tests.models.server import LLM

pytestmark = [pytest.mark.cluster, pytest.mark.lasting, pytest.mark.xdist_group("cluster")]
WORDS = ["lamp", "chair", "parcel", "table", "window", "garden", "river", "stone", "bread", "paper", "ladder"]
ROWS, PART = 400, 80  # so many rows, in parts of so many
STEPS = {
    "exact_duplicate": "in_groups",
    "near_duplicate": "met",
    "near_duplicate, counted exactly": "comparing",
    "families": "of_its_own",
    "what is brought to the parts": "bringing",
}


def recipe_in(folder: Path) -> Path:
    draw = random.Random(4)
    with (folder / "rows.jsonl").open("w") as file:
        said: list[str] = []
        for number in range(ROWS):
            words = draw.choices(WORDS, k=12) if number % 4 else draw.choice(said or [" ".join(WORDS)]).split()
            words[draw.randrange(len(words))] = words[0] if number % 8 else f"word{number}"
            said.append(" ".join(words))
            file.write(json.dumps({"instruction": said[-1], "response": f"Send it back: {number % 90}."}) + "\n")
    filters = [{"exact_duplicate": {"column": "response", "at_most": 3}}, "near_duplicate"]
    told = {"name": "toy", "license": "mit", "examples": [{"path": "rows.jsonl"}], "filters": filters}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**told, "split": {"validation": 0.1}}))
    return path


def built(path: Path, folder: Path, executor: Any = None) -> None:
    """A build of its own, of small parts; no two of its texts are compared by each other alone."""
    with pytest.MonkeyPatch.context() as patch:
        alone(patch, folder)
        patch.chdir(path.parent)
        patch.setattr(part_files, "ROWS", PART)
        patch.setattr(similar_pairs, "FEW", 10)
        hfsft.build(path, out=folder / "out", executor=executor)


def by_rounds(path: Path, folder: Path, engine: str, function: str) -> list[str]:
    """The same on a cluster, each step that sees all rows by rounds; the errors that queries ended with, if any did."""
    executor = Engine(engine, work=str(folder / "work")).executor()
    assert executor
    with signals(function, folder / "signals") as raised:
        built(path, folder, partial(executor, spread_from=0))  # type: ignore[call-arg]
    return raised


def command(path: Path, folder: Path, engine: str, function: str) -> list[str]:
    """That, in a process of its own."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); "
        "from tests.engine.cluster.test_killed_within import by_rounds; "
        "by_rounds(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), *sys.argv[4:])"
    )
    return [sys.executable, "-c", code, *map(str, (ROOT, path, folder, engine, function))]


def running(folder: Path) -> Path:
    (folder / "signals").mkdir(parents=True)
    return folder / "signals"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What this machine builds."""
    folder = tmp_path_factory.mktemp("local")
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); "
        "from tests.engine.cluster.test_killed_within import built; built(*map(pathlib.Path, sys.argv[2:]))"
    )
    told = [ROOT, recipe_in(folder), folder]
    subprocess.run([sys.executable, "-c", code, *map(str, told)], check=True)
    return folder / "out" / "toy"


def lost(cluster: Nodes, signals: Path, ended: Any) -> None:
    """Kill the node that is at work, and bring another."""
    address = where_it_runs(signals, ended)
    cluster.kill(next(node for node in cluster.workers if node.node_ip_address == address))
    ran = go_on(signals)
    cluster.add()
    assert any(each.startswith(address) for each in never_ended(signals, ran)), "it was hit within its work"


def still(there: Future[Any]) -> None:
    assert not there.done(), there.result()


@pytest.mark.parametrize("step", STEPS)
def test_a_machine_is_lost_within_a_step(
    cluster: Nodes, driver: ProcessPoolExecutor, local: Path, tmp_path: Path, step: str
) -> None:
    path, told = recipe_in(tmp_path), running(tmp_path)
    there = driver.submit(by_rounds, path, tmp_path, cluster.engine, STEPS[step])
    lost(cluster, told, lambda: still(there))
    there.result(timeout=300)
    assert differing(local, tmp_path / "out" / "toy") == []


def test_a_machine_is_lost_among_groups(
    cluster: Nodes, driver: ProcessPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LLM(reply=answer) as llm:
        here, there = tmp_path / "here", tmp_path / "there"
        path, told = put(tmp_path, llm, 30, **SECTIONS), running(there)
        built(path, here)
        sent = len(llm.requests)
        found = driver.submit(by_rounds, path, there, cluster.engine, "grouping")
        lost(cluster, told, lambda: still(found))
        found.result(timeout=300)
        assert differing(here / "out" / "toy", there / "out" / "toy") == []
        assert len(llm.requests) == 2 * sent, "no answer is paid for twice"


def test_the_command_is_killed_within_a_shuffle(cluster: Nodes, local: Path, tmp_path: Path) -> None:
    path, told = recipe_in(tmp_path), running(tmp_path)
    first = subprocess.Popen(command(path, tmp_path, cluster.engine, "comparing"))
    where_it_runs(told, lambda: still_there(first))
    first.kill()
    first.wait()
    go_on(told)
    before = passed(tmp_path / "work")
    subprocess.run(command(path, tmp_path, cluster.engine, ""), check=True)
    after = passed(tmp_path / "work")
    assert before == {name: after[name] for name in before}, "what was finished is not written again"
    assert len(after) > len(before)
    assert differing(local, tmp_path / "out" / "toy") == []


def still_there(process: subprocess.Popen[bytes]) -> None:
    assert process.poll() is None, process.returncode


def test_all_machines_are_taken_away_and_others_come(
    cluster: Nodes, driver: ProcessPoolExecutor, local: Path, tmp_path: Path
) -> None:
    path, told = recipe_in(tmp_path), running(tmp_path)
    there = driver.submit(by_rounds, path, tmp_path, cluster.engine, "met")
    where_it_runs(told, lambda: still(there))
    number = len(cluster.workers)
    for node in list(cluster.workers):
        cluster.kill(node)
    go_on(told)
    time.sleep(20)  # until whoever asked knows of it, and finds no machine that works
    for _ in range(number):
        cluster.add()
    there.result(timeout=400)
    assert differing(local, tmp_path / "out" / "toy") == []
