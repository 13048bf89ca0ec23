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
    """A head without CPUs and nodes that work, which can be killed and started in the main thread."""

    def __init__(self, workers: int = 2) -> None:
        os.environ.update(SETTINGS)
        from ray.cluster_utils import Cluster

        self._taken = 2
        head = {**self._node(0), "include_dashboard": False, "include_log_monitor": False}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self.workers = [self._cluster.add_node(wait=False, **self._node(1)) for _ in range(workers)]
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
        for process in _all_of(node):
            with suppress(Exception):
                process.kill()
        self._cluster.remove_node(node, allow_graceful=False)

    def end(self) -> None:
        """End all of it, and wait until no process is left."""
        import psutil

        left = [process for node in (*self.workers, self._cluster.head_node) for process in _all_of(node)]
        self._cluster.shutdown()
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, 10)


def _all_of(node: Any) -> list[Any]:
    """The processes of a node, and those that they started."""
    import psutil

    found = []
    for kind in node.all_processes.values():
        for started in kind:
            with suppress(psutil.Error):
                process = psutil.Process(started.process.pid)
                found += [process, *process.children(recursive=True)]
    return found
