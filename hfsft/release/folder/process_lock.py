"""A lock file for each build folder: one process at a time writes or publishes it, another waits and says for which."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hfsft.cache import datasets_cache
from hfsft.hashing import digest


@contextmanager
def one_at_a_time(target: Path, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Hold the lock of `target`; where another process holds it, `tell` is told of that once, and this one waits.

    The lock of a process that died is free. Where the cache cannot be written, nothing is locked.
    """
    from filelock import FileLock, Timeout

    # Not beside the folder, where a user would meet it. It stays: who waits for it must find the same file.
    file = datasets_cache() / "hfsft-turns" / f"{digest(str(target.resolve()))}.lock"
    lock = FileLock(file, thread_local=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            tell(f"waiting for process {file.read_text(encoding='utf-8')}, which writes or publishes {target}")
            lock.acquire()
        file.write_text(str(os.getpid()), encoding="utf-8")
    except (OSError, NotImplementedError):
        if lock.is_locked:
            lock.release()
        yield
        return
    try:
        yield
    finally:
        lock.release()
