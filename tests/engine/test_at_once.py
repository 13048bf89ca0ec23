"""Builds that are killed, and builds at once, over one cache."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hfsft import cache
from hfsft.engine import run as engine
from hfsft.engine.ledger import Ledger
from hfsft.engine.parts.files import Files
from hfsft.engine.plan import Plan
from tests.engine.parts.test_increments import source
from tests.engine.test_engine import MEASURE, Echo
from tests.waiting import until

BUILD = """
import sys, time
from dataclasses import replace
from pathlib import Path
from hfsft.engine import run as engine
from hfsft.engine.parts.files import Files
from hfsft.engine.ledger import Ledger
from hfsft.engine.plan import Plan
from tests.engine.held import held
from tests.engine.test_engine import MEASURE, Echo
from tests.engine.parts.test_increments import source

folder, rows, hold = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
ids = [f"r{number}" for number in range(rows)]

def slow(batch):
    if "r2500" in "".join(batch["text"]):  # the third batch: two are in a draft by then
        hold.touch()
        while hold.exists():
            time.sleep(0.01)
    return MEASURE.function(batch)

steps = (source(ids), replace(MEASURE, work=held(slow)))
print(len(engine.run(Plan("toy", steps), Echo(), folder, Ledger())))
"""


def begun(folder: Path, hold: Path, rows: int = 4000) -> subprocess.Popen[str]:
    """A build of another process, which waits in its third batch until `hold` is taken away."""
    command = [sys.executable, "-c", BUILD, str(folder), str(rows), str(hold)]
    root = Path(__file__).parents[2]
    build = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: hold.exists() or build.poll() is not None)
    assert build.poll() is None, build.communicate()
    return build


def run(folder: Path, rows: int = 4000) -> Any:
    steps = (source([f"r{number}" for number in range(rows)]), MEASURE)
    return engine.run(Plan("toy", steps), Echo(), folder, Ledger())


def drafts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(cache.DRAFT)]


def test_what_a_killed_build_left_is_not_read_and_goes(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    build = begun(folder, tmp_path / "hold")
    assert drafts(folder)
    build.send_signal(signal.SIGKILL)
    build.communicate()
    assert run(folder)["length"][:] == run(tmp_path / "other")["length"][:]
    assert not drafts(folder)
    assert {path.name for path in folder.iterdir()} == {path.name for path in (tmp_path / "other").iterdir()}


def test_two_builds_at_once_leave_each_other_alone(tmp_path: Path, monkeypatch: Any) -> None:
    folder, hold = tmp_path / "cache", tmp_path / "hold"
    build = begun(folder, hold)
    began = drafts(folder)
    assert len(run(folder)) == 4000
    assert drafts(folder) == began, "the other's drafts stay"
    for path in cache.made(folder):
        os.utime(path, (1, 1))
    before = set(cache.made(folder))
    cache.settle(folder, "one", time.time() - 10)
    cache.settle(folder, "two", time.time())
    assert set(cache.made(folder)) == before, "nothing goes while another build is at work"
    monkeypatch.setattr(cache, "cache_folder", lambda name: folder)
    assert cache.prune("toy") is None
    hold.unlink()
    out, errors = build.communicate(timeout=60)
    assert (build.returncode, out) == (0, "4000\n"), errors
    assert not drafts(folder)
    assert cache.prune("toy") is not None
    assert not cache.made(folder)
    assert len(run(folder)) == 4000


def test_files_that_go_while_a_build_reads_them_are_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    rows = run(folder)
    files = Files(folder)
    cache.forget(folder)
    assert files.table("no", "all") is None
    assert rows["length"][3999] == run(folder)["length"][3999]


@pytest.mark.parametrize("many", [1, 3])
def test_a_build_shows_that_it_is_at_work(tmp_path: Path, many: int) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        for _ in range(many):
            stack.enter_context(cache.at_work(tmp_path))
        assert cache.others_at_work(tmp_path)
    assert not cache.others_at_work(tmp_path)
    assert not list(tmp_path.iterdir())
