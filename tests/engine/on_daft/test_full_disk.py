"""A disk that is full within a shuffle: one sentence, nothing half-written counts, and more room is all it takes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.resources import Work
from hfsft.errors import UserError
from tests.engine.spread.works import WORKS

KINDS = {"n": "int64"}
SMALL, LARGE = "size=3m", "size=64m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes in memory, which only some users may make."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", tmp_path], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this user may mount nothing")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


@pytest.mark.lasting
def test_a_round_that_finds_no_room_counts_for_nothing(disk: Path) -> None:
    over = Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(disk), "key"))
    few = over.of(pa.table({"n": np.arange(10)}), KINDS).kept("few")
    many = over.of(pa.table({"n": np.random.default_rng(1).integers(0, 2**60, 1_000_000)}), KINDS)
    with pytest.raises(UserError, match=rf"^{disk}: no room is left there: make room") as raised:
        many.kept("many")
    assert "the same command goes on" in str(raised.value)
    assert over.rounds.known("many") is None
    subprocess.run(["mount", "-o", f"remount,{LARGE}", disk], check=True)
    never = few.through(Work(WORKS + "refusing"), KINDS)
    assert Shuffled(never.frame, KINDS, over.rounds).kept("few").count() == 10, "it is not done again"
    assert many.kept("many").count() == 1_000_000
    assert sorted(many.kept("many").collected()["n"].to_pylist()) == sorted(many.collected()["n"].to_pylist())
