"""Files in a zip archive, read as if they lay on the disk: nothing is unpacked but what is read of them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

from hfsft.errors import SourceError, place_of
from hfsft.storage.stored_file import StoredFile

ZIP = ".zip"
MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")  # how archives begin: with a file, without any, in parts
BOOKS = (".xlsx", ".xlsm", ".ods")  # archives that are workbooks
MEMBERS = 10_000
ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""What reading raises for one that is damaged, packed in a way that Python does not know, or locked by a password."""


@dataclass(frozen=True)
class Archive:
    """One archive; what is wrong with it is a `SourceError`."""

    path: Path | StoredFile

    @cached_property
    def _zip(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.path if isinstance(self.path, Path) else self.path.open())

    def members(self) -> Iterator[Member]:
        """The files in it, as they follow each other by their names."""
        try:
            found = self._zip.infolist()
        except ERRORS as error:
            raise SourceError(f"no zip archive that can be read: {error}", place=place_of(self.path)) from None
        if len(found) > MEMBERS:
            raise SourceError(f"holds more than {MEMBERS:,} files", place=place_of(self.path), help="unpack it")
        names = {info.filename: info for info in found if not info.is_dir()}  # of two of one name the last counts
        yield from (Member(self, name, names[name].file_size) for name in sorted(names))

    def open(self, name: str) -> IO[bytes]:
        """The content of a file in it."""
        return self._zip.open(name)


@dataclass(frozen=True)
class Member:
    """A file in an archive, with those ways of a `Path` that readers use."""

    archive: Archive
    inside: str
    size: int

    def __fspath__(self) -> str:
        return f"{self.archive.path}/{self.inside}"

    @property
    def name(self) -> str:
        """The name without folders."""
        return PurePosixPath(self.inside).name

    @property
    def suffixes(self) -> list[str]:
        """The suffixes of the name."""
        return PurePosixPath(self.inside).suffixes

    def open(self, mode: str = "rb") -> IO[bytes]:
        """The content; `mode` is there as for a `Path`."""
        del mode
        try:
            return self.archive.open(self.inside)
        except RuntimeError:
            raise SourceError("is locked by a password", place=place_of(self), help="unpack the archive") from None


File: TypeAlias = Path | StoredFile | Member
"""A file on the disk, in an object store, or in an archive."""


def on_disk(file: File) -> Path | StoredFile:
    """The file itself, or the archive that it is in."""
    return file.archive.path if isinstance(file, Member) else file


def size_of(file: File) -> int:
    """Bytes of the content, as it is stored there."""
    return file.stat().st_size if isinstance(file, Path) else file.size


def beginning(file: File, size: int) -> bytes:
    """The first bytes of the content, as it is stored there."""
    if isinstance(file, StoredFile):
        return file.beginning[:size]
    with file.open("rb") as content:
        return content.read(size)


def is_zip(path: Path | StoredFile) -> bool:
    """Whether a file is an archive of files of rows, whatever it is called."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-1:]]
    if suffixes == [ZIP]:
        return True
    if isinstance(path, StoredFile):  # of many files none is asked for what it is called
        return False
    return beginning(path, 4) in MAGIC and not set(suffixes) & set(BOOKS)
