"""The two binary formats of xet uploads: a xorb (packed chunks of data) and a shard (which chunks make which file).

A xorb is a row of chunks, each with a header of 8 bytes, then a footer that is not needed here:

    00 | 3 bytes packed length | 1 byte packing | 3 bytes length | the packed chunk       (little-endian)

A shard is a header of 48 bytes, then records of 48 bytes: per file one header, its terms, as many hashes to verify them
(flag 31) and one sha256 (flag 30); a header of ones ends the files. What follows (xorbs, lookup tables) is not needed.

Not covered: the blake3 hashes of chunks, xorbs and files are believed, not recomputed; the sha256 of a file is checked.
"""

import hashlib
import struct
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow

from tests.hub.answers import HubError

_FOOTER = b"XETBLOB"
_SHARD_TAG = b"HFRepoMetaData"
_RECORD = 48
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30
_LZ4 = pyarrow.Codec("lz4")


@dataclass(frozen=True)
class Xorb:
    """An uploaded xorb: its bytes, and for each chunk where it starts there and its data."""

    packed: bytes
    starts: tuple[int, ...]  # one more than there are chunks: the last is the end
    chunks: tuple[bytes, ...]


@dataclass(frozen=True)
class Term:
    """A run of chunks of one xorb, `first` to `last` (exclusive), that is `size` bytes of a file."""

    xorb: str
    size: int
    first: int
    last: int


@dataclass(frozen=True)
class Record:
    """How one file is put together."""

    xet_hash: str
    sha256: str
    terms: tuple[Term, ...]

    @property
    def size(self) -> int:
        return sum(term.size for term in self.terms)


def read_xorb(body: bytes) -> Xorb:
    """The chunks of an uploaded xorb; 400 if it does not parse."""
    starts, chunks, at = [0], [], 0
    try:
        while at < len(body) and not body.startswith(_FOOTER, at):
            packed_size = int.from_bytes(body[at + 1 : at + 4], "little")
            size = int.from_bytes(body[at + 5 : at + 8], "little")
            packed = body[at + 8 : at + 8 + packed_size]
            chunks.append(_unpack(packed, body[at + 4], size))
            at += 8 + packed_size
            starts.append(at)
    except (IndexError, ValueError, OSError) as problem:
        raise HubError(400, f"Malformed xorb: chunk {len(chunks)}: {problem}") from problem
    return Xorb(body[:at], tuple(starts), tuple(chunks))


def read_shard(body: bytes) -> list[Record]:
    """The files that a shard describes; 400 if it does not parse."""
    if not body.startswith(_SHARD_TAG):
        raise HubError(400, "Malformed shard: wrong magic number")
    records, at = [], _RECORD
    try:
        while body[at : at + 32] != b"\xff" * 32:
            flags, count = struct.unpack_from("<II", body, at + 32)
            terms = tuple(_term(body, at + _RECORD * (1 + i)) for i in range(count))
            follow = _RECORD * (1 + count + (count if flags & _HAS_VERIFICATION else 0))
            sha256 = _hex(body[at + follow : at + follow + 32]) if flags & _HAS_SHA256 else ""
            records.append(Record(_hex(body[at : at + 32]), sha256, terms))
            at += follow + (_RECORD if sha256 else 0)
    except struct.error as problem:
        raise HubError(400, f"Malformed shard: {problem}") from problem
    return records


def assemble(record: Record, xorbs: Mapping[str, Xorb]) -> bytes:
    """The file that a record describes; 400 if a chunk is unknown or the bytes are not those announced."""
    pieces: list[bytes] = []
    for term in record.terms:
        if term.xorb not in xorbs or term.last > len(xorbs[term.xorb].chunks):
            raise HubError(400, f"The shard names chunks of xorb {term.xorb} that were not uploaded")
        pieces.extend(xorbs[term.xorb].chunks[term.first : term.last])
    data = b"".join(pieces)
    if len(data) != record.size or (record.sha256 and hashlib.sha256(data).hexdigest() != record.sha256):
        raise HubError(400, f"File {record.xet_hash} is not what the shard says")
    return data


def reconstruction(record: Record, xorbs: Mapping[str, Xorb], start: int, stop: int, url: str) -> dict[str, object]:
    """How to fetch the bytes `start` to `stop` of a file: the chunks that cover them, and where those lie."""
    terms: list[Term] = []
    skipped = at = 0
    for term in record.terms:
        lengths = [len(chunk) for chunk in xorbs[term.xorb].chunks[term.first : term.last]]
        edges = [at]
        for length in lengths:
            edges.append(edges[-1] + length)
        at = edges[-1]
        if at <= start or edges[0] >= stop:
            continue
        first = max(0, bisect_right(edges, start) - 1)
        last = next(i for i, edge in enumerate(edges) if edge >= min(stop, at))
        if not terms:
            skipped = start - edges[first]
        terms.append(Term(term.xorb, edges[last] - edges[first], term.first + first, term.first + last))
    fetch: dict[str, list[dict[str, object]]] = {}
    for name in dict.fromkeys(term.xorb for term in terms):
        # One range per xorb that covers all its terms: the client cuts out what it needs.
        first = min(term.first for term in terms if term.xorb == name)
        last = max(term.last for term in terms if term.xorb == name)
        starts = xorbs[name].starts
        span = {"chunks": _range(first, last), "bytes": _range(starts[first], starts[last] - 1)}
        fetch[name] = [{"url": url.format(xorb=name), "ranges": [span]}]
    return {
        "offset_into_first_range": skipped,
        "terms": [{"hash": t.xorb, "unpacked_length": t.size, "range": _range(t.first, t.last)} for t in terms],
        "xorbs": fetch,
    }


def _range(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end}


def _term(body: bytes, at: int) -> Term:
    _, size, first, last = struct.unpack_from("<IIII", body, at + 32)
    return Term(_hex(body[at : at + 32]), size, first, last)


def _hex(raw: bytes) -> str:
    """A hash as text: four little-endian numbers of 64 bits, so not the bytes' own order."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def _unpack(packed: bytes, packing: int, size: int) -> bytes:
    if packing == 0:
        data = packed
    elif packing in (1, 2):
        data = bytes(_LZ4.decompress(packed, size, asbytes=True))
    else:
        raise ValueError(f"unknown packing {packing}")
    if len(data) != size:
        raise ValueError(f"{len(data)} bytes, not {size}")
    return _ungroup(data) if packing == 2 else data


def _ungroup(grouped: bytes) -> bytes:
    """Undoes the grouping of every fourth byte, which makes numbers of 4 bytes easier to pack."""
    data, at = bytearray(len(grouped)), 0
    for lane in range(4):
        count = len(range(lane, len(grouped), 4))
        data[lane::4] = grouped[at : at + count]
        at += count
    return bytes(data)
