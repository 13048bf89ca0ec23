"""MinHash: a few numbers for each set, of which two sets have about the share in common that their members have.

The values are those of `datasketch.MinHash` with the permutations that it draws, whole arrays at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places

    Sketches = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]

SEED = 1  # of the permutations: results must be the same on every machine
_BLOCK = 1 << 16  # hashes at a time, so that they stay in the processor's cache


def sketches(sets: Sequence[Hashes], permutations: int) -> Sketches:
    """One row of 32-bit numbers for each set; of an empty one the largest number throughout."""
    import numpy as np

    ends = np.cumsum([len(one) for one in sets], dtype=np.intp)
    return sketches_between(np.concatenate([*sets, np.zeros(0, np.uint64)]), ends, permutations)


def sketches_between(hashes: Hashes, ends: Places, permutations: int) -> Sketches:
    """The same of sets that stand one behind the other in one array."""
    import numpy as np

    found = np.full((len(ends), permutations), np.iinfo(np.uint32).max, np.uint32)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.intp)
    (rows,) = (ends > starts).nonzero()
    total = int(ends[-1]) if len(ends) else 0
    size = -(-total // max(1, round(total / _BLOCK)))  # all blocks alike: a small one takes nearly as long as a large
    at = 0
    while at < len(rows):
        begin = starts[rows[at]]
        stop = 1 + int(np.searchsorted(ends[rows], begin + size))
        some = rows[at:stop]
        found[some] = _block(hashes[begin : ends[some[-1]]], starts[some] - begin, permutations)
        at = stop
    return found


def _block(hashes: Hashes, borders: Places, permutations: int) -> Sketches:
    import numpy as np

    hashed = _premixed(hashes.astype(np.uint32))
    factors, terms = _permutations(permutations)
    found = np.empty((permutations, len(borders)), np.uint32)
    moved = np.empty_like(hashed)
    for number in range(permutations):
        np.multiply(hashed, factors[number], out=moved)
        np.add(moved, terms[number], out=moved)
        np.minimum.reduceat(moved, borders, out=found[number])
    return found.T


def _premixed(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3's last step, of 32 bits."""
    import numpy as np

    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))


@lru_cache(8)
def _permutations(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Factors (odd, so that no two hashes meet) and terms, drawn as datasketch draws them.

    It is not asked itself, since its import takes longer than to compare 5,000 texts.
    """
    import numpy as np

    draw = np.random.RandomState(SEED)
    factors = draw.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, draw.randint(0, 1 << 32, count, dtype=np.uint32)
