"""One build at a time writes a folder, or reads it to publish it; another one waits, and says for whom."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hfsft.cache import datasets_cache
from hfsft.hashing import digest


@contextmanager
def turn(target: Path, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Nobody else writes or publishes `target` meanwhile; `tell` hears of it where another process has to end first.

    A lock that its process left by dying is none. Where the cache cannot be written, nobody is kept out.
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
