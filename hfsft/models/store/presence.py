"""Which processes ask models over one store at the moment.

Each holds a lock on a small file of its own beside the store, and touches it a few times a second. The lock ends with
its process, however that ends; a process that is suspended still holds it, but touches nothing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

BEAT_SECONDS = 0.25  # between two touches
# A process that has not touched its file for so long is taken for suspended: nobody waits for it any longer.
SUSPENDED_SECONDS = 5.0


class Presence:
    """The file of this process among those of the others that use the store at `path`; `name` is "" without one."""

    def __init__(self, path: Path) -> None:
        self._folder = path.with_name(f".{path.name}.builds")
        self.name = ""
        self._lock: BaseFileLock | None = None
        self._seen: dict[str, tuple[int, float]] = {}  # by name: its last touch, and when that was seen here

    def enter(self, tries: int = 100) -> None:
        """Make and lock a file under a new name. Raises `OSError` where the folder cannot be written."""
        self.leave()
        name = f"{os.getpid()}-{secrets.token_hex(6)}"
        # Under a name that nobody looks at until it is locked: a file without its lock is that of a dead process.
        draft = self._folder / f".{name}"
        lock = _lock(draft)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
        except (FileExistsError, FileNotFoundError):  # another process, the last one, takes the folder away
            if tries == 1:
                raise
            self.enter(tries - 1)
            return
        draft.rename(self._folder / name)
        self._lock, self.name = lock, name

    def beat(self) -> bool:
        """Touch the file, by which others see that this process runs; False where it is gone: `enter` makes another."""
        try:
            os.utime(self._folder / self.name)
        except OSError:
            return False
        return bool(self.name)

    def leave(self) -> None:
        """Delete and unlock the file."""
        if self._lock is None:
            return
        with contextlib.suppress(OSError):
            (self._folder / self.name).unlink()
            self._folder.rmdir()  # goes where this was the last
        self._lock.release()
        self._lock, self.name = None, ""

    def others(self) -> frozenset[str]:
        """The names of the other processes that run, those suspended left out; files of dead processes are deleted."""
        now, found = time.monotonic(), self._touched()
        found.pop(self.name, None)
        self._seen = {
            name: old if (old := self._seen.get(name)) and old[0] == touched else (touched, now)
            for name, touched in found.items()
        }
        return frozenset(
            name
            for name, (_, since) in self._seen.items()
            if now - since < SUSPENDED_SECONDS and not (now - since > BEAT_SECONDS and self._dead(name))
        )

    def names(self) -> frozenset[str]:
        """The names of all files: that of this process, of running and of suspended ones."""
        return frozenset(self._touched())

    def suspended(self) -> tuple[str, ...]:
        """The ids of the other processes that have not touched their files for long, though they have not ended."""
        before = (time.time() - SUSPENDED_SECONDS) * 1e9
        still = (name for name, touched in self._touched().items() if touched < before and name != self.name)
        return tuple(process_of(name) for name in still if not self._dead(name))

    def _touched(self) -> dict[str, int]:
        found = {}
        with contextlib.suppress(OSError), os.scandir(self._folder) as files:  # else nobody is there
            for file in files:
                if not file.name.startswith("."):
                    with contextlib.suppress(FileNotFoundError):  # one left just now, and the others are there still
                        found[file.name] = file.stat().st_mtime_ns
        return found

    def _dead(self, name: str) -> bool:
        """Whether nobody holds the lock on a file, so that its process has ended; the file is then deleted."""
        from filelock import Timeout

        file = self._folder / name
        lock = _lock(file)
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError, NotImplementedError):
            return False
        file.unlink(missing_ok=True)
        lock.release()
        return True


def process_of(name: str) -> str:
    """The process id in a name."""
    return name.partition("-")[0]


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(path, thread_local=False)
