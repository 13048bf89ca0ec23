"""Whole builds over folders of every kind: in a store, on a full disk, and used from another home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import fsspec
import pytest
import yaml

import hfsft
from hfsft.cache import DRAFT
from hfsft.engine.on_daft import part_files
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.pipeline.engines import Engine
from tests.engine.on_daft.same import differing

ROWS, PART = 300, 50
ROOM = 40 << 20  # bytes of the small disk


def recipe_in(folder: Path, rows: int = ROWS) -> Path:
    with (folder / "rows.jsonl").open("w") as file:
        for number in range(rows):
            said = " ".join(f"{number * place * 7919 % 100_003}" for place in range(1, 60))
            file.write(json.dumps({"instruction": f"What is parcel {number}?", "response": f"It holds {said}."}) + "\n")
    told = {"name": "parcels", "license": "mit", "examples": [{"path": "rows.jsonl"}], "split": {"validation": 0.1}}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**told, "filters": ["repetition", "refusal", "exact_duplicate"]}))
    return path


def build(recipe: Path, home: Path, monkeypatch: pytest.MonkeyPatch, work: str | None = None) -> Path:
    """A build with a home of its own, in parts of a few rows where there is a work folder."""
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.chdir(recipe.parent)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HOME", str(home))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "datasets")
    with monkeypatch.context() as patch:
        if work is not None:
            patch.setattr(part_files, "ROWS", PART)
            patch.setattr(part_files, "BATCH", PART)
            patch.setattr(Engine, "executor", lambda *_: partial(OnDaft, work=work))
        hfsft.build(recipe, out=home / "out", executor="daft" if work else "local")
    return home / "out" / "parcels"


def test_a_build_in_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """memory:// stands for gs:// and hf://buckets, which are reached in the same way."""
    recipe, work = recipe_in(tmp_path), f"memory://{tmp_path.name}"
    local = build(recipe, tmp_path / "one", monkeypatch)
    assert differing(local, build(recipe, tmp_path / "two", monkeypatch, work)) == []
    files = fsspec.filesystem("memory").find(f"/{tmp_path.name}")
    assert len([name for name in files if name.endswith(".parquet")]) >= ROWS // PART
    assert not [path for path in (tmp_path / "two").rglob("*.parquet") if "out" not in path.parts], "none lies here"


@pytest.mark.lasting
def test_another_home_goes_on_from_the_parts_of_a_work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sides of the split are drawn again, as each home remembers its own; they come to the same files."""
    recipe, work = recipe_in(tmp_path), tmp_path / "work"
    one = build(recipe, tmp_path / "one", monkeypatch, str(work))
    parts = {path.name: path.stat().st_ino for path in work.rglob("*.parquet") if not path.name.startswith(DRAFT)}
    assert differing(one, build(recipe, tmp_path / "two", monkeypatch, str(work))) == []
    after = {path.name: path.stat().st_ino for path in work.rglob("*.parquet")}
    assert len(parts) > 4 * ROWS // PART
    assert after == parts


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)]
    try:
        subprocess.run(mounted, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may mount nothing")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.lasting
def test_a_disk_that_is_full(disk: Path, tmp_path: Path) -> None:
    """One error that says where and what to do, and the same command goes on once there is room."""
    recipe = recipe_in(tmp_path, 1500)
    build = begun(recipe, tmp_path, disk)
    first = wait_for_parts(build, disk)
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1 << 16))
    _, said = build.communicate()
    assert build.returncode == 1, said
    assert "no room is left there: make room (what was finished is kept" in " ".join(said.split())
    assert "Traceback" not in said
    assert not [path for path in disk.rglob(f"{DRAFT}*") if path.is_file()], "nothing half-written is left"
    (disk / "filler").unlink()
    _, said = begun(recipe, tmp_path, disk).communicate()
    assert (tmp_path / "out" / "parcels").is_dir(), said
    assert first.items() <= finished(disk).items(), "what was finished is not written again"


@pytest.mark.lasting
@pytest.mark.parametrize("count", [1, 3, 6])
def test_ctrl_c(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command goes on from what was finished, and comes to the same rows."""
    recipe, cache = recipe_in(tmp_path, 1500), tmp_path / "cache"
    one = build(recipe, tmp_path / "one", monkeypatch)
    first = begun(recipe, tmp_path, cache)
    before = wait_for_parts(first, cache, count)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate()
    assert first.returncode == 130, said
    assert "interrupted: answers so far are kept; go on with\n  hfsft build " in said
    assert "Traceback" not in said
    _, said = begun(recipe, tmp_path, cache).communicate()
    assert before.items() <= finished(cache).items(), "what was finished is not written again"
    assert differing(one, tmp_path / "out" / "parcels") == [], said


def begun(recipe: Path, folder: Path, cache: Path) -> subprocess.Popen[str]:
    """The command in a process of its own, which keeps parts in the cache."""
    command = [sys.executable, "-m", "hfsft", "build", str(recipe), "--engine", "daft", "--out", str(folder / "out")]
    homes = {"HF_HOME": str(folder / "home"), "HF_DATASETS_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env={**os.environ, **homes}, cwd=folder, text=True, **pipes)


def wait_for_parts(build: subprocess.Popen[str], disk: Path, count: int = 1) -> dict[str, int]:
    """So many parts or more, as soon as they are there."""
    while len(found := finished(disk)) < count:
        assert build.poll() is None, build.communicate()
        time.sleep(0.01)
    return found


def finished(disk: Path) -> dict[str, int]:
    """The parts that are there, each with its number on the disk."""
    return {path.name: path.stat().st_ino for path in disk.rglob("*.parquet") if not path.name.startswith(DRAFT)}
