"""A folder that is a path here: of a local disk, or of one that several machines have mounted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfsft import cache
from hfsft.hashing import digest

END = b"PAR1"
PROBE = "probe"  # the file by which it is seen whether files can be written


class PathStorage:
    """Files are read where they lie, by memory maps, and written under another name first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def url(self, name: str) -> str:
        """Its path."""
        return str(self._folder / name)

    def ready(self) -> None:
        """Make the folder, and see whether it may be written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = cache.draft_of(self._folder / PROBE)
        try:
            draft.write_bytes(END)
        finally:
            draft.unlink(missing_ok=True)

    def parquet(self, name: str) -> pq.ParquetFile:
        """By a memory map."""
        return pq.ParquetFile(self._folder / name, memory_map=True)

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """A draft, put in its place at the end."""
        path = self._folder / name
        draft = cache.draft_of(path)
        try:
            with pa.OSFile(str(draft), "wb") as file:
                yield file
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def whole(self, names: Collection[str]) -> bool:
        """Whether each is there and ends as Parquet does."""
        return all(_ends(self._folder / name) for name in names)

    def bring(self, name: str, to: Path) -> None:
        """On the same disk it is one file under two names, which takes no room."""
        to.unlink(missing_ok=True)
        try:
            os.link(self._folder / name, to)
        except OSError:  # another disk, or one that knows no such links
            shutil.copyfile(self._folder / name, to)

    def text(self, name: str) -> str | None:
        """What it says."""
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def put(self, name: str, text: str) -> None:
        """Through a draft, too."""
        cache.put(self._folder / name, text)

    def used(self, names: Iterable[str]) -> None:
        """The time of a file says when a build used it last."""
        for name in names:
            self._used.add(name)
            with suppress(OSError):  # a folder that may not be written is read all the same
                os.utime(self._folder / name)

    def at_work(self) -> AbstractContextManager[None]:
        """Others see it by a lock."""
        self._used.clear()
        return cache.at_work(self._folder)

    def settle(self, began: float) -> None:
        """As in the cache; builds that used the same files count as one."""
        cache.settle(self._folder, digest(sorted(self._used)), began)


def _ends(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-len(END), os.SEEK_END)
            return file.read() == END
    except OSError:
        return False
