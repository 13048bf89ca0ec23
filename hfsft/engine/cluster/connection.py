"""This process as part of a running Ray cluster: the only file that imports ray."""

from __future__ import annotations

import inspect
import os
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from hfsft.engine.cluster.carried import ActorGoneError, Carried, Versions, answered, failed
from hfsft.engine.cluster.head_address import CLIENT, ClusterAddress
from hfsft.engine.resources import path_of
from hfsft.errors import UserError

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")

# Unless somebody says otherwise: nobody is called, and nodes run the Python that they were started with, not `uv run`
# with a copy of the working directory, which Ray would send them where this process was started so.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
NAMESPACE = "hfsft"
TRIES = 5  # of one task that ends its process each time, as one that takes more memory than there is
AHEAD = 3  # tasks that are sent for each CPU
TURN = 5.0  # seconds after which it is looked whether the cluster is still there, where nothing came of it
PATIENCE = 300.0  # seconds that are waited for a node where none is left
STARTS = 120.0  # seconds within which a node starts a process
AGAIN = "The same command goes on from what is finished"


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process takes part in; `askers` of its processes ask models."""

    address: ClusterAddress
    askers: int
    dashboard: str  # empty where there is none

    def nodes(self) -> int:
        """How many nodes work."""
        return sum(1 for _ in _alive())

    def cpus(self) -> int:
        """How many tasks they do at once."""
        return int(sum(cpus for _, _, cpus in _alive()))

    @property
    def told(self) -> str:
        """Where it works, in a sentence."""
        nodes, cpus = self.nodes(), self.cpus()
        what = f"{nodes} node{'s' * (nodes != 1)} with {cpus} CPU{'s' * (cpus != 1)}"
        return f"works on the Ray cluster at {self.address}: {what}" + (
            f"; see {self.dashboard}" * bool(self.dashboard)
        )

    def each(self, do: Callable[[T], Any], tasks: Sequence[T]) -> list[Any]:
        """What `do`, a function of hfsft, makes of each task, in their order.

        Each is done by a process of any node, and by another one where that node dies. Raises what `do` raises first,
        and sends no more then; raises `UserError` where the cluster is gone.

        The few that are sent by then go on, at most until this process ends. They are not cancelled: where a task is
        done at that moment, Ray 2.59 ends this process ("Tried to complete task that was not pending").
        """
        made: list[Any] = [None] * len(tasks)
        for number, answer in self._answers(path_of(do), tasks):
            made[number] = answer.get()
        return made

    def _answers(self, work: str, tasks: Sequence[T]) -> Iterator[tuple[int, Carried]]:
        ray = ray_module()
        remote = ray.remote(_on_node).options(num_cpus=1, max_retries=TRIES - 1, name=work)
        versions, watch = tuple(Versions.here()), Watch(self)
        numbers, sent = iter(range(len(tasks))), dict[Any, int]()
        while True:
            room = max(AHEAD * self.cpus(), AHEAD) - len(sent)
            for number in islice(numbers, max(room, 0)):
                sent[remote.remote(work, pickle.dumps(tasks[number]), versions)] = number
            if not sent:
                return
            came, _ = ray.wait(list(sent), timeout=TURN)
            watch.saw(came)
            for each in came:
                yield sent.pop(each), self._answer(each, work)

    def _answer(self, each: Any, work: str) -> Carried:
        ray = ray_module()
        try:
            return Carried(*ray.get(each))
        except ray.exceptions.RayError as error:
            raise UserError(self.lost(f"{TRIES} processes at one task ({work})", error)) from error

    def wait(self) -> None:
        """Wait until a node works. Raises `UserError` where the cluster is gone, or no node comes."""
        watch = Watch(self)
        watch.saw(())
        while not self.nodes():
            time.sleep(TURN)
            watch.saw(())

    def lost(self, what: str, error: Exception) -> str:
        """Where something ended that the cluster was at, and how it was said, with what to do."""
        more = "Where processes run out of memory, give each CPU of the cluster more of it"
        return f"{what} ended on the Ray cluster at {self.address}, the last so: {_first_line(error)}. {more}. {AGAIN}"

    def actor(
        self, made: Callable[..., Any], *arguments: Any, restarts: int = 0, here: bool = False, threads: int = 1
    ) -> ActorHandle:
        """A process of its own that holds what `made` makes of the arguments: on the node of this one where it is to be
        `here`, else on any. Where it dies it is started again so many times, and makes it again.

        `threads` calls are at work at once; where a method of the class is a coroutine, all calls share one loop.
        """
        ray = ray_module()
        kept: dict[str, Any] = {"num_cpus": 0, "max_restarts": restarts}
        if here:
            affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
            kept["scheduling_strategy"] = affinity(ray.get_runtime_context().get_node_id(), soft=False)
        asynchronous = any(inspect.iscoroutinefunction(each) for each in vars(made).values())
        if not asynchronous:
            kept["max_concurrency"] = threads
        holder = ray.remote(_HolderInLoop if asynchronous else _Holder).options(**kept)
        return ActorHandle(holder.remote(made, arguments, tuple(Versions.here())))


@dataclass(frozen=True)
class ActorHandle:
    """What a process of its own holds. It may be given to other actors."""

    handle: Any

    def call(self, method: str, *arguments: Any) -> Future[Any]:
        """What a method makes of the arguments, as soon as it is made.

        The future raises what the method raises, and `ActorGoneError` where the process dies before it answers.
        """
        found: Future[Any] = Future()
        self.handle.do.remote(method, arguments).future().add_done_callback(lambda came: _settle(found, came))
        return found

    def end(self) -> None:
        """End the process, and what it is at."""
        ray_module().kill(self.handle, no_restart=True)


def _settle(found: Future[Any], came: Future[Any]) -> None:
    if not found.set_running_or_notify_cancel():
        return  # nobody waits any more
    ray = ray_module()
    try:
        found.set_result(Carried(*came.result()).get())
    except ray.exceptions.RayActorError as error:
        gone = ActorGoneError(str(error))
        gone.__cause__ = error
        found.set_exception(gone)
    except BaseException as error:
        found.set_exception(error)


class _Holder:
    """The process of an actor. What cannot be made is told by each call, as Ray would tell it without its class."""

    def __init__(self, made: Callable[..., Any], arguments: Sequence[Any], versions: tuple[str, str | None]) -> None:
        self._held, self._failed = None, None
        try:
            Versions(*versions).require(Versions.here(), _node())
            self._held = made(*arguments)
        except Exception as error:
            self._failed = failed(error, _node())

    def do(self, method: str, arguments: Sequence[Any]) -> tuple[Any, ...]:
        """What a method makes of arguments."""
        try:
            return tuple(self._failed or Carried(getattr(self._held, method)(*arguments)))
        except Exception as error:
            return tuple(failed(error, _node()))


class _HolderInLoop(_Holder):
    async def do(self, method: str, arguments: Sequence[Any]) -> tuple[Any, ...]:  # type: ignore[override]
        if self._failed:
            return tuple(self._failed)
        try:
            made = getattr(self._held, method)(*arguments)
            return tuple(Carried(await made if inspect.isawaitable(made) else made))
        except Exception as error:
            return tuple(failed(error, _node()))


def _on_node(work: str, task: bytes, versions: tuple[str, str | None]) -> tuple[Any, ...]:
    return tuple(answered(work, task, versions, _node()))


def _node() -> str:
    found: str = ray_module().util.get_node_ip_address()
    return found


class Watch:
    """Looks whether the cluster is still there while nothing comes of it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._seen = cluster, time.monotonic()

    def saw(self, came: Sequence[Any]) -> None:
        """These answers came. Raises `UserError` where none did, and none will."""
        if came:
            self._seen = time.monotonic()
            return
        address = self._cluster.address
        if (why := address.answers()) and (why := address.answers()):
            raise UserError(f"the Ray cluster at {address} is gone ({why}). {AGAIN}")
        if not self._cluster.nodes() and time.monotonic() - self._seen > PATIENCE:
            left = f"no node of the Ray cluster at {address} is left that works"
            raise UserError(f"{left}, and none came for {PATIENCE:.0f} s. {AGAIN}")


