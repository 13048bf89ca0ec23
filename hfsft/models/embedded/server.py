"""A language model, or an embedder, inside this process: llama.cpp's own server on a loopback port.

So the rest of hfsft asks it over HTTP as it asks any other. The server lives on threads of this process: it starts with
the first request, cannot outlive the process, and two models of a recipe with the same weights share it.

The same request can be answered in other words when it is asked again: a sum of floats depends on what else is in the
batch and on how much of the prompt was still in memory. The response store is what makes a build repeatable.
`concurrency: 1` with `extra_body: {cache_prompt: false}` makes the model itself so, several times slower.
"""

from __future__ import annotations

import atexit
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from hfsft import isolated
from hfsft.errors import ModelError
from hfsft.models.embedded import weights
from hfsft.models.model import Endpoint, Model, Pooling

TOKENS_PER_SLOT = 4096
MOST_SLOTS = 8
# Attention's memory grows with slots; a model of this size on disk gets half as many.
LARGE = 2 << 30
# GNU OpenMP spins 300,000 rounds at each of a token's many barriers. With one other busy process on 2 cores that is 6
# tokens a second; with 1,000 rounds it is 55, and as fast as ever (117) on an idle machine.
SPIN = {"GOMP_SPINCOUNT": "1000"}
SILENT, ERRORS = -1, 1

Making = Pooling | Literal["text", "vectors"]
"""What a server makes: texts; vectors, as the weights say; vectors by that pooling."""

_servers: dict[tuple[Path, Making], Any] = {}
_lock = threading.Lock()
_owner = os.getpid()


def revision(model: Model, *, download: bool = True) -> str:
    """12 hex digits of the weights' content; downloads them where they are not here yet. Raises `ModelError`.

    Without `download`, nothing where they are not here.
    """
    try:
        return weights.revision(weights.find(model, download=download))
    except ModelError:
        if download:
            raise
        return ""


def start(model: Model) -> Endpoint:
    """Where the model answers; its server is started by the first call. Raises `ModelError`."""
    path = weights.find(model)
    slots = _slots(path)
    making: Making = (model.pooling or "vectors") if model.task == "embed" else "text"
    with _lock:
        if (path, making) not in _servers:
            _servers[path, making] = _serve(path, slots, making)
        address = _servers[path, making].listening_address
    return Endpoint(
        base_url=f"{address}/v1",
        model_name=model.model,
        concurrency=min(slots, model.concurrency),
        revision=weights.revision(path),
    )


def stop() -> None:
    """Stop every server of this process, cutting the answers that are being written; done at exit anyway."""
    if os.getpid() != _owner:
        return  # a fork asks its parent's server, whose sockets it shares and whose threads it lacks
    with _lock:
        for server in _servers.values():
            _hang_up(int(server.listening_address.rpartition(":")[2]))
        _servers.clear()  # a server stops when nothing holds it


def _hang_up(port: int) -> None:
    # llama.cpp waits for ever for requests that are open when it stops, unless their connection is gone. Its sockets
    # are this process's own; the listening one goes first, or a client would try again.
    with ExitStack() as stack:
        ours = [
            end
            for end in map(stack.enter_context, _sockets())
            if end.family == socket.AF_INET and end.getsockname()[1] == port
        ]
        for end in sorted(ours, key=_listens, reverse=True):
            with suppress(OSError):  # hung up meanwhile
                end.shutdown(socket.SHUT_RDWR)


def _sockets() -> list[socket.socket]:
    """A second handle for each socket of this process, where the system lists them."""
    found = []
    folder = Path("/dev/fd")
    for name in [entry.name for entry in folder.iterdir()] if folder.is_dir() else []:
        with suppress(OSError):  # closed meanwhile
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                found.append(socket.socket(fileno=os.dup(int(name))))
    return found


def _listens(end: socket.socket) -> bool:
    return bool(end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


atexit.register(stop)


def missing(what: str) -> str:
    """The error of a machine without llama.cpp, which `what` needs."""
    return (
        f"{what} needs llama.cpp, which is not installed (run `pip install 'hfsft[local]'`, "
        "or give the model a `provider:` or `base_url:`)"
    )


def _serve(path: Path, slots: int, making: Making) -> Any:
    try:
        with _environment(SPIN):
            import xllamacpp
    except ImportError as error:
        raise ModelError(f"{missing(path.name)}: {error}") from None
    try:
        return xllamacpp.Server(_params(path, slots, SILENT, making))
    except (RuntimeError, MemoryError):
        raise ModelError(f"llama.cpp cannot load {path} ({path.stat().st_size >> 20} MiB): {_reason(path)}") from None


def _reason(path: Path) -> str:
    # llama.cpp says why to standard error alone, and how loudly holds for a whole process: so another one loads it.
    command = isolated.command(__name__, str(path))
    said = subprocess.run(command, capture_output=True, text=True, errors="replace")  # noqa: S603 - our own code
    errors = [line.partition(" E ")[2].strip() for line in said.stderr.splitlines()]
    return next(filter(None, errors), "it gives no reason; is there enough memory?")


def _load(path: Path) -> None:
    """Load the weights, loudly, as the process that `_reason` starts."""
    import xllamacpp

    xllamacpp.Server(_params(path, _slots(path), ERRORS))


def _params(path: Path, slots: int, verbosity: int, making: Making = "text") -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # the system's choice
    params.cors_origins = "http://127.0.0.1"  # no web page may ask it
    params.ui = False
    params.n_parallel = slots
    params.n_ctx = slots * TOKENS_PER_SLOT
    params.cache_ram_mib = 0  # up to 8 GiB of old prompts otherwise
    params.verbosity = verbosity
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = _threads()
        threads.poll = 0
    if making != "text":
        params.embedding = True
        params.n_batch = params.n_ubatch = TOKENS_PER_SLOT  # a text is read in one go, or not at all
        if making != "vectors":
            params.pooling_type = getattr(xllamacpp.llama_pooling_type, f"LLAMA_POOLING_TYPE_{making.upper()}")
    return params


def _threads() -> int:
    """The processors that this process may use: of its affinity, and of its container's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass  # no container, or no quota
    return count


def _slots(path: Path) -> int:
    """How many answers are written at once: more than threads, for a batch reads the weights once."""
    slots = max(2, min(MOST_SLOTS, 2 * _threads()))
    return slots if path.stat().st_size < LARGE else max(1, slots // 2)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """`values` where the user has set none; OpenMP reads them once, as it is loaded."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


if __name__ == "__main__":
    _load(Path(sys.argv[1]))
