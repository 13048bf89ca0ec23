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

    from hfsft.similarity.lexical.shingles import Hashes

    Sketches = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]

SEED = 1  # of the permutations: results must be the same on every machine
_BLOCK = 1 << 15  # hashes at a time, so that they stay in the processor's cache


def sketches(sets: Sequence[Hashes], permutations: int) -> Sketches:
    """One row of 32-bit numbers for each set; of an empty one the largest number throughout."""
    import numpy as np

    found = np.full((len(sets), permutations), np.iinfo(np.uint32).max, np.uint32)
    rows = [row for row, one in enumerate(sets) if len(one)]
    start = 0
    while start < len(rows):
        stop, size = start, 0
        while stop < len(rows) and size < _BLOCK:
            size += len(sets[rows[stop]])
            stop += 1
        found[rows[start:stop]] = _block([sets[row] for row in rows[start:stop]], permutations)
        start = stop
    return found


def _block(sets: Sequence[Hashes], permutations: int) -> Sketches:
    import numpy as np

    hashes = _premixed(np.concatenate(sets).astype(np.uint32))
    borders = np.cumsum([0, *(len(one) for one in sets[:-1])])
    factors, terms = _permutations(permutations)
    found = np.empty((permutations, len(sets)), np.uint32)
    moved = np.empty_like(hashes)
    for number in range(permutations):
        np.multiply(hashes, factors[number], out=moved)
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
