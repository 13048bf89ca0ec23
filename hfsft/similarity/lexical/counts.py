"""How many of some texts each run of words stands in: exactly where that is often, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hfsft.similarity.lexical.shingles import WORD, Chunk, chunks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places

    Counts = NDArray[np.int64]

RUN = 5 * WORD  # how much a run of words weighs that may be template
LEAST = 4  # different texts with one run, from which they are counted
_SLOTS = 1 << 24  # counters that tell runs apart which may be common
_BUFFER = 1 << 22


def found_in(known: Hashes, hashes: Hashes) -> tuple[NDArray[np.bool_], Places]:
    """Which hashes are among the sorted `known`, of which there are some, and where; any place for one that is not."""
    import numpy as np

    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return known[at] == hashes, at


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


def common(texts: Sequence[str], runs: Callable[[Chunk], tuple[Places, Hashes]]) -> tuple[Hashes, Counts]:
    """The runs that stand in enough texts, sorted, and in how many: counted roughly first, in a table of bounded size.

    `runs` says of a chunk the text and the hash of each of its runs.
    """
    import numpy as np

    size = min(_SLOTS, 1 << max(sum(map(len, texts)) // 4, 1024).bit_length())
    rough = np.zeros(size, np.uint32)
    for _, chunk in chunks(texts):
        np.add.at(rough, (_once(*runs(chunk)) % np.uint64(size)).astype(np.intp), 1)
    found: tuple[Hashes, Counts] = (np.zeros(0, np.uint64), np.zeros(0, np.int64))
    waiting: list[Hashes] = []
    for _, chunk in chunks(texts):
        once = _once(*runs(chunk))
        waiting.append(once[rough[(once % np.uint64(size)).astype(np.intp)] >= LEAST])
        if sum(map(len, waiting)) >= _BUFFER:
            found, waiting = _added(found, waiting), []
    hashes, counts = _added(found, waiting)
    return hashes[counts >= LEAST], counts[counts >= LEAST]


def _once(text: Places, hashes: Hashes) -> Hashes:
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
