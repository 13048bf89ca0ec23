"""A file in an object store, which is read where it lies, and what tells whether it is still what it was."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from hfsft.storage.file_systems import file_system, of_fsspec

if TYPE_CHECKING:
    from pyarrow import NativeFile
    from pyarrow.fs import FileSystem

BLOCK = 2**23  # bytes that one request asks for where a file is read from its start to its end
BEGINNING = 2**16  # bytes by which it is told what a file is
AT_ONCE = 16  # files that are asked about
# What the file systems of fsspec call a value that is another one where the content is; the first that is there counts.
VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "xet_hash", "blob_id", "generation", "LastModified", "mtime")


@dataclass(frozen=True)
class StoredFile:
    """One file, with those ways of a `Path` that readers use. It is data, but for what it has read.

    Its methods raise `OSError` for what the store refuses, and `UserError` where no package here knows of the store.
    """

    place: str
    settings: tuple[tuple[str, str], ...] = ()  # how the store is reached, where that is not plain; never a key
    size: int = field(default=0, compare=False)
    version: str = field(default="", compare=False)  # another one where the content is

    @classmethod
    def of(cls, told: Sequence[Any]) -> StoredFile:
        """The file of which `as_list` told."""
        place, settings, size, version = told
        return cls(place, tuple((name, value) for name, value in settings), size, version)

    def as_list(self) -> list[Any]:
        """The file as JSON."""
        return [self.place, [list(each) for each in self.settings], self.size, self.version]

    def __fspath__(self) -> str:
        return self.place

    @property
    def name(self) -> str:
        """The name without folders."""
        return PurePosixPath(self.place).name

    @property
    def suffixes(self) -> list[str]:
        """The suffixes of the name."""
        return PurePosixPath(self.place).suffixes

    @cached_property
    def beginning(self) -> bytes:
        """The first bytes of the content, which are asked for once."""
        with self.at_any_place() as file, _told():
            return bytes(file.read_at(min(BEGINNING, self.size), 0)) if self.size else b""

    def open(self, mode: str = "rb") -> IO[bytes]:
        """The content; `mode` is there as for a `Path`."""
        del mode
        return cast("IO[bytes]", io.BufferedReader(cast("Any", self.at_any_place()), BLOCK))

    def at_any_place(self) -> NativeFile:
        """The content, of which no more is asked for than is read."""
        files, root = opened(self.place, self.settings, os.getpid())
        with _told():
            return files.open_input_file(root)

    def now(self) -> str:
        """Its version at this moment."""
        files, root = opened(self.place, self.settings, os.getpid())
        with _told():
            if (other := of_fsspec(files)) is not None:
                other.invalidate_cache()
            return _version(files, root)


@lru_cache(maxsize=1024)
def opened(place: str, settings: tuple[tuple[str, str], ...], process: int) -> tuple[FileSystem, str]:
    """The file system of a place, and the place as it calls it; connections are of one process."""
    scheme, _, path = place.partition("://")
    if scheme == "s3":  # one client for all files of a bucket
        return _store(f"{scheme}://{path.split('/')[0]}", settings, process)[0], path
    return file_system(place, dict(settings))


@lru_cache(maxsize=64)
def _store(place: str, settings: tuple[tuple[str, str], ...], process: int) -> tuple[FileSystem, str]:  # noqa: ARG001
    return file_system(place, dict(settings))


def files_in(place: str, settings: Mapping[str, str], *, deep: bool = True) -> list[StoredFile] | None:
    """The file at a place, or those in a folder there (`deep`: in its folders too), sorted by name, without their
    versions; None where nothing is there.

    Raises `OSError` for what the store refuses.
    """
    from pyarrow.fs import FileSelector, FileType

    kept = tuple(sorted(settings.items()))
    files, root = opened(place, kept, os.getpid())
    with _told():
        if (other := of_fsspec(files)) is not None:
            other.invalidate_cache()
        here = files.get_file_info(root) if "/" in root else None  # a bucket is a folder, and may not be looked at
        if here is not None and here.type == FileType.NotFound:
            return None
        if here is not None and here.type == FileType.File:
            return [StoredFile(place, kept, int(here.size))]
        found = files.get_file_info(FileSelector(root, recursive=deep))
    made = [(each.path.removeprefix(root), int(each.size or 0)) for each in found if each.is_file]
    return sorted((StoredFile(f"{place}{name}", kept, size) for name, size in made), key=lambda each: each.place)


def with_versions(files: Sequence[StoredFile]) -> list[StoredFile]:
    """The files with their versions."""

    def version(file: StoredFile) -> str:
        with _told():
            return _version(*opened(file.place, file.settings, os.getpid()))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [replace(file, version=found) for file, found in zip(files, threads.map(version, files), strict=True)]


def with_sizes(files: Sequence[StoredFile]) -> list[StoredFile]:
    """The files with their sizes and versions, where only their addresses are known."""

    def size(file: StoredFile) -> int:
        files, root = opened(file.place, file.settings, os.getpid())
        with _told():
            return int(files.get_file_info(root).size or 0)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        sizes = list(threads.map(size, files))
    return with_versions([replace(file, size=size) for file, size in zip(files, sizes, strict=True)])


def _version(files: FileSystem, path: str) -> str:
    if (other := of_fsspec(files)) is not None:
        info = other.info(path)
        found = {name: info[name] for name in VERSIONS if info.get(name)}
        return str(next(iter(found.values()))) if found else str(other.ukey(path))
    with files.open_input_file(path) as file:
        told = file.metadata() or {}
    return bytes(told.get("ETag") or told.get("Last-Modified") or b"").decode()


@contextmanager
def _told() -> Iterator[None]:
    """An error of a store's own library is an `OSError`."""
    try:
        yield
    except (OSError, ImportError):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
