"""The executors that a build may be given by name: where it works is told by whoever runs it, never by a recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hfsft.errors import UserError, closest

if TYPE_CHECKING:
    from hfsft.engine.executor import Executors

LOCAL, DAFT, CLUSTER = "local", "daft", "ray://HOST:PORT"
ENGINES = (LOCAL, DAFT, CLUSTER)
SCHEME = "ray://"


@dataclass(frozen=True)
class Engine:
    """An executor by its name; `work` is the folder that all nodes of a cluster see, `askers` how many processes of it
    ask models (one where it is None). Raises `UserError` for another name, for one of them without a cluster or a
    cluster without a folder, and where a package that it needs is missing.
    """

    name: str
    work: str | None = None
    askers: int | None = None

    def __post_init__(self) -> None:
        if self.name.startswith(SCHEME):
            self._require_cluster()
            return
        if self.name not in ENGINES:
            guess = closest(self.name.lower(), [LOCAL, DAFT, "ray"])
            hint = f"did you mean {CLUSTER if guess == 'ray' else guess}? " if guess else ""
            raise UserError(
                f"there is no engine {self.name!r}; {hint}there are {', '.join(ENGINES[:-1])} and {ENGINES[-1]}"
            )
        for word, given in (("--work", self.work), ("--askers", self.askers)):
            if given is not None:
                raise UserError(f"{word} is for a cluster (--engine {CLUSTER}), and the engine is {self.name}")
        if self.name == DAFT:
            from hfsft.engine.on_daft.queries import RAY, runs_on

            if runs_on() == RAY:
                raise UserError("this process works on a cluster: use the engine daft in another process")

    def _require_cluster(self) -> None:
        if not self.work:
            raise UserError(
                f"an engine {CLUSTER} needs --work FOLDER: where rows lie between steps, a folder that every node sees "
                "(a mounted one, or s3://bucket/folder)"
            )
        if self.askers is not None and self.askers < 1:
            raise UserError(f"--askers is {self.askers}; it is a number of processes, 1 or more")
        from hfsft.engine.cluster.connection import ray_module
        from hfsft.engine.cluster.head_address import ClusterAddress

        ClusterAddress.of(self.name)
        ray_module()

    def executor(self, tell: Callable[[str], None] = lambda _: None) -> Executors | None:
        """What it starts; None for that of this machine, which is imported while models answer.

        `tell` hears where a cluster is seen at work. Raises `UserError` where one cannot be used.
        """
        if self.name == LOCAL:
            return None
        from hfsft.engine.on_daft.daft_executor import OnDaft

        if self.name == DAFT:
            return OnDaft
        from hfsft.engine.cluster.askers import Askers
        from hfsft.engine.cluster.connection import connected
        from hfsft.engine.cluster.head_address import ClusterAddress
        from hfsft.engine.on_daft.queries import use_cluster

        cluster = connected(ClusterAddress.of(self.name), self.askers or 1)
        use_cluster()
        tell(cluster.told)
        return partial(OnDaft, work=self.work, cluster=cluster, askers=Askers(cluster))
