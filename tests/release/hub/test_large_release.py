"""A large release: other machines send its shards, one commit makes them visible, and a sample of it is loaded back."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hfsft.release.hub import sampled_loadback
from hfsft.release.hub.release_files import File
from hfsft.release.hub.sampled_loadback import counted, sample_differs
from tests.hub.fixture import HubServer
from tests.release.fixture import write_build

REPO = "ana/made"
PUSH = """
import dataclasses, json, multiprocessing, sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.processes.hands import done
from hfsft.errors import ReleaseError
from hfsft.recipe.publish import Publish
from hfsft.release.hub import sampled_loadback, shard_upload, upload
from hfsft.release.shards.shared_shards import SharedShards
shard_upload.LEAST = 0
sampled_loadback.LARGE = 0
if __name__ == "__main__":
    folder, work = Path(sys.argv[1]), Path(sys.argv[2])
    work.mkdir(exist_ok=True)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as nodes:
        shared = SharedShards(WorkFolder.of(work), lambda tasks: list(nodes.map(done, tasks)))
        for number, path in enumerate(sorted(folder.rglob("*.parquet"))):
            shared.files[path.relative_to(folder).as_posix()] = f"{number}.parquet"
            said = path.read_bytes() if number else b"PAR1 something else PAR1"
            (work / f"{number}.parquet").write_bytes(said)
        try:
            made = upload.push(folder, Publish(repo_id="ana/made"), shared=shared, tell=print)
            print(json.dumps(dataclasses.asdict(made)))
        except ReleaseError as error:
            print(json.dumps({"failed": str(error)}))
"""


def pushed(hub: HubServer, folder: Path, tmp_path: Path) -> Any:
    (tmp_path / "push.py").write_text(dedent(PUSH))
    command = [sys.executable, tmp_path / "push.py", folder, tmp_path / "work"]
    return hub.run(command, token=hub.token("ana"), timeout=500).json()


def uploads(hub: HubServer) -> int:
    """How many requests brought bytes of large files."""
    return sum(each.method == "POST" and "/v1/xorbs/" in each.path and each.status == 200 for each in hub.requests)


def test_others_send_the_shards_one_commit_makes_them_visible_and_a_sample_is_loaded_back(
    hub: HubServer, tmp_path: Path
) -> None:
    folder = write_build(tmp_path / "made", train=60, shards=3)
    shards = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}
    hub.faults.answer("POST */commit/main", 400, times=1)
    broke = pushed(hub, folder, tmp_path)
    assert "the Hub answers 400" in broke["failed"]
    assert not shards.keys() & hub.repo(REPO).files().keys(), "nothing is seen before the commit"
    senders = sum("/preupload/" in each.path for each in hub.requests)
    assert senders > len(shards), "each shard was sent by a task of its own"
    assert (sent := uploads(hub))

    done = pushed(hub, folder, tmp_path)
    assert uploads(hub) == sent, "what the Hub has is not sent again"
    assert hub.count("POST", "/commit/main") == 1
    there = hub.repo(REPO).files()
    assert {path: there[path] for path in shards} == shards, "also the one that others have otherwise"
    assert done["rows"] == {
        "default": {"train": 60, "validation": 2},
        "provenance": {"train": 60, "validation": 2},
        "rejected": {"rejected": 1},
    }
    assert any(each.status == 206 for each in hub.requests), "files are read in part"


def table(rows: int, said: str = "") -> pa.Table:
    return pa.table({"id": [f"{said}{number}" for number in range(rows)]})


@pytest.fixture
def release(tmp_path: Path) -> dict[str, File]:
    """Eight shards of a split, with several row groups each."""
    found = {}
    for number in range(8):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(table(50, f"{number}-"), path, row_group_size=20)
        found[f"data/train-{number:05d}-of-00008.parquet"] = File.of(path)
    return found


def test_each_shard_is_counted_by_its_footer_and_some_rows_are_compared(release: dict[str, File]) -> None:
    opens: list[str] = []

    def opened(path: str) -> Any:
        opens.append(path)
        content = release[path].content
        assert isinstance(content, Path)
        return content.open("rb")

    assert counted(release, opened) == ({"data": {"train": 400}}, [])
    assert sorted(opens) == sorted(release)
    opens.clear()
    assert sample_differs(release, opened) == []
    assert len(opens) == len(set(opens)) == sampled_loadback.SHARDS


@pytest.mark.parametrize("other", [table(49), table(51), table(50).append_column("more", pa.array([1] * 50))])
def test_other_counts_or_columns_are_seen_in_any_shard(
    release: dict[str, File], tmp_path: Path, other: pa.Table
) -> None:
    pq.write_table(other, tmp_path / "other.parquet", row_group_size=20)
    for each in release:
        rows, wrong = counted(release, lambda path, each=each: opened_as(release, tmp_path, path, each))
        assert len(wrong) == 1
        assert wrong[0].startswith(each)
        assert rows["data"]["train"] == 350 + len(other)


def test_other_rows_of_the_sample_are_seen(release: dict[str, File], tmp_path: Path) -> None:
    pq.write_table(table(50, "other-"), tmp_path / "other.parquet", row_group_size=20)
    seen = [
        sample_differs(release, lambda path, each=each: opened_as(release, tmp_path, path, each)) for each in release
    ]
    assert sum(map(bool, seen)) == sampled_loadback.SHARDS
    pq.write_table(table(50), tmp_path / "other.parquet", row_group_size=50)
    assert any(sample_differs(release, lambda path: opened_as(release, tmp_path, path, path)))


def opened_as(release: dict[str, File], folder: Path, path: str, other: str) -> Any:
    """A shard as it is, or the other one."""
    content = folder / "other.parquet" if path == other else release[path].content
    assert isinstance(content, Path)
    return content.open("rb")
