"""A file's bytes as text: unpacked, and decoded by what it holds rather than by what it is called."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from hfsft.errors import SourceError, place_of
from hfsft.rows.tables.zipped import File, Member, beginning
from hfsft.rows.values import LONGEST
from hfsft.storage.stored_file import StoredFile

PACKED = (".gz", ".bz2", ".xz", ".zst")
UNPACK_ERRORS = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile)
UNPACK = "unpack it first"
ENDLESS = 2**30  # characters of one line; a file with more is no table, or was packed to burst
SNIFFED = 2**16  # bytes of the beginning that tell what a file is


def plain_suffix(path: File) -> str:
    """The suffix that says what a file holds, in small letters, without that of its packing."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def open_bytes(path: File) -> IO[bytes]:
    """The content, unpacked if it is packed (gzip, bzip2, xz, zstd), whatever the file is called."""
    magic = beginning(path, 6)
    unpack = next((each for start, each in UNPACKING.items() if magic.startswith(start)), None)
    if unpack is None:
        return path.open("rb")
    return cast("IO[bytes]", unpack(path if isinstance(path, Path) else path.open()))


def _zstd(source: Any) -> Any:
    import pyarrow as pa

    file = pa.OSFile(str(source)) if isinstance(source, Path) else pa.PythonFile(source, mode="r")
    return pa.CompressedInputStream(file, "zstd")


UNPACKING: Mapping[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x28\xb5\x2f\xfd": _zstd,
}
"""How packed data begins -> what opens it, of a path or of a file that is open."""


def seekable(path: File, stack: ExitStack) -> Any:
    """A file that can be read from any place: itself where it lies as it is on the disk or in an object store, else a
    copy without a name, which is gone when `stack` is left.

    Raises `SourceError` where the copy would be too large.
    """
    if not isinstance(path, Member) and not packed(path):
        return path if isinstance(path, Path) else stack.enter_context(path.at_any_place())
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is entered
    with open_bytes(path) as content:
        while block := content.read(2**20):
            if copy.tell() > ENDLESS:
                raise SourceError(f"more than {ENDLESS:,} bytes when it is unpacked", place=place_of(path), help=UNPACK)
            copy.write(block)
    copy.seek(0)
    return copy


def packed(path: File) -> bool:
    """Whether the content is packed, beside being in an archive."""
    return beginning(path, 6).startswith(tuple(UNPACKING))


def head(path: File) -> bytes:
    """The first bytes of the content."""
    if isinstance(path, StoredFile) and not packed(path):
        return path.beginning
    with open_bytes(path) as content:
        return content.read(SNIFFED)


@contextmanager
def open_text(path: File, newline: str | None = None, start: int = 0) -> Iterator[IO[str]]:
    """The content as text: UTF-8, or UTF-16 and UTF-32 as their marks or their zeros show; from byte `start`, UTF-8.

    Raises `SourceError` with the line and column of the first byte that is neither.
    """
    encoding = "utf-8" if start else _encoding(head(path))
    with open_bytes(path) as content:
        if start:
            content.seek(start)
        buffered = content if hasattr(content, "readable") else io.BytesIO(cast("Any", content).read())
        text = io.TextIOWrapper(cast("Any", buffered), encoding=encoding, newline=newline)
        try:
            yield text
        except UnicodeDecodeError:
            raise _undecodable(path, encoding) from None


def goes_on(path: File) -> bool:
    """Whether a file that grows can be read on from a place in it: it lies on the disk as it is, and is UTF-8."""
    return isinstance(path, Path) and not packed(path) and _encoding(head(path)).startswith("utf-8")


def _encoding(start: bytes) -> str:
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    zeros = start[:200]
    if b"\0" in zeros:  # no text has a zero byte but in UTF-16, where every Latin letter has one
        return "utf-16-le" if zeros[1::2].count(0) > zeros[::2].count(0) else "utf-16-be"
    return "utf-8-sig"


class Long(NamedTuple):
    """In the place of a line that is longer than a row may be, and is not kept in memory."""

    quotes: int  # how many quotation marks stand in it


def lines(path: File, text: IO[str], number: int = 0) -> Iterator[str | Long]:
    """Each line with its end; `number` lines stand before the first.

    Raises `SourceError` for one that does not end.
    """
    while line := text.readline(LONGEST + 1):
        number += 1
        if len(line) <= LONGEST or line.endswith(("\n", "\r")):
            yield line
            continue
        size = quotes = 0
        while line and not line.endswith(("\n", "\r")):
            if size > ENDLESS:
                place = place_of(path, number)
                raise SourceError(f"a line of more than {ENDLESS:,} characters", place=place, help="a row a line")
            size += len(line)
            quotes += line.count('"')
            line = text.readline(2**20)
        yield Long(quotes + line.count('"'))


def _undecodable(path: File, encoding: str) -> SourceError:
    """Where the first byte stands that is no text; a reader's own position is that of its buffer."""
    if not encoding.startswith("utf-8"):
        return SourceError(f"not {encoding.upper()}, as it begins", place=place_of(path), help="save the file as UTF-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, column = 1, 1  # of the first byte that is looked at
    with open_bytes(path) as content:
        while True:
            block = content.read(2**20)
            read = decoder.getstate()[0] + block
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line, column = _behind(line, column, read[: error.start])
                byte = read[error.start]
                latin = bytes([byte]).decode("cp1252", "replace")
                return SourceError(
                    f"byte 0x{byte:02x} is not UTF-8",
                    place=place_of(path, line, column),
                    help=f"save the file as UTF-8; in Windows-1252 it is {latin!r}: "
                    f"iconv -f CP1252 -t UTF-8 {path.name}",
                )
            if not block:
                break
            line, column = _behind(line, column, read[: len(read) - len(decoder.getstate()[0])])
    return SourceError("not UTF-8", place=place_of(path), help="save the file as UTF-8")


def _behind(line: int, column: int, data: bytes) -> tuple[int, int]:
    """The place behind the data that begins at a place."""
    last = data.rfind(b"\n")
    return line + data.count(b"\n"), len(data) - last if last >= 0 else column + len(data)
