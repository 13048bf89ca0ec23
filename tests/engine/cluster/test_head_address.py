"""Which cluster is meant, and what is said where there is none."""

from __future__ import annotations

import socket

import pytest

from hfsft.engine.cluster import carried, connection
from hfsft.engine.cluster.carried import Versions
from hfsft.engine.cluster.connection import Cluster, Watch
from hfsft.engine.cluster.head_address import ClusterAddress
from hfsft.errors import UserError


@pytest.mark.parametrize(
    ("name", "host", "port"), [("ray://head:7000", "head", 7000), ("ray://head", "head", 6379), ("ray://h/", "h", 6379)]
)
def test_addresses(name: str, host: str, port: int) -> None:
    assert ClusterAddress.of(name) == ClusterAddress(host, port)


@pytest.mark.parametrize("name", ["ray://", "ray://:1", "ray://head:x", "ray://head:70000", "ray://head:0"])
def test_no_addresses(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is no address of a cluster"):
        ClusterAddress.of(name)


def test_where_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ClusterAddress("127.0.0.1", port).require()
    with pytest.raises(UserError, match=f"no Ray cluster answers at 127.0.0.1:{port} .*`ray start --head"):
        ClusterAddress("127.0.0.1", port).require()


@pytest.mark.parametrize(
    ("has", "said"),
    [
        (
            Versions("3.9", Versions.here().hfsft),
            r"node far has Python 3\.9 and this machine 3\.\d+: all",
        ),
        (
            Versions(Versions.here().python, "0.0.1"),
            r"node far has hfsft 0\.0\.1 and this .*hfsft\[cluster\]==",
        ),
        (Versions(Versions.here().python, None), r"node far has no hfsft and this .*hfsft\[cluster\]=="),
    ],
)
def test_other_versions_are_told(has: Versions, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Versions.here().require(has, "far")


def test_a_cluster_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        cluster = Cluster(ClusterAddress("127.0.0.1", server.getsockname()[1]), 1, "")
        monkeypatch.setattr(Cluster, "nodes", lambda self: 1)
        watch = Watch(cluster)
        watch.saw([])
        monkeypatch.setattr(Cluster, "nodes", lambda self: 0)
        watch.saw([])  # one may come
        monkeypatch.setattr(connection, "PATIENCE", -1.0)
        with pytest.raises(UserError, match=r"no node of the Ray cluster at .* is left that works.* goes on from what"):
            watch.saw([])
        watch.saw(["an answer"])
    with pytest.raises(UserError, match=r"the Ray cluster at 127.* is gone \(Connection refused\)\. The same command"):
        watch.saw([])


def test_a_missing_file_names_the_node() -> None:
    answer = carried.failed(FileNotFoundError(2, "No such file", "/data/words.txt"), "10.0.0.7")
    with pytest.raises(
        UserError, match=r"/data/words\.txt is not there on node 10\.0\.0\.7: files that a recipe names"
    ):
        answer.get()


def test_an_error_that_cannot_be_sent_is_told_all_the_same() -> None:
    error = UserError("the disk is full")
    error.held = socket.socket()  # type: ignore[attr-defined]
    with error.held, pytest.raises(UserError, match=r"^the disk is full"):  # type: ignore[attr-defined]
        carried.failed(error, "10.0.0.7").get()
