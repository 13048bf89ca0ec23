"""What of a text is its own: the rest that no template covers.

A run of about five words that stands in 10 different texts or more is *template*; a text's *rest* are the words that
no such run covers, each with its neighbours. A run with a number that takes many values there is none, however often
each of them stands. A text whose every run is that common, as in a set made from a few lists of words, has for its
rest what it shares with the fewest others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.shingles import WORD, Chunk, chunks, counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.shingles import Hashes

COMMON = 10  # different texts with one run, from which it is template
RUN = 5 * WORD
REST = 4 * WORD  # so long are the runs that rests are compared by: long enough to tell orders of words apart
VALUES = 4  # times that a run is rarer than it is with any other number in it, from where the number is the text's own
TWICE = 2  # a text without a run of its own: runs so many times as common as its rarest are template
_SLOTS = 1 << 24  # counters that tell runs apart which may be common
_BUFFER = 1 << 22


class Rests(NamedTuple):
    """For each text of a chunk whether a template covers any of it, and the hashes of its rest, sorted.

    Where there is no template at all, rests are not worked out, as nobody needs them.
    """

    templated: NDArray[np.bool_]
    sets: list[Hashes]


class Templates:
    """The common runs of all texts, with the number of texts that each stands in."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        self.runs, self.counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        self.numbered, self.sums = self.runs, self.counts
        if len(texts) >= COMMON:
            self.runs, self.counts = _common(texts)
            self.numbered, self.sums = _common(texts, numbered=True) if len(self.runs) else (self.runs, self.counts)

    def rests(self, chunk: Chunk) -> Rests:
        """What the templates leave of each text."""
        import numpy as np

        owner, firsts = chunk.tokens()
        texts = len(firsts) - 1
        templated = np.zeros(texts, bool)
        empty = np.zeros(0, np.uint64)
        if not len(self.runs):
            return Rests(templated, [empty] * texts)
        runs = chunk.runs(RUN)
        counts = _counts(runs.hashes, self.runs, self.counts)
        some, hashes = chunk.numbered(runs)
        counts[some[counts[some] * VALUES < _counts(hashes, self.numbered, self.sums)]] = 1
        rarest = np.full(texts, np.iinfo(np.int64).max)
        np.minimum.at(rarest, runs.text, counts)
        least = np.where(rarest < COMMON, COMMON, TWICE * np.minimum(rarest, len(owner) * COMMON))
        common = counts >= least[runs.text]
        cover = np.zeros(len(owner) + 1, np.int64)
        np.add.at(cover, runs.first[common], 1)
        np.add.at(cover, runs.stop[common], -1)
        own = np.concatenate([[0], np.cumsum(np.cumsum(cover[:-1]) == 0)])
        templated[runs.text[common]] = True
        short = chunk.runs(REST)
        kept = own[short.stop] > own[short.first]
        text, hashes = short.text[kept], short.hashes[kept]
        borders = np.searchsorted(text, np.arange(texts + 1)).tolist()
        sets = [counted(hashes[start:end]) for start, end in pairwise(borders)]
        return Rests(templated, sets)


def _counts(hashes: Hashes, known: Hashes, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many texts each run stands in; 1 where that is not known."""
    import numpy as np

    if not len(known):
        return np.ones(len(hashes), np.int64)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.where(known[at] == hashes, counts[at], 1)


def _common(texts: Sequence[str], *, numbered: bool = False) -> tuple[Hashes, NDArray[np.int64]]:
    """The runs that stand in enough texts: first counted roughly, in a table of bounded size, then exactly.

    Where `numbered`, those with a number in them, whichever it is.
    """
    import numpy as np

    size = min(_SLOTS, 1 << max(sum(map(len, texts)) // 4, 1024).bit_length())
    rough = np.zeros(size, np.uint32)
    for _, chunk in chunks(texts):
        np.add.at(rough, (_once(chunk, numbered) % np.uint64(size)).astype(np.intp), 1)
    found: tuple[Hashes, NDArray[np.int64]] = (np.zeros(0, np.uint64), np.zeros(0, np.int64))
    waiting: list[Hashes] = []
    for _, chunk in chunks(texts):
        runs = _once(chunk, numbered)
        waiting.append(runs[rough[(runs % np.uint64(size)).astype(np.intp)] >= COMMON])
        if sum(map(len, waiting)) >= _BUFFER:
            found, waiting = _added(found, waiting), []
    runs, counts = _added(found, waiting)
    return runs[counts >= COMMON], counts[counts >= COMMON]


def _once(chunk: Chunk, numbered: bool) -> Hashes:
    """The hashes of a chunk's runs, each once for every text that it stands in."""
    import numpy as np

    runs = chunk.runs(RUN)
    owner, found = runs.text, runs.hashes
    if numbered:
        some, found = chunk.numbered(runs)
        owner = owner[some]
    order = np.lexsort((found, owner))
    text, hashes = owner[order], found[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (text[1:] != text[:-1]) | (hashes[1:] != hashes[:-1])
    return hashes[new]


def _added(found: tuple[Hashes, NDArray[np.int64]], waiting: list[Hashes]) -> tuple[Hashes, NDArray[np.int64]]:
    import numpy as np

    runs, counts = np.unique(np.concatenate([found[0], *waiting]), return_counts=True)
    counts = counts.astype(np.int64)
    at = np.searchsorted(runs, found[0])
    counts[at] += found[1] - 1
    return runs, counts
