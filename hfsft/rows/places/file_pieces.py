"""Pieces of files that are read apart from one another: ranges of lines, row groups of Parquet, or whole files.

A piece says by a hash what it depends on: its file up to its end, and nothing behind it, so that the pieces of a file
that grows stay what they are, unless the first piece alone does not settle how rows are read. What is read of a file
for that is no part of a piece: its rows are known there, see `resuming`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from hfsft.hashing import digest
from hfsft.rows.reading.column_roles import LOOKED_AT
from hfsft.rows.reading.resuming import FileMark
from hfsft.rows.tables.arrow import BATCHES, GROUPS, batches_of, is_parquet
from hfsft.rows.tables.delimited import kind_of
from hfsft.rows.tables.objects import starts_lines
from hfsft.rows.tables.text_files import goes_on, open_text, plain_suffix
from hfsft.rows.tables.zipped import File, Member, size_of
from hfsft.storage.stored_file import StoredFile

PIECE = 2**26  # bytes of a file from which on it is read in several pieces, and of each of them
BLOCK = 2**20  # bytes that are looked at at once
LINES = {".jsonl": "lines of JSON", ".ndjson": "lines of JSON", ".json": "lines of JSON", ".txt": "lines of text"}
"""How files are read of which a line is a row, as their readers say it."""
QUOTED = {".csv": ",", ".tsv": "\t"}  # whose lines may end within a row, with the delimiter that is usual there
QUOTE, RETURN = b'"', b"\r"


class FilePiece(NamedTuple):
    """Rows of one file; it is JSON, as `told` says."""

    name: str  # of the file, as rows have it
    path: str | None  # where it lies on the disk; None of one in an archive
    key: str  # a hash of what the rows depend on
    size: int  # bytes of the piece
    start: FileMark | None = None  # what stands before it
    stop: int | None = None  # lines or rows of the file up to its end; None: up to the file's
    stored: Sequence[Any] | None = None  # of one in an object store: what it is, see `StoredFile.as_list`
    features: Mapping[str, Any] | None = None  # of a dataset on the Hub: its columns, as `datasets` has them

    @classmethod
    def of(cls, told: Sequence[Any]) -> FilePiece:
        """The piece of that JSON."""
        name, path, key, size, start, *rest = told
        return cls(name, path, key, size, FileMark(*start) if start else None, *rest)

    @property
    def file(self) -> Path | StoredFile | None:
        """The file; None of one in an archive."""
        if self.path is not None:
            return Path(self.path)
        return StoredFile.of(self.stored) if self.stored else None

    def holds(self, mark: str) -> bool:
        """Whether a row stands before its end, by the row's mark: `:3` for a line, `[2]` for an item."""
        return self.stop is None or int(mark.strip(":[]")) + mark.startswith("[") <= self.stop


def pieces_of(name: str, path: File, sha256: str, delimiter: str | None = None) -> list[FilePiece]:
    """The pieces of a file; one where it cannot be cut, or is small. `delimiter` is that of a CSV where it is known."""
    size = size_of(path)
    whole = FilePiece(name, str(path) if isinstance(path, Path) else None, digest([name, sha256]), size)
    if isinstance(path, Member):
        return [whole]
    if isinstance(path, StoredFile):
        whole = whole._replace(stored=path.as_list())
    if size <= PIECE:
        return [whole]
    if is_parquet(path):
        return [whole._replace(**each) for each in _groups(whole, path)] or [whole]
    if isinstance(path, StoredFile):  # of which the lines are not counted before they are read
        return [whole]
    if batches := _batches(whole, path):
        return batches
    kind = _kind(path, delimiter)
    return (_ranges(whole, path, kind) if kind else None) or [whole]


def _kind(path: Path, delimiter: str | None) -> str:
    """How the lines of a file are read; empty where a line may be no row, or the file cannot be read from a place."""
    suffix = plain_suffix(path)
    if suffix not in (*LINES, *QUOTED) or not goes_on(path):
        return ""
    with open_text(path) as text:
        objects = starts_lines(path, text)
    if suffix in QUOTED:
        return LINES[".jsonl"] if objects else kind_of(path, QUOTED[suffix], delimiter)
    if suffix == ".txt":
        return LINES[".jsonl"] if objects else LINES[suffix]
    return LINES[suffix] if objects else ""


