"""The file that verdicts are kept in, a line each, to which several processes may add at once.

A verdict is on the disk before `append` returns. A writer that was killed may leave the beginning of a line: who comes
next ends that line, and whoever reads tells of it, with its place.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hfsft.errors import SourceError, place_of
from hfsft.verdicts.all_verdicts import Verdicts
from hfsft.verdicts.one_verdict import Verdict

ENDING = ".review.jsonl"
RELEASED = "review.jsonl"
"""What the file is called in a release."""
OF_A_RELEASE = ("recipe", "recipe.resolved")
"""What the recipes in a release are called."""
_BEGINS = '{"row": "'  # as every line that is written here does


def file_beside(stem: str) -> str:
    """The name of the verdict file beside a recipe's file."""
    return f"{stem}{ENDING}"


def path_beside(base: Path, stem: str) -> Path | None:
    """The verdict file beside a recipe in this folder whose file is called so; None of one that came from no file."""
    released = base / RELEASED
    if stem in OF_A_RELEASE and released.is_file():
        return released
    return base / file_beside(stem) if stem else None


class VerdictFile:
    """One verdict file, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._own: set[int] = set()  # where the lines begin that were added here
        self._seen = 0  # up to where the file was read, which is where a line begins
        self._inode = 0

    def append(self, verdict: Verdict) -> None:
        """Add a verdict; it is on the disk when this returns. Raises `OSError`: then the file is as it was before."""
        line = verdict.to_line().encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, alone=True) as file:
            end = os.fstat(file).st_size
            torn = bool(end) and _last_byte(file, end) != b"\n"
            self._own.add(end + torn)
            try:
                _write(file, b"\n" * torn + line)
                os.fsync(file)
            except OSError:
                self._own.discard(end + torn)
                with suppress(OSError):
                    os.ftruncate(file, end)
                raise
        if not end:
            _keep_name(self.path.parent)

    def read(self) -> Verdicts:
        """All verdicts; none where there is no file.

        The beginning of a line that a killed writer left is told, see `Verdicts.told`, and counts for nothing. Raises
        `SourceError` for a line that is no verdict and for a file that cannot be read.
        """
        self._seen = 0
        told: list[str] = []
        return Verdicts(list(self._lines(told, whole=True)), told)

    def fresh(self) -> list[Verdict]:
        """What others have added since it was last read; a line whose writer is not done comes next time.

        All verdicts where the file was put there anew since. Raises `SourceError` as `read` does.
        """
        return list(self._lines([], whole=False))

    def _lines(self, told: list[str], *, whole: bool) -> Iterator[Verdict]:
        text = self._rest()
        number = 0 if whole else None
        at, self._seen = self._seen, self._seen + (len(text) if whole else text.rfind(b"\n") + 1)
        for line in text[: self._seen - at].split(b"\n"):
            number = None if number is None else number + 1
            ours = at in self._own and not whole
            at += len(line) + 1
            if ours or not line.strip():
                continue
            shown = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
            try:
                if "\ufffd" in shown:
                    line.decode("utf-8")
                yield Verdict.from_line(shown)
            except ValueError as error:
                place = place_of(self.path, number or self._line_of(at - len(line) - 1))
                if not _torn(shown):
                    fault = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
                    raise SourceError(
                        f"a line that is no verdict: it {fault}",
                        place=place,
                        help="mend or delete the line; `hfsft review` writes such lines",
                    ) from None
                told.append(f"{place}: the beginning of a line whose writer was stopped; it counts for nothing")

    def _rest(self) -> bytes:
        """What stands behind what was read; all of it where the file is another one, or shorter than it was."""
        try:
            with _opened(self.path, os.O_RDONLY, alone=False) as file:
                found = os.fstat(file)
                if found.st_size < self._seen or found.st_ino != self._inode:
                    self._seen = 0
                    if self._inode:
                        self._own.clear()
                self._inode = found.st_ino
                os.lseek(file, self._seen, os.SEEK_SET)
                with os.fdopen(os.dup(file), "rb") as stream:
                    return stream.read()
        except FileNotFoundError:
            self._seen = 0
            self._own.clear()
            return b""
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be read: {error.strerror or error}") from None

    def _line_of(self, at: int) -> int:
        """The number of the line that begins there."""
        with self.path.open("rb") as file:
            return file.read(at).count(b"\n") + 1


def _torn(line: str) -> bool:
    """Whether a line can only be the beginning of one: it begins as ours do, and its object is not ended."""
    begins = line.startswith(_BEGINS) or _BEGINS.startswith(line)
    return begins and not line.rstrip().endswith("}")


@contextmanager
def _opened(path: Path, flags: int, *, alone: bool) -> Iterator[int]:
    """The file under its lock: `alone` while something is written, with others who read while it is read.

    The lock is on the file itself, so that none lies beside it; a file that was replaced meanwhile is opened anew.
    """
    while True:
        file = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
        try:
            with _locked(path, file, alone):
                if not alone or _is_called(path, file):
                    yield file
                    return
        finally:
            os.close(file)


def _is_called(path: Path, file: int) -> bool:
    """Whether the opened file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _last_byte(file: int, end: int) -> bytes:
    os.lseek(file, end - 1, os.SEEK_SET)
    return os.read(file, 1)


def _write(file: int, text: bytes) -> None:
    while text:
        text = text[os.write(file, text) :]


def _keep_name(folder: Path) -> None:
    """Have the disk know that a new file is in the folder; not every system can open one for that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def _locked(path: Path, file: int, alone: bool) -> Iterator[None]:
    if sys.platform == "win32":
        from filelock import FileLock

        with FileLock(path.with_name(f".{path.name}.lock")):
            yield
    else:
        import fcntl

        with suppress(OSError):  # on a file system without locks one write at the end is whole on its own
            fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield  # closed, it is free again
