"""The fixtures `clone` and `quickstart`: the README's first command, run once for all tests."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMAND = "uv run hfsft build recipes/quickstart.yaml"


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a fresh clone, as far as the README's commands need one; the quick start is built in it."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "recipes", folder / "recipes")
    return folder


@pytest.fixture(scope="session")
def quickstart(clone: Path) -> str:
    """What the first command of the README prints."""
    done = hfsft(clone, COMMAND)
    assert done.returncode == 0, done.stderr
    return done.stdout


def hfsft(clone: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, as the README has it."""
    words = shlex.split(line, comments=True)
    words = words[words.index("hfsft") + 1 :]
    return run(clone, [sys.executable, "-m", "hfsft", *words])


def run(clone: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Any command, in the clone and with a Hugging Face folder of its own."""
    environment = {**os.environ, "HF_HOME": str(clone / "hf")}
    return subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, text=True, timeout=1200, check=False
    )
