"""Where the parts of a build lie: every process that works on them sees this folder, whichever machine it is on.

A path is a folder of this machine, or one that is mounted on all of them; `s3://bucket/folder` is one in an object
store, as is any address that fsspec knows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfsft.engine.stored.storage import Storage
from hfsft.engine.stored.storage_addresses import storage_at
from hfsft.errors import UserError
from hfsft.storage.file_systems import taken_apart
from hfsft.storage.storage_faults import told, told_of_making

if TYPE_CHECKING:
    import pyarrow.parquet as pq

NOTE = b"hfsft"  # what is noted in a file beside its rows


@dataclass(frozen=True)
class WorkFolder:
    """Files by name. It is data: a process that is given it finds the same files."""

    place: str
    settings: tuple[tuple[str, str], ...] = ()  # how it is reached, where that is not plain; never a key

    @classmethod
    def of(cls, place: str | Path) -> WorkFolder:
        """The folder at a path or an address. Raises `UserError` for an address that is none."""
        found, settings = taken_apart(str(place))
        return cls(found, tuple(sorted(settings.items())))

    def within(self, name: str) -> WorkFolder:
        """A folder in it."""
        return replace(self, place=f"{self.place}/{name}")

    def url(self, name: str) -> str:
        """Where a file lies: a path or an address, for libraries that read and write files themselves."""
        return self._storage.url(name)

    def ready(self) -> None:
        """Make the folder. Raises `UserError` where there can be none, or it cannot be written."""
        try:
            self._storage.ready()
        except OSError as error:
            raise UserError(f"{self.place}: {told_of_making(error)}") from error

    def parquet(self, name: str) -> pq.ParquetFile:
        """A file to read, as a block of `with`. Raises `OSError` where there is none, `UserError` for a damaged one."""
        try:
            return self._storage.parquet(name)
        except pa.ArrowInvalid as error:
            raise UserError(f"{self.url(name)} is damaged: delete it, and the same command makes it again") from error

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """What a file is written to; it is there under its name, whole, once the block ended without an error."""
        theirs = None
        try:
            with self._storage.writing(name) as sink:
                try:
                    yield sink
                except OSError as error:
                    theirs = error  # may have nothing to do with the file
                    raise
        except OSError as error:
            if error is theirs:
                raise
            raise self._fault(error) from error

    def whole(self, *names: str) -> bool:
        """Whether these Parquet files are there, all of each."""
        with self.told():
            return self._storage.whole(names)

    def noted(self, name: str) -> str | None:
        """What is noted in a Parquet file beside its rows; None where there is none, or it is not whole."""
        if not self.whole(name):
            return None
        try:
            with self.parquet(name) as file:
                found = file.metadata.metadata or {}
        except (OSError, UserError):
            return None
        said = found.get(NOTE)
        return None if said is None else said.decode()

    def bring(self, name: str, to: Path) -> None:
        """Put a file of it at a path of this machine, where it takes no room of its own if it can."""
        with self.told():
            self._storage.bring(name, to)

    @contextmanager
    def here(self, name: str) -> Iterator[Path]:
        """A file of it as one of this machine; a copy is deleted behind the block."""
        if "://" not in self.place:
            yield Path(self.url(name))
            return
        with TemporaryDirectory(prefix="hfsft-") as folder:
            path = Path(folder) / name
            self.bring(name, path)
            yield path

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
        with ExitStack() as until:
            with self.told():
                until.enter_context(self._storage.at_work())
            yield
        with self.told():
            self._storage.settle(began)

    @contextmanager
    def told(self) -> Iterator[None]:
        """An error of the disk or the network within the block is a `UserError` that says where, and what to do."""
        try:
            yield
        except OSError as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> UserError:
        return UserError(f"{self.place}: {told(error)}")

    @property
    def _storage(self) -> Storage:
        with self.told():
            return _storage_of(self, os.getpid())


@lru_cache
def _storage_of(folder: WorkFolder, process: int) -> Storage:  # noqa: ARG001, connections are of one process
    return storage_at(folder.place, dict(folder.settings))
