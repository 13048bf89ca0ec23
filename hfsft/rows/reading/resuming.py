"""How far text files were read, so that of one that grew only what is behind is parsed.

A file may go on where a line ends, and with it a row: of a CSV a line may end within a quoted field. It is told again
by the hash of its first bytes. Only files in UTF-8 that lie on the disk as they are go on; any other is read from its
start.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from hfsft.errors import ReadAnewError

LOOKED_BACK = 2**20  # bytes at the end of a file in which its last line must begin


class FileMark(NamedTuple):
    """How far a file was read."""

    kind: str  # how its rows were read, such as by which delimiter
    end: int  # bytes up to the end of the last line that has one
    lines: int  # lines up to there


class FileReading:
    """One reading of a file, or of a `part` of it; with `before`, rows up to that mark are `known`, and left out once
    `settled`.
    """

    def __init__(self, before: FileMark | None = None, *, part: bool = False, stop: int | None = None) -> None:
        self._before, self.part, self._stop = before, part, stop
        self._kind = ""
        self._line = self._last = 0
        self._skipped = False
        self.settled = False

    def begins(self, kind: str) -> None:
        """How the rows are read. Raises `ReadAnewError` where they were read in another way before."""
        if self._before is not None and self._before.kind != kind:
            raise ReadAnewError
        self._kind = kind

    def at(self, line: int, last: int = 0) -> None:
        """A row begins in that line, and ends in its `last`, where that may be another one.

        Raises `ReadAnewError` where a part was to end within it.
        """
        if self._stop is not None and line <= self._stop < last:
            raise ReadAnewError
        self._line = line

    @property
    def known(self) -> bool:
        """Whether the row that was read last was read before."""
        return self._before is not None and self._line <= self._before.lines

    def skips(self) -> FileMark | None:
        """Where to go on in place of the next row: once, and only where rows that are known are needed no more."""
        if not self.settled or self._skipped or not self.known:
            return None
        self._skipped = True
        return self._before

    def ends(self, lines: int, last: int | None = None) -> None:
        """The file ended after so many lines; the last row began in line `last`, else in the last of them."""
        self._line, self._last = lines, lines if last is None else last

    def marks(self, path: Path) -> tuple[FileMark, FileMark | None] | None:
        """How far the file was read: to its end, and to where it may go on, None where that is not known.

        None altogether of a file that is not read line by line.

        Raises `ReadAnewError` where it was to go on at a mark, and was not read as a file that can.
        """
        if not self._kind:
            if self._before is not None:
                raise ReadAnewError
            return None
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - LOOKED_BACK))
            _, ended, rest = file.read().rpartition(b"\n")
        whole = FileMark(self._kind, size, self._line)
        if not rest:
            return whole, whole
        alone = ended and b"\r" not in rest and self._last == self._line
        return (whole, FileMark(self._kind, size - len(rest), self._line - 1)) if alone else (whole, None)


@dataclass
class TableProgress:
    """How far the files of a table were read before, and are read now, by their names."""

    before: dict[str, FileMark] = field(default_factory=dict)
    marks: dict[str, tuple[FileMark, FileMark | None]] = field(default_factory=dict)
    reading: dict[str, FileReading] = field(default_factory=dict)
    part: bool = False  # whether they are read as far as one piece of one of them goes
    stop: int | None = None  # lines up to the end of that piece

    def file(self, name: str) -> FileReading:
        """The reading of a file that begins now."""
        self.reading[name] = FileReading(self.before.get(name), part=self.part, stop=self.stop)
        return self.reading[name]

    def settled(self, name: str) -> None:
        """What rows of a file that are known have to say of the others was seen."""
        if name in self.reading:
            self.reading[name].settled = True


def begins_with(path: Path, size: int, sha256: str) -> bool:
    """Whether so many bytes at the beginning of a file have that hash."""
    found, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left and (block := file.read(min(2**20, left))):
            found.update(block)
            left -= len(block)
    return not left and found.hexdigest() == sha256
