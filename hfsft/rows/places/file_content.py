"""What a file holds now: a hash of it, and what tells at a glance whether it is still that."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from hfsft.storage.stored_file import StoredFile

SETTLED = 2 * 10**9  # nanoseconds, after which another content has another time, however coarse the clock of the disk
_HASHES: dict[tuple[Path, int, int], str] = {}  # by path, size and time


def stamp(file: Path | StoredFile) -> Any:
    """Another value where the content is: size and time, or the version that a store gives it."""
    if isinstance(file, StoredFile):
        return file.now()
    found = file.stat()
    return found.st_size, found.st_mtime_ns


def hash_of(file: Path | StoredFile) -> str:
    """The hash of a file; of one that was hashed before and is what it was, not read again. Of a file in a store it is
    the version that the store gives it, with its size: nothing is read for it.
    """
    if isinstance(file, StoredFile):
        return f"{file.version} {file.size}"
    size, at = stamp(file)
    if (known := _HASHES.get((file, size, at))) is not None:
        return known
    sha256 = hashlib.sha256()
    with file.open("rb") as data:
        while block := data.read(2**20):
            sha256.update(block)
    found = sha256.hexdigest()
    if time.time_ns() - at > SETTLED and stamp(file) == (size, at):
        _HASHES[(file, size, at)] = found
    return found
