"""One cluster for all tests that need one, and the process from which builds use it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.engine.cluster.nodes import Nodes
from tests.engine.stored.s3_server import KEYS


@pytest.fixture(scope="session")
def cluster() -> Iterator[Nodes]:
    """A head and two nodes of one CPU each; a test that kills one starts another."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():  # of the object store of tests, as the machines of a cluster have their own
            patch.setenv(name, value)
        nodes = Nodes()
    yield nodes
    nodes.end()


@pytest.fixture(scope="session")
def driver(cluster: Nodes) -> Iterator[ProcessPoolExecutor]:
    """A process that takes part in the cluster, for as long as there is one; tests submit functions of their modules.

    A process uses Daft either alone or with the cluster, once and for all, and other tests use it alone in this one.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield process
