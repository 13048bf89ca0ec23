"""Which rows are taken, walking from the best on: each that is not too like one taken before it.

Liu et al. 2023, "What Makes Good Data for Alignment?" (DEITA, arXiv 2312.15685): score first, then diversity, where a
row is taken if its embedding is far enough from those of the rows taken so far.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.hashing import unit
from hfsft.similarity import LexicalIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 1_024  # rows that are compared at once
ROUNDING = 1e-6  # of cosines


class Room:
    """How many more rows of each value of some columns may be taken."""

    def __init__(self, columns: Sequence[Sequence[Any]], most: Sequence[float], meant: Sequence[Sequence[str] | None]):
        self._columns, self._most, self._meant = columns, most, meant
        self._taken = [Counter[str]() for _ in columns]

    def take(self, row: int) -> bool:
        """Whether there is room for the row, which is taken then."""
        mine = [
            (number, str(column[row]))
            for number, (column, meant) in enumerate(zip(self._columns, self._meant, strict=True))
            if column[row] is not None and (meant is None or str(column[row]) in meant)
        ]
        if any(self._taken[number][value] >= self._most[number] for number, value in mine):
            return False
        for number, value in mine:
            self._taken[number][value] += 1
        return True


ALL_ROOM = Room((), (), ())
"""No bound."""


class Taken(NamedTuple):
    """The rows that are taken, in the order of the walk, and for each that is too like one of them how like which."""

    rows: list[int]
    alike: dict[int, tuple[float, int]]


def order(ids: Sequence[str], measures: Sequence[Sequence[float | None]]) -> list[int]:
    """The rows from the best on: by the mean of their places in each measure, as shares; of equal ones by a hash.

    Where a row has no number it has the last place. Without measures it is an order by the hash alone.
    """
    shares = [0.0] * len(ids)
    for values in measures:
        for row, share in enumerate(_places(values)):
            shares[row] += share
    return sorted(range(len(ids)), key=lambda row: (-shares[row], unit(ids[row], "select"), ids[row]))


def _places(values: Sequence[float | None]) -> list[float]:
    """For each value the share of values below it, and half of those equal to it; 0 for None."""
    known = sorted(value for value in values if value is not None)
    import numpy as np

    ordered = np.array(known)
    found = np.array([np.nan if value is None else value for value in values])
    low, high = ordered.searchsorted(found, "left"), ordered.searchsorted(found, "right")
    shares = (low + high) / (2 * max(len(known), 1))
    return [0.0 if value is None else share for value, share in zip(values, shares.tolist(), strict=True)]


def by_order(walk: Sequence[int], count: int, room: Room) -> Taken:
    """Take the first `count` rows along a walk for which there is room."""
    return Taken(list(islice(filter(room.take, walk), count)), {})


def by_vectors(walk: Sequence[int], vectors: Sequence[Any], count: int, at_most: float, room: Room = ALL_ROOM) -> Taken:
    """Take `count` rows along a walk, none with a cosine above `at_most` to one taken before; all without a vector."""
    import numpy as np

    taken, alike = list[int](), dict[int, tuple[float, int]]()
    held: list[int] = []  # of them those with a vector
    stored: NDArray[np.float32] | None = None
    for start in range(0, len(walk), BLOCK):
        block = walk[start : start + BLOCK]
        some = [row for row in block if vectors[row] is not None]
        place = {row: number for number, row in enumerate(some)}
        made = np.asarray([vectors[row] for row in some], np.float32)
        if some and stored is None:
            stored = np.empty((count, made.shape[1]), np.float32)
        cosine, nearest = np.full(len(some), -1, np.float32), np.full(len(some), -1)
        if stored is not None and held and some:
            to_held = made @ stored[: len(held)].T
            cosine, nearest = to_held.max(1), np.array(held)[to_held.argmax(1)]
        for row in block:
            if len(taken) == count:
                return Taken(taken, alike)
            if row in place and stored is not None:
                at = place[row]
                if cosine[at] > at_most + ROUNDING:
                    alike[row] = float(cosine[at]), int(nearest[at])
                    continue
                if not room.take(row):
                    continue
                stored[len(held)] = made[at]
                held.append(row)
                to_row = made @ made[at]
                nearest, cosine = np.where(to_row > cosine, row, nearest), np.maximum(cosine, to_row)
            elif not room.take(row):
                continue
            taken.append(row)
    return Taken(taken, alike)


def by_words(
    walk: Sequence[int], texts: Sequence[str | None], count: int, at_most: float, room: Room = ALL_ROOM
) -> Taken:
    """The same, by what two texts have in common of their characters, as near duplicates are told."""
    index: LexicalIndex[int] = LexicalIndex()
    index.add([row for row in walk if texts[row]], [texts[row] or "" for row in walk if texts[row]])
    near: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for one, other, share in index.pairs(max(at_most, 0.05), ranked=True):
        if share > at_most + ROUNDING:
            near[one].append((share, other))
            near[other].append((share, one))
    first = index.copies()
    taken, there, alike = list[int](), set[int](), dict[int, tuple[float, int]]()
    for row in walk:
        if len(taken) == count:
            break
        like = [*near[row], *near[first.get(row, row)], (1.0, first.get(row, row))]
        if found := [each for each in like if each[1] in there]:
            alike[row] = max(found)
            continue
        if not room.take(row):
            continue
        taken.append(row)
        there.add(row)
    return Taken(taken, alike)


def by_chance(ids: Sequence[str], count: int) -> set[int]:
    """As many rows by another hash of their ids than the one that decides between equals."""
    return set(sorted(range(len(ids)), key=lambda row: (unit(ids[row], "random"), ids[row]))[:count])
