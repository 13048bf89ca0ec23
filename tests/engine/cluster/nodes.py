"""A Ray cluster on this machine: each of its nodes has a loopback address and processes of its own."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "DAFT_ANALYTICS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # else Ray starts its processes by `uv run` with a copy of this folder
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
STORE = 100 << 20  # bytes of each object store


class Nodes:
    """A head without CPUs and nodes that work, which can be killed and started in the main thread.

    The head is 127.0.0.2 unless `first` is another number.
    """

    def __init__(self, workers: int = 2, cpus: int = 1, first: int = 2) -> None:
        os.environ.update(SETTINGS)
        from ray.cluster_utils import Cluster

        self._taken = first
        head = {**self._node(0), "include_dashboard": False, "include_log_monitor": False}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self.workers = [self._cluster.add_node(wait=False, **self._node(cpus)) for _ in range(workers)]
        self._cluster.wait_for_nodes()

    def _node(self, cpus: int) -> dict[str, Any]:
        address = f"127.0.0.{self._taken}"
        self._taken += 1
        return {"node_ip_address": address, "num_cpus": cpus, "object_store_memory": STORE}

    @property
    def engine(self) -> str:
        """What `--engine` is given."""
        return f"ray://{self._cluster.address}"

    def add(self, cpus: int = 1) -> Any:
        """One node more."""
        self.workers.append(self._cluster.add_node(**self._node(cpus)))
        return self.workers[-1]

    def kill(self, node: Any) -> None:
        """End all processes of a node at once, as when its machine is taken away."""
        self.workers.remove(node)
        started = _started(node)
        _end(_all_of(started))
        self._cluster.remove_node(node, allow_graceful=False)
        _wait(started)

    def end(self) -> None:
        """End all of it, and wait until no process is left."""
        started = [process for node in (*self.workers, self._cluster.head_node) for process in _started(node)]
        processes = _all_of(started)
        self._cluster.shutdown()
        _end(processes)
        _wait(started)


def _started(node: Any) -> list[Any]:
    return [started.process for kind in node.all_processes.values() for started in kind]


def _all_of(started: list[Any]) -> list[Any]:
    """These processes, and those that they started."""
    import psutil

    found = []
    for each in started:
        with suppress(psutil.Error):
            process = psutil.Process(each.pid)
            found += [process, *process.children(recursive=True)]
    return found


def _end(processes: list[Any]) -> None:
    import psutil

    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, 10)


def _wait(started: list[Any]) -> None:
    for each in started:  # else Python warns of them when it ends
        each.wait(10)
