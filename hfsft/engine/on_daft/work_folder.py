"""Where the parts of a build lie: every process that works on them sees this folder, whichever machine it is on.

A path is a folder of this machine, or one that is mounted on all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfsft.engine.stored.path_storage import PathStorage
from hfsft.engine.stored.storage import Storage
from hfsft.engine.stored.storage_faults import told
from hfsft.errors import UserError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

NOTE = b"hfsft"  # what is noted in a file beside its rows


@dataclass(frozen=True)
class WorkFolder:
    """Files by name. It is data: a process that is given it finds the same files."""

    place: str

    @classmethod
    def of(cls, place: str | Path) -> WorkFolder:
        """The folder at a path."""
        return cls(str(Path(place).absolute()))

    def within(self, name: str) -> WorkFolder:
        """A folder in it."""
        return replace(self, place=f"{self.place}/{name}")

    def url(self, name: str) -> str:
        """Where a file lies: a path or an address, for libraries that read and write files themselves."""
        return self._storage.url(name)

    def ready(self) -> None:
        """Make the folder. Raises `UserError` where files cannot be written there."""
        with self.told():
            self._storage.ready()

    def parquet(self, name: str) -> pq.ParquetFile:
        """A file to read, as a block of `with`. Raises `OSError` where there is none."""
        return self._storage.parquet(name)

    def writing(self, name: str) -> AbstractContextManager[Any]:
        """What a file is written to; it is there under its name, whole, once the block ended without an error."""
        return self._storage.writing(name)

    def whole(self, *names: str) -> bool:
        """Whether these Parquet files are there, all of each."""
        return self._storage.whole(names)

    def noted(self, name: str) -> str | None:
        """What is noted in a Parquet file beside its rows; None where there is none, or it is not whole."""
        try:
            with self.parquet(name) as file:
                found = file.metadata.metadata or {}
        except (OSError, pa.ArrowInvalid):
            return None
        said = found.get(NOTE)
        return None if said is None else said.decode()

    def text(self, name: str) -> str | None:
        """What a file of text says; None where there is none."""
        with self.told():
            return self._storage.text(name)

    def put(self, name: str, text: str) -> None:
        """Write a file of text, whole or not at all."""
        with self.told():
            self._storage.put(name, text)

    def used(self, names: Iterable[str]) -> None:
        """Note that a build needs these files from now on."""
        self._storage.used(names)

    @contextmanager
    def at_work(self, began: float) -> Iterator[None]:
        """A build that began then works there. When it has ended well, files go that neither it nor the build before it
        used, unless they are an hour old or less, or another build is at work there.
        """
        with self._storage.at_work():
            yield
        self._storage.settle(began)

    @contextmanager
    def told(self) -> Iterator[None]:
        """An error of the disk or the network within the block is a `UserError` that says where, and what to do."""
        try:
            yield
        except OSError as error:
            raise UserError(f"{self.place}: {told(error)}") from error

    @property
    def _storage(self) -> Storage:
        return _storage_of(self, os.getpid())


@lru_cache
def _storage_of(folder: WorkFolder, process: int) -> Storage:  # noqa: ARG001, connections are of one process
    return PathStorage(Path(folder.place))
