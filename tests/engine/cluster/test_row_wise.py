"""Row-wise steps on a cluster: the same rows, whatever node makes them, whichever dies, however often it is begun."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

import hfsft
from hfsft.cache import DRAFT
from hfsft.engine.on_daft import part_files
from tests.engine.cluster.nodes import Nodes
from tests.engine.on_daft.same import differing

pytestmark = [pytest.mark.cluster, pytest.mark.lasting, pytest.mark.xdist_group("cluster")]
ROOT = Path(__file__).parents[3]
ROWS = 9_000
PART = 500  # rows of a part here, so that there are many
FILTERS = ["repetition", "refusal", {"tokens": {"column": "response", "at_least": 2}}, "pii", "exact_duplicate"]


def recipe_in(folder: Path, rows: int = ROWS) -> Path:
    with (folder / "rows.jsonl").open("w") as file:
        for number in range(rows):
            answer = "I cannot help with that." if number % 7 == 0 else f"Send parcel {number} back within 30 days."
            file.write(json.dumps({"instruction": f"How do I return parcel {number}?", "response": answer}) + "\n")
    told = {"name": "parcels", "license": "mit", "examples": [{"path": "rows.jsonl"}], "filters": FILTERS}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**told, "split": {"validation": 0.1}}))
    return path


def built(recipe: Path, home: Path, out: Path, engine: str, work: Path | None = None) -> None:
    """A build with a home, a cache and small parts of its own."""
    import datasets.config
    import huggingface_hub.constants

    huggingface_hub.constants.HF_HOME = str(home)
    datasets.config.HF_DATASETS_CACHE = home / "datasets"
    os.chdir(recipe.parent)
    part_files.ROWS = PART
    hfsft.build(recipe, out=out, executor=engine, work=work)


def command_of(recipe: Path, home: Path, out: Path, engine: str, work: Path | None = None) -> list[str]:
    """The same build, in a process of its own."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); from tests.engine.cluster.test_row_wise import built; "
        "recipe, home, out, work = map(pathlib.Path, sys.argv[3:]); "
        "built(recipe, home, out, sys.argv[2], work if sys.argv[6] else None)"
    )
    told = [ROOT, engine, recipe, home, out, work or ""]
    return [sys.executable, "-c", code, *map(str, told)]


def passed(work: Path) -> dict[str, int]:
    """The files that are there, each with its number on the disk, which is another one once it is written again."""
    return {path.name: path.stat().st_ino for path in work.rglob("*.parquet") if not path.name.startswith(DRAFT)}


def wait_for(files: int, work: Path, running: Future[Any] | subprocess.Popen[bytes]) -> None:
    """Until so many files are there."""
    until = time.monotonic() + 120
    while len(passed(work)) < files:
        ended = running.done() if isinstance(running, Future) else running.poll() is not None
        assert not ended, running.result() if isinstance(running, Future) else running.returncode
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What this machine builds."""
    folder = tmp_path_factory.mktemp("local")
    subprocess.run(command_of(recipe_in(folder), folder / "home", folder / "out", "local"), check=True)
    return folder / "out" / "parcels"


def test_a_node_that_dies_takes_nothing_along(
    cluster: Nodes, driver: ProcessPoolExecutor, local: Path, tmp_path: Path
) -> None:
    recipe, work = recipe_in(tmp_path), tmp_path / "work"
    running = driver.submit(built, recipe, tmp_path / "home", tmp_path / "out", cluster.engine, work)
    wait_for(ROWS // PART + 3, work, running)
    cluster.kill(cluster.workers[0])
    cluster.add()
    running.result()
    assert differing(local, tmp_path / "out" / "parcels") == []


def test_a_driver_that_is_killed_goes_on_from_what_is_finished(cluster: Nodes, local: Path, tmp_path: Path) -> None:
    recipe, work = recipe_in(tmp_path), tmp_path / "work"
    command = command_of(recipe, tmp_path / "home", tmp_path / "out", cluster.engine, work)
    first = subprocess.Popen(command)
    wait_for(ROWS // PART + 5, work, first)
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(1)  # until its tasks have ended
    before = passed(work)
    subprocess.run(command, check=True)
    after = passed(work)
    assert before == {name: after[name] for name in before}, "what was finished is not written again"
    assert len(after) > len(before)
    assert differing(local, tmp_path / "out" / "parcels") == []
