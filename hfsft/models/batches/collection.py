"""Requests that are collected into the file of one batch."""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hfsft.models.batches import state
from hfsft.models.batches.state import BatchedRequest, OpenBatch

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from hfsft.models.batches.options import BatchOptions
    from hfsft.models.limits.spending import Outlay
    from hfsft.models.store.store import Store
    from hfsft.models.store.writer import Writer


def folder_of(store: Store) -> Path:
    """Where the files of batches stand: requests as they are submitted, answers while they are read, and locks."""
    return store.path.with_name(f".{store.path.name}.batches")


def requests_of(store: Store, name: str) -> Path:
    """The file that a batch was submitted as."""
    return folder_of(store) / f"{name}.jsonl"


def take(store: Store, name: str, tries: int = 100) -> BaseFileLock:
    """The lock of the process that looks after a batch, held from now on, however that process ends.

    Raises `filelock.Timeout` where another process holds it.
    """
    from filelock import FileLock

    folder = folder_of(store)
    lock = FileLock(folder / f"{name}.lock", thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except (FileExistsError, FileNotFoundError):  # another process, done with its batch, takes the folder away
        if tries == 1:
            raise
        return take(store, name, tries - 1)
    return lock


def clean(store: Store, name: str) -> None:
    """Delete the files of a batch that is done with; its lock is given up first where this process holds it."""
    folder = folder_of(store)
    for suffix in (".jsonl", ".lock"):
        (folder / f"{name}{suffix}").unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:  # others are under way
        return


def bytes_of(file: Path) -> int:
    """How long a file is."""
    return file.stat().st_size


class Collection:
    """One batch that is not complete: `batch` says what it is of, its lock is held here."""

    def __init__(self, store: Store, writer: Writer, batch: OpenBatch, options: BatchOptions, most: int) -> None:
        self.batch = replace(batch, name=f"hfsft-{secrets.token_hex(8)}")
        self.full = False
        self.requests = 0
        self.adding = 0  # requests that are being entered
        self._most = min(most, options.requests_per_file)
        self._most_bytes = int(options.megabytes_per_file * 1e6)
        self._bytes = 0
        self._writer = writer
        self.lock = take(store, self.batch.name)
        self._file: IO[bytes] = requests_of(store, self.batch.name).open("wb")
        writer.leave(partial(state.begin, batch=self.batch))

    def room(self, size: int) -> bool:
        """Whether a line of so many bytes goes into it."""
        return not self.full and self.requests < self._most and self._bytes + size <= self._most_bytes

    def too_long(self, size: int) -> bool:
        """Whether a line of so many bytes goes into no file at all."""
        return size > self._most_bytes

    async def add(self, key: str, line: BatchedRequest, body: bytes, most: Outlay) -> str | None:
        """Enter one request: None, or the name of the batch that has it already, empty where its answer is there."""
        self.requests += 1
        self._bytes += len(body)
        self.adding += 1
        found: str | None = ""
        try:
            found = await self._writer.do(partial(state.enter, key=key, batch=self.batch, line=line, most=most))
        finally:
            self.adding -= 1
            if found is not None:
                self.requests -= 1
                self._bytes -= len(body)
        if found is None:
            self._file.write(body)
        return found

    def complete(self) -> None:
        """Close its file; nothing is added from now on."""
        self.full = True
        self._file.close()
