"""The process that draws: what becomes of a job where it ends or hangs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hfsft.pipeline.building import run
from hfsft.release.report import vega

ENDS_ONCE = """
import os, sys
job = sys.stdin.readline()
if not os.path.exists(sys.argv[1]):
    open(sys.argv[1], "w").close()
    os._exit(int(sys.argv[2]))  # as its timer does, at the moment at which a job comes
print('""', flush=True)
sys.stdin.readline()
"""
HANGS = """
import sys, time, types
from hfsft.release.report import vega
hangs = types.ModuleType("vl_convert")
hangs.vegalite_to_png = lambda spec: time.sleep(60)
sys.modules["vl_convert"] = hangs
vega.SECONDS = 0.1
vega._serve()
"""


@pytest.mark.parametrize(("code", "said"), [(vega.IDLE, ""), (vega.HUNG, "the process that draws ended (exit code 1)")])
def test_a_job_that_meets_the_end_of_an_idle_process_is_done_by_another(
    code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", ENDS_ONCE, str(tmp_path / "ended"), str(code)]
    monkeypatch.setattr(vega, "_running", None)
    monkeypatch.setattr(vega.isolated, "command", lambda module: command)
    ended: list[subprocess.Popen[str]] = []
    monkeypatch.setattr(vega.atexit, "register", lambda end, process: ended.append(process))
    try:
        assert vega._wrong({}) == said
    finally:
        for process in ended:
            vega._end(process)


def test_a_process_that_hangs_before_its_first_job_ends() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], input="", text=True, timeout=60, check=False)
    assert done.returncode == vega.HUNG


def test_the_process_starts_only_where_a_picture_is_not_there(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[list[str]] = []
    asked = vega._wrong

    def wrong(job: dict[str, Any]) -> str:
        jobs.append(list(job))
        return asked(job)

    monkeypatch.setattr(vega, "_wrong", wrong)
    rows = [{"instruction": f"Question {number}?", "response": "It is there. " * number} for number in range(1, 9)]
    recipe = {"name": "drawn", "examples": [{"rows": rows}]}
    _, folder = run(recipe, out=tmp_path / "first")
    assert "pictures" in [each for job in jobs for each in job]
    jobs.clear()
    _, again = run(recipe, out=tmp_path / "second")
    assert jobs == []
    assert sorted(folder.glob("assets/*"))
    assert [each.name for each in sorted(again.glob("assets/*"))] == [
        each.name for each in sorted(folder.glob("assets/*"))
    ]
