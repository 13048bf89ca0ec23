"""Shards that others write into a folder which all see: the same bytes, written once, and anew where broken."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from datasets import Dataset

from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.ordering.streamed_rows import OfDataset
from hfsft.engine.processes.hands import done
from hfsft.errors import UserError
from hfsft.release.folder import parquet
from hfsft.release.shards.row_shards import Beside, RowShard, shards
from hfsft.release.shards.shared_shards import SharedShards

ROWS = Dataset.from_dict({"id": [f"{number:03d}" for number in range(100)], "response": ["x" * 40] * 100})


def cut(folder: Path) -> list[RowShard]:
    folder.mkdir()
    return list(shards(OfDataset(ROWS), Beside(frozenset()), folder / "provenance", "train"))


def elsewhere(tasks: Any) -> list[Any]:
    """By tasks that were sent, as to another machine."""
    return [done(pickle.loads(pickle.dumps(task))) for task in tasks]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "SHARD_BYTES", 2000)


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, bytes]:
    """What this process writes by itself."""
    for shard in (tasks := cut(tmp_path / "alone")):
        shard.do()
    assert len(tasks) > 2
    return bytes_of(tmp_path / "alone")


@pytest.mark.parametrize("place", [lambda folder: str(folder / "work"), lambda _: f"memory://{uuid4().hex}"])
def test_the_same_bytes_wherever_the_folder_lies(
    alone: dict[str, bytes], tmp_path: Path, place: Callable[[Path], str]
) -> None:
    folder = WorkFolder.of(place(tmp_path))
    folder.ready()
    shared = SharedShards(folder, elsewhere)
    shared.write(cut(tmp_path / "there"), "these rows")
    assert bytes_of(tmp_path / "there") == alone
    assert shared.files.keys() == {f"provenance/{name}" for name in alone}
    for path, name in shared.files.items():
        with folder.here(name) as here:
            assert here.read_bytes() == alone[path.rpartition("/")[2]]


def test_what_is_written_is_not_written_again_but_for_what_is_broken(alone: dict[str, bytes], tmp_path: Path) -> None:
    folder = WorkFolder.of(tmp_path / "work")
    folder.ready()
    first = SharedShards(folder, elsewhere)
    first.write(cut(tmp_path / "first"), "these rows")
    before = {name: Path(folder.url(name)).stat().st_ino for name in first.files.values()}
    broken, gone, *_ = before
    said = Path(folder.url(broken)).read_bytes()
    Path(folder.url(broken)).write_bytes(said.replace(b"x", b"y", 1))
    Path(folder.url(gone)).unlink()
    again = SharedShards(folder, elsewhere)
    again.write(cut(tmp_path / "again"), "these rows")
    assert bytes_of(tmp_path / "again") == alone
    after = {name: Path(folder.url(name)).stat().st_ino for name in again.files.values()}
    assert {name for name in after if after[name] == before[name]} == before.keys() - {broken, gone}

    others = SharedShards(folder, elsewhere)
    others.write(cut(tmp_path / "others"), "other rows")
    assert not set(others.files.values()) & before.keys()


def test_a_shard_that_does_not_come_as_it_was_written_is_an_error(tmp_path: Path) -> None:
    folder = WorkFolder.of(tmp_path / "work")
    folder.ready()

    def broken(tasks: Any) -> list[Any]:
        found = elsewhere(tasks)
        Path(folder.url(tasks[0].file)).write_bytes(b"PAR1PAR1")
        return found

    with pytest.raises(UserError, match="is not as it was written"):
        SharedShards(folder, broken).write(cut(tmp_path / "there"), "these rows")
