"""A folder in an object store: s3:// by Arrow's own client, others by their file system of fsspec.

A file is uploaded once it is written as a whole, so that others see all of it or nothing. There are neither locks nor
times of use in such a store: which files a build used is noted in one of its own.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from pyarrow import fs

from hfsft.cache import BUILDS, MADE, RUNNING, YOUNG
from hfsft.engine.stored.path_storage import END, PROBE
from hfsft.storage.file_systems import of_fsspec

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

IN_MEMORY = 1 << 26  # bytes of a file that is being written; a larger one waits on the disk for temporary files
FRESH = 10.0  # seconds for which a listing holds
DEAD = 86400.0  # seconds after which a build that has not ended is taken for one that was killed
PIECE = 1 << 22  # bytes of a file that are copied at once
AT_ONCE = 16  # files that are looked at


class ObjectStorage:
    """Files of one folder; `root` is its path as the file system has it."""

    def __init__(self, filesystem: FileSystem, root: str, address: str) -> None:
        self._files, self._root, self._address = filesystem, root, address
        self._other = of_fsspec(filesystem)
        self._listed, self._names = 0.0, dict[str, float]()
        self._used: set[str] = set()

    def url(self, name: str) -> str:
        """Its address."""
        return f"{self._address}/{name}"

    def ready(self) -> None:
        """See whether a file can be written, read and deleted. Raises `OSError` where not."""
        try:
            if self._other is not None:
                self._other.makedirs(self._root, exist_ok=True)
            name = f"{PROBE}-{uuid.uuid4().hex[:8]}"
            self.put(name, PROBE)
            self.text(name)
            self._files.delete_file(self._path(name))
            self._list()
        except OSError:
            raise
        except Exception as error:  # of a file system of fsspec, whose errors are its own
            raise OSError(f"{type(error).__name__}: {error}") from error

    def parquet(self, name: str) -> pq.ParquetFile:
        """What is read of it is asked for in few requests."""
        return pq.ParquetFile(self._files.open_input_file(self._path(name)), pre_buffer=True)

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """It is uploaded at the end: a stream to Arrow's client that is given up would be taken for a whole file."""
        with SpooledTemporaryFile(IN_MEMORY) as file:
            yield file
            file.seek(0)
            self._send(name, file.read())

    def whole(self, names: Collection[str]) -> bool:
        """Whether they are listed; where a store may show a file before it is whole, its end is looked at, too."""
        if not all(name in self._names for name in names) and time.monotonic() > self._listed + FRESH:
            self._list()
        if not all(name in self._names for name in names):
            return False
        if self._other is None or not names:
            return True
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return all(threads.map(self._ends, names))

    def bring(self, name: str, to: Path) -> None:
        """Some of it at a time."""
        with self._files.open_input_stream(self._path(name)) as file, to.open("wb") as here:
            shutil.copyfileobj(file, here, PIECE)

    def text(self, name: str) -> str | None:
        """What it says."""
        try:
            with self._files.open_input_stream(self._path(name)) as file:
                return bytes(file.read()).decode()
        except FileNotFoundError:
            return None

    def put(self, name: str, text: str) -> None:
        """In one piece."""
        self._send(name, text.encode())

    def used(self, names: Iterable[str]) -> None:
        """It is noted when the build ends."""
        self._used.update(names)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Others see it by a file, which says nothing of a build that was killed: it counts for a day."""
        self._used.clear()
        name = uuid.uuid4().hex + RUNNING
        self.put(name, "")
        try:
            yield
        finally:
            with suppress(OSError):
                self._files.delete_file(self._path(name))

    def settle(self, began: float) -> None:
        """Files go that no build has noted, but for new ones, and while no other build is at work."""
        builds = [(began, sorted(self._used)), *self._builds()]
        builds = [each for number, each in enumerate(builds) if number == 0 or each[1] != builds[0][1]][:2]
        self.put(BUILDS, json.dumps(builds))
        self._list()
        now = time.time()
        running = [name for name in self._names if name.endswith(RUNNING)]
        dead = [name for name in running if self._names[name] < now - DEAD]
        if len(builds) < 2 or len(dead) < len(running):
            return
        since, wanted = min(*(began for began, _ in builds), now - YOUNG), {name for _, used in builds for name in used}
        old = [name for name, at in self._names.items() if name.endswith(MADE) and name not in wanted and at < since]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._delete, [*old, *dead]))

    def _builds(self) -> list[tuple[float, list[str]]]:
        try:
            return [(float(began), [str(name) for name in used]) for began, used in json.loads(self.text(BUILDS) or "")]
        except (ValueError, TypeError):
            return []

    def _delete(self, name: str) -> None:
        with suppress(OSError):
            self._files.delete_file(self._path(name))
            del self._names[name]

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _send(self, name: str, data: bytes) -> None:
        if self._other is not None:
            self._other.pipe_file(self._path(name), data)
        else:
            with self._files.open_output_stream(self._path(name)) as stream:
                stream.write(data)
        self._names[name] = time.time()

    def _list(self) -> None:
        if self._other is not None:
            self._other.invalidate_cache()
        found = self._files.get_file_info(fs.FileSelector(self._root, allow_not_found=True))
        self._names = {each.base_name: each.mtime_ns / 1e9 if each.mtime_ns else time.time() for each in found}
        self._listed = time.monotonic()

    def _ends(self, name: str) -> bool:
        try:
            with self._files.open_input_file(self._path(name)) as file:
                return bool(file.read_at(len(END), max(file.size() - len(END), 0)) == END)
        except OSError:
            return False
