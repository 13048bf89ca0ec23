"""A file's bytes as text: unpacked, and decoded by what it holds rather than by what it is called."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from hfsft.errors import SourceError, place_of

PACKED = (".gz", ".bz2", ".xz", ".zst")
UNPACK_ERRORS = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
SNIFFED = 2**16  # bytes of the beginning that tell what a file is


def plain_suffix(path: Path) -> str:
    """The suffix that says what a file holds, in small letters, without that of its packing."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def open_bytes(path: Path) -> IO[bytes]:
    """The content, unpacked if it is packed (gzip, bzip2, xz, zstd), whatever the file is called."""
    with path.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if magic.startswith(b"BZh"):
        return cast("IO[bytes]", bz2.open(path, "rb"))
    if magic.startswith(b"\xfd7zXZ"):
        return cast("IO[bytes]", lzma.open(path, "rb"))
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow as pa

        return cast("IO[bytes]", pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def head(path: Path) -> bytes:
    """The first bytes of the content."""
    with open_bytes(path) as content:
        return content.read(SNIFFED)


@contextmanager
def open_text(path: Path, newline: str | None = None) -> Iterator[IO[str]]:
    """The content as text: UTF-8, or UTF-16 and UTF-32 as their marks or their zeros show.

    Raises `SourceError` with the line and column of the first byte that is neither.
    """
    encoding = _encoding(head(path))
    with open_bytes(path) as content:
        buffered = content if hasattr(content, "readable") else io.BytesIO(cast("Any", content).read())
        text = io.TextIOWrapper(cast("Any", buffered), encoding=encoding, newline=newline)
        try:
            yield text
        except UnicodeDecodeError:
            raise _undecodable(path, encoding) from None


def _encoding(start: bytes) -> str:
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    zeros = start[:200]
    if b"\0" in zeros:  # no text has a zero byte but in UTF-16, where every Latin letter has one
        return "utf-16-le" if zeros[1::2].count(0) > zeros[::2].count(0) else "utf-16-be"
    return "utf-8-sig"


def _undecodable(path: Path, encoding: str) -> SourceError:
    """Where the first byte stands that is no text; a reader's own position is that of its buffer."""
    with open_bytes(path) as content:
        data = content.read()
    if not encoding.startswith("utf-8"):
        return SourceError(f"not {encoding.upper()}, as it begins", place=place_of(path), help="save the file as UTF-8")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        byte = data[error.start]
        latin = bytes([byte]).decode("cp1252", "replace")
        return SourceError(
            f"byte 0x{byte:02x} is not UTF-8",
            place=place_of(path, line, column),
            help=f"save the file as UTF-8; in Windows-1252 it is {latin!r}: iconv -f CP1252 -t UTF-8 {path.name}",
        )
    return SourceError("not UTF-8", place=place_of(path), help="save the file as UTF-8")