def ray_module() -> ModuleType:
    """Ray, which tells nobody that it is used. Raises `UserError` where it is not there."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray as found
    except ImportError:
        raise UserError("an engine ray://HOST:PORT needs Ray: run `pip install 'hfsft[cluster]'`") from None
    return found


def connected(address: ClusterAddress, askers: int = 1) -> Cluster:
    """The cluster whose head is there, of which this process is a part from now on until it ends.

    Raises `UserError` where Ray is missing, nothing answers there, this machine is no node of it, this process is part
    of another one, or a node has another hfsft or Python.
    """
    ray = ray_module()
    address.require()
    if ray.is_initialized() and ray.get_runtime_context().gcs_address != str(address):
        joined = ray.get_runtime_context().gcs_address
        raise UserError(f"this process is part of the Ray cluster at {joined}: use {address} from another process")
    if not ray.is_initialized():
        node = {"_node_ip_address": address.node} if address.node else {}
        try:
            ray.init(str(address), namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR", **node)
        except Exception as error:  # of many classes, none of them told
            why = f"this process cannot take part in the Ray cluster at {address}: {_first_line(error)}"
            raise UserError(
                f"{why}. It must run on a node of it (`ray start --address={address}`), with the Python and the Ray of "
                f"the others; the port is that of the head, not {CLIENT}, which is that of Ray's client"
            ) from error
    shown = ray.worker.get_dashboard_url()
    cluster = Cluster(address, askers, (shown and (shown if "://" in shown else f"http://{shown}")) or "")
    _require_same(address)
    return cluster


def _require_same(address: ClusterAddress) -> None:
    """Raise `UserError` where no node works, or one of them has other versions than this process."""
    ray = ray_module()

    def has() -> tuple[str, str | None]:  # it is sent by value, as hfsft may not be there
        import sys
        from importlib import metadata

        try:
            version = metadata.version("hfsft")
        except metadata.PackageNotFoundError:
            version = None
        return f"{sys.version_info[0]}.{sys.version_info[1]}", version

    affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    asked = {
        name: ray.remote(has).options(num_cpus=0, scheduling_strategy=affinity(node, soft=True)).remote()
        for node, name, _ in _alive()
    }
    if not asked:
        raise UserError(
            f"no node of the Ray cluster at {address} has a CPU: `ray start --address={address}` starts one"
        )
    for name, each in asked.items():
        Versions.here().require(_has(name, each), name)


def _has(name: str, asked: Any) -> Versions:
    ray = ray_module()
    try:
        return Versions(*ray.get(asked, timeout=STARTS))
    except ray.exceptions.RayError as error:
        raise UserError(f"node {name} of the Ray cluster does not work: {_first_line(error)}") from error


def _alive() -> Iterator[tuple[str, str, float]]:
    """The nodes that work: id, address, number of CPUs."""
    for node in ray_module().nodes():
        if node["Alive"] and (cpus := node["Resources"].get("CPU", 0.0)):
            yield node["NodeID"], node["NodeManagerAddress"], cpus


def _first_line(error: Exception) -> str:
    return next((line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()), type(error).__name__)
