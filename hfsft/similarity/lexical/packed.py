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
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.lexical.candidates import WHOLE, bands_for
from hfsft.similarity.lexical.counts import LEAST, RUN
from hfsft.similarity.lexical.shingles import Chunks, distinct
from hfsft.similarity.lexical.sketches import sketches_between
from hfsft.similarity.lexical.slots import words_around

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.sketches import Sketches

    Digests = NDArray[np.bytes_]
    Short = NDArray[np.uint32]

DIGEST = 12  # bytes
TOLD = 384  # runs of a text at most; of one with more none is told, and it is looked at each time
_MANY = 0xFFFF  # stands for the number of its runs
_BLOCK = 1 << 13  # sketches that are copied at once
_RUNS = 1 << 24  # runs that are sorted at once


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


def packed(items: Sequence[tuple[str, ...] | None], at_least: float) -> list[bytes | None]:
    """The sketches of items with these normalised parts, to find those at least so alike; None for blank ones."""
    numbers = bands_for(at_least, WHOLE)
    made: list[dict[str, tuple[Sketches, bytes, bytes]]] = []
    there = [item for item in items if item is not None]
    for texts in zip(*there, strict=True):
        different = list(dict.fromkeys(filter(None, texts)))
        made.append(dict(zip(different, _packed(different, numbers.numbers, numbers.width), strict=True)))
    found: list[bytes | None] = []
    for item in items:
        parts = [known[text] for known, text in zip(made, item, strict=True) if text] if item is not None else []
        found.append(_joined(parts) if parts else None)
    return found


def _joined(parts: Sequence[tuple[Sketches, bytes, bytes]]) -> bytes:
    if len(parts) == 1:
        sketch, sizes, runs = parts[0]
        return b"".join((sketch.tobytes(), sizes, runs))
    sketch = parts[0][0].copy()
    for place, (other, *_) in enumerate(parts):
        sketch[place :: len(parts)] = other[place :: len(parts)]
    return b"".join([sketch.tobytes(), *(sizes for _, sizes, _ in parts), *(runs for *_, runs in parts)])


def _packed(texts: Sequence[str], numbers: int, width: int) -> list[tuple[Sketches, bytes, bytes]]:
    """For each text its sketch, how many runs are told, and these."""
    import numpy as np

    found: list[tuple[Sketches, bytes, bytes]] = []
    for _, chunk in Chunks(texts):
        made = np.zeros((len(chunk), -(-numbers * width // 4) * 4 // width), f"<u{width}")
        made[:, :numbers] = sketches_between(*chunk.bags(), numbers)
        runs = chunk.spans(RUN)
        some, hashes = chunk.numbered(runs)
        words, in_words = _short(*words_around(chunk), len(made))
        numbered, in_numbered = _short(runs.text[some], hashes, len(made))
        sizes = np.stack([np.diff(in_words), np.diff(in_numbered)], axis=1)
        long = sizes.sum(axis=1) > TOLD
        sizes[long] = _MANY, 0
        said = sizes.astype("<u2").tobytes()
        for place, (sketch, none) in enumerate(zip(made, long.tolist(), strict=True)):
            one = words[4 * in_words[place] : 4 * in_words[place + 1]]
            other = numbered[4 * in_numbered[place] : 4 * in_numbered[place + 1]]
            found.append((sketch, said[4 * place : 4 * place + 4], b"" if none else one + other))
    return found


def _short(text: Places, hashes: Hashes, count: int) -> tuple[bytes, Places]:
    """The different runs of so many texts as their first 32 bits, text by text, and where those of each begin."""
    import numpy as np

    both = distinct((text.astype(np.uint64) << np.uint64(32)) | (hashes >> np.uint64(32)))
    borders = np.searchsorted(both >> np.uint64(32), np.arange(count + 1, dtype=np.uint64))
    return both.astype("<u4").tobytes(), borders


class Told(NamedTuple):
    """What sketches tell of the texts of one part: runs of words and runs with a number, each with its item."""

    words: tuple[NDArray[np.int32], Short]
    numbered: tuple[NDArray[np.int32], Short]
    long: NDArray[np.bool_]  # for each item whether nothing is told of its text, since it is long

    def common(self, of: Places, count: int) -> NDArray[np.bool_]:
        """Which of so many texts may have a run of words that is common, `of` being the text of each item."""
        import numpy as np

        found = np.zeros(count, bool)
        found[of[self.long]] = True
        items, runs = self.words
        parts = max(1, len(runs) // _RUNS)  # of all runs, by their value: so many are looked at together
        for part in range(parts):
            mine = (runs.astype(np.uint64) * np.uint64(parts) >> np.uint64(32)) == part if parts > 1 else slice(None)
            both = distinct((runs[mine].astype(np.uint64) << np.uint64(32)) | of[items[mine]].astype(np.uint64))
            run = (both >> np.uint64(32)).astype(np.uint32)
            borders = np.concatenate([[0], np.flatnonzero(run[1:] != run[:-1]) + 1, [len(run)]])
            often = np.diff(borders)
            often = np.repeat(often >= LEAST, often)
            found[(both[often] & np.uint64(0xFFFFFFFF)).astype(np.intp)] = True
        return found

    def with_numbers(self, of: Places, known: Hashes, count: int) -> NDArray[np.bool_]:
        """Which texts may have a run in common with these, whatever the number in it."""
        import numpy as np

        found = np.zeros(count, bool)
        items, runs = self.numbered
        if len(known) and len(runs):
            found[of[items[np.isin(runs, (known >> np.uint64(32)).astype(np.uint32))]]] = True
        return found


def unpacked(made: Sequence[bytes], shown: NDArray[np.bool_], at_least: float) -> tuple[Sketches, list[Told]]:
    """The sketches of items as a table, and what they tell of each part, `shown` being which parts each item has."""
    import numpy as np

    bands = bands_for(at_least, WHOLE)
    size = -(-bands.numbers * bands.width // 4)
    data = np.frombuffer(b"".join(made), "<u4")  # all is in whole words
    lengths = np.fromiter(map(len, made), np.intp, len(made)) // 4
    starts = np.cumsum(lengths) - lengths
    table = np.empty((len(made), bands.numbers), f"<u{bands.width}")
    for first in range(0, len(made), _BLOCK):
        where = starts[first : first + _BLOCK, None] + np.arange(size)
        table[first : first + _BLOCK] = data[where].view(table.dtype)[:, : bands.numbers]
    number = np.cumsum(shown, axis=1) - 1  # of a part among those that are there
    at = starts + size + shown.sum(axis=1)  # where the next runs begin
    told = []
    for part in range(shown.shape[1]):
        counts = np.zeros((len(made), 2), np.intp)
        (there,) = shown[:, part].nonzero()
        both = data[(starts + size)[there] + number[there, part]]
        counts[there, 0], counts[there, 1] = both & np.uint32(0xFFFF), both >> np.uint32(16)
        long = counts[:, 0] == _MANY
        counts[long] = 0
        runs = []
        for kind in range(2):
            runs.append(_taken(data, at, counts[:, kind]))
            at = at + counts[:, kind]
        told.append(Told(runs[0], runs[1], long))
    return table, told


def _taken(data: Short, at: Places, counts: Places) -> tuple[NDArray[np.int32], Short]:
    """So many numbers from each place on, with the place of the item that they are of."""
    import numpy as np

    items = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    where = np.repeat(at - np.cumsum(counts) + counts, counts)
    where += np.arange(len(where))
    return items, data[where]
