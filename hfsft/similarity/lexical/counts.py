"""How many of some texts each run of words stands in: exactly where that is often, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hfsft.similarity.lexical.shingles import WORD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Chunk, Chunks, Hashes, Number, Places

    Counts = NDArray[np.int64]

RUN = 5 * WORD  # how much a run of words weighs that may be template
LEAST = 4  # different texts with one run, from which they are counted
_SLOTS = 1 << 24  # counters that tell runs apart which may be common
_BUFFER = 1 << 22


def found_in(known: NDArray[Number], values: NDArray[Number]) -> tuple[NDArray[np.bool_], Places]:
    """Which values are among the sorted `known`, of which there are some, and where; any place for one that is not."""
    import numpy as np

    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return known[at] == values, at


def count_of(hashes: Hashes, known: Hashes, counts: Counts) -> Counts:
    """How many texts each run stands in; 1 where that is not known."""
    import numpy as np

    if not len(known):
        return np.ones(len(hashes), np.int64)
    there, at = found_in(known, hashes)
    return np.where(there, counts[at], 1)


def covered(first: Places, stop: Places, size: int) -> NDArray[np.bool_]:
    """Which of so many words lie in a run, of those that begin at `first` and end before `stop`."""
    import numpy as np

    edges = np.zeros(size + 1, np.int64)
    np.add.at(edges, first, 1)
    np.add.at(edges, stop, -1)
    inside: NDArray[np.bool_] = np.cumsum(edges[:-1]) > 0
    return inside


def common(texts: Chunks, *kinds: Callable[[Chunk], tuple[Places, Hashes]]) -> list[tuple[Hashes, Counts]]:
    """For each kind the runs that stand in enough texts, sorted, and in how many.

    They are counted roughly first, in tables of bounded size. Each of `kinds` says of a chunk of texts the text and
    the hash of each run.
    """
    import numpy as np

    size = min(_SLOTS, 1 << max(texts.characters // 4, 1024).bit_length())
    rough = [np.zeros(size, np.uint32) for _ in kinds]
    for _, chunk in texts:
        for counted, runs in zip(rough, kinds, strict=True):
            slots = np.sort(_slot(runs(chunk)[1], size))  # a run that stands twice in a text counts twice here
            np.add.at(counted, slots, np.uint32(1))
    found: list[tuple[Hashes, Counts]] = [(np.zeros(0, np.uint64), np.zeros(0, np.int64)) for _ in kinds]
    waiting: list[list[Hashes]] = [[] for _ in kinds]
    for _, chunk in texts:
        for kind, runs in enumerate(kinds):
            text, hashes = runs(chunk)
            often = rough[kind][_slot(hashes, size)] >= LEAST
            waiting[kind].append(once(text[often], hashes[often]))
            if sum(map(len, waiting[kind])) >= _BUFFER:
                found[kind], waiting[kind] = _added(found[kind], waiting[kind]), []
    added = [_added(*each) for each in zip(found, waiting, strict=True)]
    return [(hashes[counts >= LEAST], counts[counts >= LEAST]) for hashes, counts in added]


def _slot(hashes: Hashes, size: int) -> Places:
    """The place of each hash in a table of `size`, a power of two."""
    import numpy as np

    return (hashes & np.uint64(size - 1)).astype(np.intp)


def once(text: Places, hashes: Hashes) -> Hashes:
    """The hashes of runs, each once for every text that it stands in."""
    import numpy as np

    order = np.lexsort((hashes, text))
    text, hashes = text[order], hashes[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (text[1:] != text[:-1]) | (hashes[1:] != hashes[:-1])
    return hashes[new]


def _added(found: tuple[Hashes, Counts], waiting: list[Hashes]) -> tuple[Hashes, Counts]:
    import numpy as np

    runs, counts = np.unique(np.concatenate([found[0], *waiting]), return_counts=True)
    counts = counts.astype(np.int64)
    at = np.searchsorted(runs, found[0])
    counts[at] += found[1] - 1
    return runs, counts
