"""Sources are read by the nodes of a cluster, a piece each, as this machine reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import datasets
import pytest

from hfsft.engine.cluster.connection import Cluster, connected
from hfsft.engine.cluster.head_address import ClusterAddress
from hfsft.engine.on_daft.daft_executor import OnDaft
from hfsft.engine.on_daft.queries import use_cluster
from hfsft.engine.processes import hands
from tests.engine.cluster.nodes import Nodes
from tests.engine.pieces.test_source_pieces import ROWS, small, source, whole
from tests.engine.stored.s3_server import KEYS, bucket, s3_server
from tests.rows.places.test_stored_files import lines, put

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        bucket(address, "rows")
        yield address


def read_there(engine: str, folder: Path, path: str, *, cached: bool = True) -> tuple[Any, Any, list[int]]:
    """The rows and what is told, and in which process each task was done."""
    cluster = connected(ClusterAddress.of(engine), 1)
    use_cluster()
    done = list[int]()

    class Noting(Cluster):
        def each(self, do: Any, tasks: Any) -> list[Any]:
            assert do is hands.done
            told = super().each(does_here, tasks)
            done.extend(each.pop("process") for each in told)
            return told

    noting = Noting(cluster.address, cluster.askers, cluster.dashboard)
    datasets.enable_caching() if cached else datasets.disable_caching()
    try:
        with pytest.MonkeyPatch.context() as patch:
            small(patch)
            step = source(folder, examples=[{"path": path}])
            with OnDaft(folder / "cache" / "r", work=str(folder / "work"), cluster=noting) as executor:
                found = executor.source(step, None)
                return found.rows.to_list(), found.told, done
    finally:
        datasets.enable_caching()


def does_here(task: Any) -> Mapping[str, Any]:
    """What a task tells, and the process that does it."""
    return {**hands.done(task), "process": os.getpid()}


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_pieces_are_read_by_nodes(
    place: str,
    server: str,
    cluster: Nodes,
    driver: ProcessPoolExecutor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {"a.jsonl": lines(ROWS), "b.jsonl": lines(ROWS[5:30])}
    path = "rows"
    if place == "s3":  # nodes sign with no keys
        address = f"s3://rows/{tmp_path.name}"
        path = f"{address}/*.jsonl?anonymous=true&endpoint_override={server}"
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": server}.items():
            monkeypatch.setenv(name, value)
    else:
        (tmp_path / "rows").mkdir()
    for name, content in files.items():
        put(address, name, content) if place == "s3" else (tmp_path / "rows" / name).write_bytes(content)
    rows, told, done = driver.submit(read_there, cluster.engine, tmp_path, path).result(timeout=200)
    assert (rows, told) == whole(source(tmp_path, examples=[{"path": path}]))
    assert len(done) >= (3 if place == "s3" else 6), "files of a store are a piece each, those of a disk are cut"
    assert {os.getpid(), driver.submit(os.getpid).result()}.isdisjoint(done)
    cold = driver.submit(read_there, cluster.engine, tmp_path, path, cached=False).result(timeout=200)
    assert cold == (rows, told, cold[2])
    assert len(cold[2]) == len(done), "after disable_caching() all is read again"
