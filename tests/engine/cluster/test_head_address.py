"""Which cluster is meant, and what is said where there is none."""

from __future__ import annotations

import socket

import pytest

from hfsft.engine.cluster.carried import Versions
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