def _ranges(whole: FilePiece, path: Path, kind: str) -> list[FilePiece] | None:
    """Ranges of lines that begin behind the first end of a line in each `PIECE` bytes; in a CSV the first that stands
    behind an even number of quotation marks. Whether a row ends there its reader says.
    """
    found, hashed, start = list[FilePiece](), hashlib.blake2b(digest_size=16), None
    lines = end = 0
    quoted = kind not in LINES.values()
    if not _settles(path, quoted=quoted):
        hashed.update(whole.key.encode())
    last = b""
    with path.open("rb") as file:
        for block, cut in _blocks(file, quoted=quoted):
            # Which ends a line, too, where no line feed follows.
            if block.count(b"\r") != block.count(b"\r\n") + block.endswith(b"\r") or (
                last == b"\r" and block[:1] != b"\n"
            ):
                return None
            last = block[-1:]
            hashed.update(block)
            lines, end = lines + block.count(b"\n"), end + len(block)
            if cut:
                found.append(_piece(whole, hashed.hexdigest(), start, end)._replace(stop=lines))
                start = FileMark(kind, end, lines)
    if last == RETURN:
        return None
    return [*found, _piece(whole, hashed.hexdigest(), start, end)] if start is None or end > start.end else found


def _ends_lines(block: bytes) -> bool:
    """Whether a carriage return stands there that ends a line by itself; of one at the end what follows tells."""
    return block.count(RETURN) > block.count(b"\r\n") + block.endswith(RETURN)


def _settles(path: Path, *, quoted: bool) -> bool:
    """Whether the first piece of a file has as many rows as settle how all are read."""
    rows = marks = 0
    with path.open("rb") as file:
        while file.tell() < PIECE and rows < LOOKED_AT and (line := file.readline()):
            marks += line.count(QUOTE) if quoted else 0
            rows += bool(line.strip()) and marks % 2 == 0
    return rows >= LOOKED_AT


def _blocks(file: Any, *, quoted: bool) -> Iterator[tuple[bytes, bool]]:
    """The content in blocks, each with whether a piece ends behind it."""
    due, marks = PIECE, 0
    while block := file.read(BLOCK):
        at = file.tell() - len(block)
        while at + len(block) >= due and (place := _end(block, max(due - at - 1, 0), marks if quoted else None)) >= 0:
            yield block[: place + 1], True
            marks += block.count(QUOTE, 0, place + 1)
            at, block, due = at + place + 1, block[place + 1 :], at + place + 1 + PIECE
        if block:
            marks += block.count(QUOTE)
            yield block, False


def _end(block: bytes, start: int, marks: int | None) -> int:
    """The first end of a line from there on; with the `marks` before the block, one behind an even number of them."""
    place = block.find(b"\n", start)
    if marks is None or place < 0:
        return place
    marks += block.count(QUOTE, 0, place)
    while marks % 2 and place >= 0:
        before, place = place, block.find(b"\n", place + 1)
        marks += block.count(QUOTE, before, max(place, before))
    return place


def _batches(whole: FilePiece, path: Path) -> list[FilePiece]:
    """Batches of an Arrow file of so many bytes together; none of another file."""
    found, start, size = list[FilePiece](), None, 0
    for number, rows, held in batches_of(path):
        size += held
        if size >= PIECE:
            mark = FileMark(BATCHES, number, rows)
            found.append(whole._replace(key=_key(whole, whole.key, start), size=size, start=start, stop=rows))
            start, size = mark, 0
    if size:
        found.append(whole._replace(key=_key(whole, whole.key, start), size=size, start=start))
    return found


def _groups(whole: FilePiece, path: Path | StoredFile) -> Iterator[dict[str, Any]]:
    """Row groups of so many bytes together."""
    start: FileMark | None = None
    for size, group, rows in groups_of(path):
        mark = FileMark(GROUPS, group, rows)
        yield {"key": _key(whole, whole.key, start), "size": size, "start": start, "stop": rows}
        start = mark


def groups_of(path: Path | StoredFile) -> list[tuple[int, int, int]]:
    """Row groups of a Parquet file, of so many bytes together: the bytes, and the groups and the rows up to there."""
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        metadata = pq.read_metadata(path if isinstance(path, Path) else stack.enter_context(path.at_any_place()))
    found, rows, size = list[tuple[int, int, int]](), 0, 0
    for group in range(metadata.num_row_groups):
        rows, size = rows + metadata.row_group(group).num_rows, size + metadata.row_group(group).total_byte_size
        if size >= PIECE or group == metadata.num_row_groups - 1:
            found.append((size, group + 1, rows))
            size = 0
    return found


def _piece(whole: FilePiece, content: str, start: FileMark | None, end: int) -> FilePiece:
    return whole._replace(key=_key(whole, content, start), size=end - (start.end if start else 0), start=start)


def _key(whole: FilePiece, content: str, start: FileMark | None) -> str:
    return digest([whole.name, content, list(start) if start else None])
