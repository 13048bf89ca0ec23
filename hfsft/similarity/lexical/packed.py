"""What the search needs to know of an item, packed: a few hundred bytes that follow from its texts alone.

A key says which of its texts are the same as others: for each part, then for the group, a byte 0 for a blank text, or a
byte 1 and a digest. A sketch says how alike two items may be, and which texts may have a template in them: the low
bytes of the MinHash numbers, each of the next part that is not blank, filled up to a multiple of 4 with zeros; then for
each of these parts how many of its runs of words are told, and how many of its runs with a number; then these, 4 bytes
each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import count, pairwise, repeat
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.lexical.candidates import WHOLE, bands_for
from hfsft.similarity.lexical.shingles import Chunks, distinct
from hfsft.similarity.lexical.sketches import sketches_between
from hfsft.similarity.lexical.slots import words_around
from hfsft.similarity.lexical.templates import numbers_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.sketches import Sketches

    Digests = NDArray[np.bytes_]
    Short = NDArray[np.uint32]

DIGEST = 12  # bytes
TOLD = 384  # runs of a text at most; of one with more none is told, and it is looked at each time
MANY = 0xFFFF  # stands for the number of its runs
BLOCK = 1 << 12  # sketches that are made or read at once


def key_of(parts: Sequence[str], group: str = "") -> bytes | None:
    """The key of an item with these normalised parts; None where all are blank."""
    return b"".join(map(_digested, (*parts, group))) if any(parts) else None


def in_group(group: str) -> bytes:
    """How the key of an item in this group, normalised, ends."""
    return _digested(group)


def _digested(text: str) -> bytes:
    if not text:
        return b"\0"
    return b"\1" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()


def digests_of(keys: Sequence[bytes]) -> list[Digests]:
    """For each part of the items with these keys, and then for their groups, the digests; empty for what is blank."""
    import numpy as np

    data = np.frombuffer(b"".join(keys), np.uint8)
    ends = np.cumsum(np.fromiter(map(len, keys), np.intp, len(keys)))
    at = np.concatenate([[0], ends[:-1]])[: len(keys)]
    found = []
    while len(keys) and at[0] < ends[0]:
        there = data[at] == 1
        digests = np.zeros((len(keys), DIGEST), np.uint8)
        digests[there] = data[at[there][:, None] + np.arange(1, DIGEST + 1)]
        found.append(digests.view(f"S{DIGEST}")[:, 0])
        at = at + 1 + DIGEST * there
    return found or [np.zeros(0, f"S{DIGEST}")]


def numbers_of(digests: Digests) -> tuple[Digests, Places, Places]:
    """The different digests, sorted; for each of all its number among them, and for each of them the first that has it.

    As `numpy.unique`, which compares texts byte by byte.
    """
    import numpy as np

    if not len(digests):
        return digests, np.zeros(0, np.intp), np.zeros(0, np.intp)
    words = digests.view(np.uint8).reshape(-1, DIGEST)
    head = np.ascontiguousarray(words[:, :8]).view(">u8")[:, 0].astype(np.uint64)
    tail = np.ascontiguousarray(words[:, 8:]).view(">u4")[:, 0].astype(np.uint32)
    order = np.argsort(head, kind="stable")
    new = np.ones(len(order), bool)
    new[1:] = (head[order][1:] != head[order][:-1]) | (tail[order][1:] != tail[order][:-1])
    if np.any(new[1:] & (head[order][1:] == head[order][:-1])):  # two that differ behind their first 8 bytes
        order = np.lexsort((tail, head))
        new[1:] = (head[order][1:] != head[order][:-1]) | (tail[order][1:] != tail[order][:-1])
    first = order[new]
    numbers = np.empty(len(order), np.intp)
    numbers[order] = np.cumsum(new) - 1
    return digests[first], numbers, first


class PackedSketches(NamedTuple):
    """The sketches of items one behind the other, in whole words; that of a blank item is empty."""

    data: Short
    ends: Places  # of each item, in words

    def each(self) -> list[bytes | None]:
        """That of each item for itself; None for a blank one."""
        data, starts = self.data.tobytes(), [0, *self.ends.tolist()]
        return [data[4 * start : 4 * end] if end > start else None for start, end in pairwise(starts)]


def put_together(sketches: Sequence[bytes | None]) -> PackedSketches:
    """Sketches that were made each for itself."""
    import numpy as np

    made = [each or b"" for each in sketches]
    lengths = np.fromiter(map(len, made), np.intp, len(made))
    return PackedSketches(np.frombuffer(b"".join(made), "<u4"), np.cumsum(lengths) // 4)


def packed(items: Sequence[tuple[str, ...] | None], at_least: float) -> PackedSketches:
    """The sketches of items with these normalised parts, to find those at least so alike; empty for blank ones."""
    import numpy as np

    numbers = bands_for(at_least, WHOLE)
    (places,) = np.fromiter((item is not None for item in items), bool, len(items)).nonzero()
    made: list[_Texts] = []
    columns: list[Places] = []
    for texts in zip(*(item for item in items if item is not None), strict=True):
        known = dict(zip(dict.fromkeys(filter(None, texts)), count(), strict=False))
        made.append(_packed(list(known), numbers.numbers, numbers.width))
        columns.append(np.fromiter(map(known.get, texts, repeat(-1)), np.intp, len(texts)))
    if not made:
        return PackedSketches(np.zeros(0, "<u4"), np.zeros(len(items), np.intp))
    of = np.stack(columns, axis=1)
    shown = of >= 0
    size, parts = made[0].table.shape[1] * numbers.width // 4, shown.sum(axis=1)
    counts = np.zeros(of.shape, np.intp)
    for part, texts_of in enumerate(made):
        there = shown[:, part]
        counts[there, part] = np.diff(texts_of.ends, prepend=0)[of[there, part]]
    lengths = np.zeros(len(items), np.intp)
    lengths[places] = np.where(parts > 0, size + parts + counts.sum(axis=1), 0)
    ends = np.cumsum(lengths)
    data, starts = np.empty(int(ends[-1]), "<u4"), (ends - lengths)[places]
    _lay(data, starts, made, of, counts)
    return PackedSketches(data, ends)


class _Texts(NamedTuple):
    """Different texts: the sketch of each, how many of its runs are told, as one number, and these, text by text."""

    table: Sketches
    sizes: Short
    runs: Short
    ends: Places


def _lay(data: Short, starts: Places, made: Sequence[_Texts], of: Places, counts: Places) -> None:
    """Put the sketches of some items where they belong; `of` is for each item and part the number of its text."""
    import numpy as np

    shown = of >= 0
    at = starts + made[0].table.shape[1] * made[0].table.itemsize // 4
    shapes = shown @ (1 << np.arange(of.shape[1]))
    for shape in distinct(shapes).tolist():  # items with the same parts blank
        parts = [part for part in range(of.shape[1]) if shape >> part & 1]
        (members,) = (shapes == shape).nonzero()
        if not parts:
            continue
        sketch = made[parts[0]].table[of[members, parts[0]]]
        for place, part in enumerate(parts[1:], 1):
            sketch[:, place :: len(parts)] = made[part].table[of[members, part], place :: len(parts)]
        words = sketch.view("<u4")
        data[starts[members, None] + np.arange(words.shape[1])] = words
        for part in parts:
            data[at[members]] = made[part].sizes[of[members, part]]
            at[members] += 1
    for part, texts in enumerate(made):
        (there,) = (counts[:, part] > 0).nonzero()
        number = counts[there, part]
        behind = np.cumsum(number)
        inside = np.arange(int(behind[-1]) if len(behind) else 0)
        begin = texts.ends[of[there, part]] - behind
        data[np.repeat(at[there] - behind + number, number) + inside] = texts.runs[np.repeat(begin, number) + inside]
        at += counts[:, part]


def _packed(texts: Sequence[str], numbers: int, width: int) -> _Texts:
    import numpy as np

    tables, sizes, runs, ends = [np.zeros((0, -(-numbers * width // 4) * 4 // width), f"<u{width}")], [], [], []
    none = np.zeros(0, "<u4")
    for _, chunk in Chunks(texts):
        made = np.zeros((len(chunk), tables[0].shape[1]), f"<u{width}")
        made[:, :numbers] = sketches_between(*chunk.bags(), numbers)
        told, counts = _short([words_around(chunk), numbers_in(chunk)], len(made))
        long = counts.sum(axis=1) > TOLD
        if long.any():
            told = told[np.repeat(~long, counts.sum(axis=1))]
            counts[long] = 0
        tables.append(made)
        runs.append(told)
        ends.append(counts.sum(axis=1))
        sizes.append(np.where(long, MANY, counts[:, 0] | counts[:, 1] << 16).astype("<u4"))
    return _Texts(
        np.concatenate(tables),
        np.concatenate([none, *sizes]),
        np.concatenate([none, *runs]),
        np.cumsum(np.concatenate([np.zeros(0, np.intp), *ends])),
    )


def _short(kinds: Sequence[tuple[Places, Hashes]], count: int) -> tuple[Short, Places]:
    """The different runs of so many texts as their first 32 bits, text by text, kind by kind; how many of each."""
    import numpy as np

    both = [
        (text * len(kinds) + kind).astype(np.uint64) << np.uint64(32) | hashes >> np.uint64(32)
        for kind, (text, hashes) in enumerate(kinds)
    ]
    runs = distinct(np.concatenate(both))
    borders = np.searchsorted(runs, np.arange(count * len(kinds) + 1, dtype=np.uint64) << np.uint64(32))
    return runs.astype("<u4"), np.diff(borders).reshape(count, len(kinds))
