"""Pairs of very many vectors that may be alike, by cells.

Vectors are put into cells around means of some of them, and each is compared with those in the cells nearest to it
alone (an inverted file: Jegou et al. 2011, "Product Quantization for Nearest Neighbor Search", section 4, without the
quantization; means: Dhillon and Modha 2001, "Concept Decompositions for Large Sparse Text Data Using Clustering"). Two
that are nearly the same are nearly always in one cell or in cells side by side.

All of it is reckoned in whole numbers: a vector as a point of a fine grid, so that no product of two is rounded. The
same pairs are found in whatever order vectors stand, on however many processes, of whatever machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.lexical.shingles import mixed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Places = NDArray[np.intp]
    Hashes = NDArray[np.uint64]

LONG = 4000  # steps of the grid that a vector is long: products of two are below 2**24, where float32 has no gaps
LOOKED_AT = 16  # cells that a vector is compared with
TRAINED = 40  # vectors for each cell, of which its mean is found
ROUNDS = 5  # in which means are found
MOST = 100  # others that each is paired with, the most alike
BLOCK = 1024  # vectors that are compared with others at once


class Met(NamedTuple):
    """Who met whom: places, and a number that is the larger the more alike they are, no two of one vector the same."""

    one: Places
    other: Places
    alike: Hashes


def near_in_cells(vectors: Vectors, at_least: float) -> Iterator[tuple[Places, Places]]:
    """Places of two vectors whose cosine may be at least so large, the earlier first; some are missed.

    They are all different, and none is of zeros. Each is paired with the hundred most like it at most.
    """
    import numpy as np

    hashes, whole = hashes_of(vectors), on_grid(vectors)
    some = sampled(hashes, len(vectors))
    cells = nearest_cells(whole, trained(whole[some], hashes[some], cells_for(len(vectors))))
    met = best(met_in_cells(whole, hashes, cells, np.ones(cells.shape, bool), at_least))
    low, high = np.minimum(met.one, met.other), np.maximum(met.one, met.other)
    known = np.unique(low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64))  # most are found from both sides
    yield (known >> np.uint64(32)).astype(np.intp), (known & np.uint64(0xFFFFFFFF)).astype(np.intp)


def on_grid(vectors: Vectors) -> Vectors:
    """For each the point of the grid nearest to it, made `LONG` steps long: whole numbers of single precision."""
    import numpy as np

    found = np.empty(vectors.shape, np.float32)
    for start in range(0, len(vectors), BLOCK):
        exact = vectors[start : start + BLOCK].astype(np.float64)
        lengths = np.sqrt((exact * exact).sum(axis=1, keepdims=True))
        found[start : start + BLOCK] = np.rint(exact * (LONG / np.where(lengths, lengths, 1)))
    return found


def hashes_of(vectors: Vectors) -> Hashes:
    """A number for each, all bits of which hang on all of its numbers."""
    import numpy as np

    factors = np.cumprod(np.full(vectors.shape[1], 0x9E3779B97F4A7C15, np.uint64))
    found = np.empty(len(vectors), np.uint64)
    for start in range(0, len(vectors), BLOCK):
        bits = np.ascontiguousarray(vectors[start : start + BLOCK]).view(np.uint32).astype(np.uint64)
        found[start : start + BLOCK] = (mixed(bits + np.uint64(1)) * factors).sum(axis=1, dtype=np.uint64)
    return mixed(found)


def cells_for(count: int) -> int:
    """In how many cells so many vectors are put."""
    return max(1, int(4 * sqrt(count)))


def sampled(hashes: Hashes, count: int) -> NDArray[np.bool_]:
    """Which of these, that are among so many, are among those of which means are found."""
    import numpy as np

    share = min(1.0, cells_for(count) * TRAINED / count)
    chosen: NDArray[np.bool_] = hashes.astype(np.float64) <= share * 2.0**64
    return chosen


def trained(whole: Vectors, hashes: Hashes, cells: int) -> Vectors:
    """The means of at most so many cells, on the grid: at first some of the vectors, then those of whoever is nearest.

    In whatever order the vectors stand.
    """
    import numpy as np

    means = whole[np.argsort(hashes, kind="stable")[:cells]]
    for _ in range(ROUNDS):
        sums = np.zeros(means.shape)
        for start in range(0, len(whole), BLOCK):
            some = whole[start : start + BLOCK]
            nearest = (some @ means.T).argmax(axis=1)
            order = np.argsort(nearest, kind="stable")
            cell, first = np.unique(nearest[order], return_index=True)
            sums[cell] += np.add.reduceat(some[order].astype(np.float64), first, axis=0)
        there = sums.any(axis=1)
        moved = means.copy()
        lengths = np.sqrt((sums[there] ** 2).sum(axis=1, keepdims=True))
        moved[there] = np.rint(sums[there] * (LONG / lengths))
        if (moved == means).all():
            break
        means = moved
    return means


def nearest_cells(whole: Vectors, means: Vectors) -> NDArray[np.int32]:
    """For each vector the cells that are looked at, the nearest first, of which it lies in the first."""
    import numpy as np

    most = min(LOOKED_AT, len(means))
    found = np.zeros((len(whole), most), np.int32)
    for start in range(0, len(whole), BLOCK):
        far = -(whole[start : start + BLOCK] @ means.T)
        chosen = np.argpartition(far, most - 1, axis=1)[:, :most]
        last = np.take_along_axis(far, chosen, 1).max(axis=1)
        for row in np.flatnonzero((far <= last[:, None]).sum(axis=1) > most):  # several are as far as the last
            chosen[row] = np.argsort(far[row], kind="stable")[:most]
        chosen.sort(axis=1)
        order = np.argsort(np.take_along_axis(far, chosen, 1), axis=1, kind="stable")
        found[start : start + BLOCK] = np.take_along_axis(chosen, order, 1)
    return found


def met_in_cells(
    whole: Vectors, hashes: Hashes, cells: NDArray[np.int32], here: NDArray[np.bool_], at_least: float
) -> Met:
    """Who may be so alike to whom of those in the cells that it looks at; of each cell whether that is `here`."""
    import numpy as np

    width = whole.shape[1]
    doubt = sqrt(width) / LONG + width / (4 * LONG * LONG) + 1e-6  # by which the grid moves a cosine at most
    least = (at_least - doubt) * LONG * LONG
    inside = np.flatnonzero(here[:, 0])
    inside = inside[np.argsort(cells[inside, 0], kind="stable")]
    looks, which = np.nonzero(here)
    to = cells[looks, which]
    order = np.argsort(to, kind="stable")
    looks, to = looks[order], to[order]
    low = (hashes >> np.uint64(24))[None, :]
    found = [Met(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.uint64))]
    for cell, first, stop in _runs(cells[inside, 0]):
        others = inside[first:stop]
        begin, end = np.searchsorted(to, [cell, cell + 1]).tolist()
        for start in range(begin, end, BLOCK):
            asked = looks[start : min(start + BLOCK, end)]
            product = whole[asked] @ whole[others].T
            near = product >= least
            near &= asked[:, None] != others[None, :]
            row, column = np.nonzero(near)
            alike = (product[row, column].clip(0).astype(np.uint64) << np.uint64(40)) | low[0, others[column]]
            found.append(best(Met(asked[row], others[column], alike)))
    return Met(*(np.concatenate(each) for each in zip(*found, strict=True)))


def best(met: Met) -> Met:
    """Of each vector the hundred that are most like it."""
    import numpy as np

    if not len(met.one) or np.bincount(met.one).max() <= MOST:
        return met
    order = np.lexsort([~met.alike, met.one])
    one = met.one[order]
    place = np.arange(len(one)) - np.searchsorted(one, one)
    chosen = order[place < MOST]
    return Met(met.one[chosen], met.other[chosen], met.alike[chosen])


def _runs(ordered: NDArray[np.int32]) -> Iterator[tuple[int, int, int]]:
    """Each value of an ordered array, with the places where it begins and ends."""
    import numpy as np

    values, first = np.unique(ordered, return_index=True)
    yield from zip(values.tolist(), first.tolist(), [*first.tolist(), len(ordered)][1:], strict=True)
