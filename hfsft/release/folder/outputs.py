"""Outputs: files that a command writes where its user says, over nothing that stands there unless told to."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from hfsft.errors import ReleaseError


def require_free(path: Path, force: bool = False) -> None:
    """Raise `ReleaseError` where something at `path` would be written over; never for a device or a pipe."""
    if path.is_dir():
        raise ReleaseError(f"{path}: is a folder (name a file in it)")
    if not force and os.path.lexists(path) and not _is_stream(path):
        raise ReleaseError(f"{path}: exists already (name another file, or write over it with --force)")


@contextlib.contextmanager
def writing(path: Path, newline: str = "\n") -> Iterator[TextIO]:
    """A text file at `path`, whole or not at all: what stood there stays until all is written.

    Raises `ReleaseError` where it cannot be written.
    """
    try:
        if _is_stream(path):
            with path.open("w", encoding="utf-8", newline=newline) as stream:
                yield stream
            return
        real = path.resolve()
        real.parent.mkdir(parents=True, exist_ok=True)
        draft = real.with_name(f".{real.name}.{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8", newline=newline) as file:
                yield file
            if real.exists():
                draft.chmod(stat.S_IMODE(real.stat().st_mode))
            draft.replace(real)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ReleaseError(f"{path}: cannot be written: {error.strerror or error}") from None


def _is_stream(path: Path) -> bool:
    """Whether it is there and neither a file nor a folder, as `/dev/stdout` is."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
