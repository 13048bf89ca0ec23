"""Which pairs of many items may be alike: those whose sketches agree in a band of numbers.

Time and memory grow with the number of items, also where all are alike: of a band that too many share, each item
meets those next to it in the order of their other numbers, and the few that are preferred to all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.similarity.lexical.counts import found_in
from hfsft.similarity.lexical.shingles import distinct, mixed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.sketches import Sketches

WHOLE = 224  # numbers in the sketch of an item at most
MISSED = 0.0008  # the share of pairs, as alike as the bound, that may be in no band together
MARGIN = 0.01  # of small sets, two sketches agree a little less than chance would have it
FULL = 48  # items that share a band and all meet each other
NEAR = 8  # where more do: the next ones that each meets
BEST = 8  # and the preferred ones
MOST = 40  # pairs of an item with preferred ones that are counted exactly
DOUBT = 4  # standard errors by which a sketch may mistake a share for less than the bound
QUICK = 32  # numbers of two sketches that are compared first
HELD = 64  # more pairs of an item, on average, than are counted exactly: with so many the others are let go
_LEVELS = 1 << 10  # of shares, which tell all those apart that sketches of fewer numbers can have
_BLOCK = 1 << 19  # bytes of sketches that are compared at once with as many, so that the processor has all at hand


class Bands(NamedTuple):
    """How a sketch is cut: so many bands of so many numbers."""

    bands: int
    rows: int

    @property
    def numbers(self) -> int:
        """The length of a sketch."""
        return self.bands * self.rows

    @property
    def width(self) -> int:
        """How many bytes of a number are enough: few enough items share a band of such bytes by chance."""
        return 1 if self.rows > 2 else 2


@lru_cache(16)
def bands_for(at_least: float, numbers: int) -> Bands:
    """The longest bands that still miss few enough of the pairs with that share in common."""
    best = Bands(numbers, 1)
    for rows in range(1, numbers + 1):
        bands = math.ceil(math.log(MISSED) / math.log1p(-((at_least - MARGIN) ** rows)))
        if rows * bands > numbers:
            return best
        best = Bands(bands, rows)
    return best


class SketchTable(NamedTuple):
    """The sketches of items, how they are cut, and the share that two items must have in common."""

    sketches: Sketches
    bands: Bands
    at_least: float

    def close(self, first: Places, second: Places) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Which pairs may have that much in common, and about how much each has."""
        import numpy as np

        found = np.zeros(len(first), np.float32)
        alive = np.arange(len(first))
        # Numbers that are cut to a byte or two are often the same where whole ones are not.
        share = self.at_least + (1 - self.at_least) / (1 << 8 * self.sketches.itemsize)
        for numbers in (QUICK, self.sketches.shape[1]):  # most pairs show by a few numbers that they are far apart
            doubt = DOUBT * math.sqrt(share * (1 - share) / numbers)
            block = max(1, _BLOCK // (numbers * self.sketches.itemsize))
            for start in range(0, len(alive), block):
                some = alive[start : start + block]
                same = self.sketches[first[some], :numbers] == self.sketches[second[some], :numbers]
                found[some] = same.mean(axis=1, dtype=np.float32)
            alive = alive[found[alive] >= share - doubt]
        kept = np.zeros(len(first), bool)
        kept[alive] = True
        return kept, found


class RestTable(NamedTuple):
    """The sketches of what templates leave of items: of those alone whose `kind`, which parts have any, is above 0."""

    table: SketchTable
    kinds: Places
    at: Places  # for each item its place in the table

    def agree(self, first: Places, second: Places) -> NDArray[np.bool_]:
        """Of which pairs the rests may have enough in common, or are not asked, as the two are of other kinds."""
        asked = (self.kinds[first] == self.kinds[second]) & (self.kinds[first] > 0)
        agree: NDArray[np.bool_] = ~asked
        agree[asked] = self.table.close(self.at[first[asked]], self.at[second[asked]])[0]
        return agree


def candidates(
    table: SketchTable, groups: Hashes, rank: Places, rests: RestTable | None = None
) -> tuple[Places, Places]:
    """Pairs of items of one group that agree in a band and may have enough in common.

    `rank` orders the items, the preferred ones first; the first of a pair is preferred to the second. `rests` says
    what else must agree.
    """
    rounds = (meetings(keys, beside, rank) for keys, beside in band_keys(table, groups))
    first, second, _ = gathered(rounds, table, rank, rests)
    return first, second


def band_keys(table: SketchTable, groups: Hashes) -> Iterator[tuple[Hashes, NDArray[Any]]]:
    """For each band the key of each item, which those share that agree in it and are of one group, and the number
    that says which of these are more alike.
    """
    import numpy as np

    sketches, bands, _ = table
    for band in range(bands.bands):
        keys = mixed(groups + np.uint64(band))
        for words in _words(sketches[:, band * bands.rows : (band + 1) * bands.rows]):
            keys = mixed(keys * np.uint64(3) + words)
        yield keys, sketches[:, (band + 1) * bands.rows % bands.numbers]


def gathered(
    rounds: Iterable[Sequence[tuple[Places, Places]]], table: SketchTable, rank: Places, rests: RestTable | None = None
) -> tuple[Places, Places, NDArray[np.float32]]:
    """Of the pairs that each round brings those that may have enough in common, and about how much each has.

    Of an item's pairs with preferred ones so many are left as `bounded` leaves.
    """
    import numpy as np

    count = len(rank)
    codes, shares = np.zeros(0, np.int64), np.zeros(0, np.float32)
    held = HELD * count
    for brought in rounds:
        found = [(one, other) for one, other in brought if len(one)]
        if not found:
            continue
        one, other = (np.concatenate(side) for side in zip(*found, strict=True))
        later = rank[one] > rank[other]
        first, second = np.where(later, other, one), np.where(later, one, other)
        new = distinct(first * count + second)
        if len(codes):
            new = new[~found_in(codes, new)[0]]
        if rests is not None:
            new = new[rests.agree(new // count, new % count)]
        kept, close = table.close(new // count, new % count)
        new, close = new[kept], close[kept]
        at = np.searchsorted(codes, new)
        codes, shares = np.insert(codes, at, new), np.insert(shares, at, close)
        if len(codes) > held:
            # The closest of all are the closest of these and of what comes later: one that is let go stays so, also
            # where another band brings it again.
            kept = bounded(codes // count, codes % count, shares, rank)
            codes, shares = codes[kept], shares[kept]
            held = len(codes) + HELD * count
    kept = bounded(codes // count, codes % count, shares, rank)
    return codes[kept] // count, codes[kept] % count, shares[kept]


def _words(numbers: Sketches) -> Iterator[Hashes]:
    """The numbers of a band, as few whole words."""
    import numpy as np

    size = numbers.shape[1] * numbers.itemsize
    held = np.zeros((len(numbers), -(-size // 8) * 8), np.uint8)
    held[:, :size] = np.ascontiguousarray(numbers).view(np.uint8)
    yield from held.view("<u8").T


def meetings(keys: Hashes, beside: NDArray[Any], rank: Places) -> list[tuple[Places, Places]]:
    """The pairs of items with one key."""
    import numpy as np

    order = np.argsort(keys)
    again = keys[order][1:] == keys[order][:-1]
    some = order[np.concatenate([[False], again]) | np.concatenate([again, [False]])]  # most keys are of one item alone
    if not len(some):
        return []
    order = some[np.lexsort((rank[some], beside[some], keys[some]))]
    sorted_keys = keys[order]
    group = np.cumsum(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]])) - 1
    size = np.bincount(group)[group]
    found = []
    for ahead in range(1, min(FULL, int(size.max(initial=1)))):
        same = (group[ahead:] == group[:-ahead]) & ((size[ahead:] <= FULL) | (ahead <= NEAR))
        found.append((order[:-ahead][same], order[ahead:][same]))
    full = size > FULL
    if full.any():
        order, group = order[full], group[full]
        preferred = np.lexsort((rank[order], group))
        begins = np.concatenate([[True], group[1:] != group[:-1]])  # groups stand together in either order
        (starts,) = begins.nonzero()
        number = np.cumsum(begins) - 1
        for place in range(BEST):
            best = order[preferred][starts + place][number]
            apart = best != order
            found.append((best[apart], order[apart]))
    return found


def bounded(first: Places, second: Places, shares: NDArray[np.float32], rank: Places) -> NDArray[np.bool_]:
    """Of an item's pairs with preferred ones the closest, and those with the most preferred."""
    import numpy as np

    keep = np.zeros(len(first), bool)
    ranks = int(rank.max(initial=0)) + 1  # those of some items among all: more than there are of these
    apart = np.rint((1 - shares) * _LEVELS).astype(np.int64)
    for level, most in ((apart, MOST), (0, BEST)):
        # By the second item, then by how far apart, then by rank, as one number: far faster to sort than three.
        order = np.argsort((second * (_LEVELS + 1) + level) * ranks + rank[first])
        begins = np.concatenate([[True], second[order][1:] != second[order][:-1]])[: len(order)]
        (starts,) = begins.nonzero()
        behind = np.arange(len(order)) - (starts[np.cumsum(begins) - 1] if len(order) else 0)
        keep[order[behind < most]] = True
    return keep
