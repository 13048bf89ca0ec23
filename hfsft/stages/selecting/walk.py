"""Which rows are taken, walking from the best on: each that is not too like one taken before it.

Liu et al. 2023, "What Makes Good Data for Alignment?" (DEITA, arXiv 2312.15685): score first, then diversity, where a
row is taken if its embedding is far enough from those of the rows taken so far.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.hashing import unit
from hfsft.similarity import LexicalIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 1_024  # rows that are compared at once
HELD = 16_384  # of those taken, with which they are
AT_ONCE = 16_384  # pairs whose cosine is worked out to the last digit
ROUNDING = 1e-6  # of cosines
MARGIN = 1e-4  # by which a cosine may be off that was worked out with many others at once


class Room:
    """How many more rows of each value of some columns may be taken; `meant` are the values that are bound at all."""

    def __init__(self, most: Sequence[float], meant: Sequence[Sequence[str] | None]) -> None:
        self._most, self._meant = most, [None if each is None else frozenset(each) for each in meant]
        self._taken = [Counter[str]() for _ in most]

    def take(self, values: Sequence[Any]) -> bool:
        """Whether there is room for a row with these values, which is taken then."""
        mine = [
            (number, str(value))
            for number, (value, meant) in enumerate(zip(values, self._meant, strict=True))
            if value is not None and (meant is None or str(value) in meant)
        ]
        if any(self._taken[number][value] >= self._most[number] for number, value in mine):
            return False
        for number, value in mine:
            self._taken[number][value] += 1
        return True

    def full(self) -> list[list[str]]:
        """Of each column the values that were taken as often as they may be."""
        told = zip(self._taken, self._most, strict=True)
        return [sorted(value for value, times in taken.items() if times >= most) for taken, most in told]


class Taken(NamedTuple):
    """The rows that are taken, in the order of the walk, and for each that is too like one of them how like which."""

    rows: list[int]
    alike: dict[int, tuple[float, int]]


class Walk:
    """A walk that takes `count` rows at most, for which there is room; it may be gone some way at a time.

    What it goes along are rows by their numbers; `columns` tell of a number the values that there must be room for.
    """

    def __init__(self, count: int, room: Room | None = None) -> None:
        self.count, self.room = count, room
        self.taken, self.alike = list[int](), dict[int, tuple[float, int]]()

    @property
    def done(self) -> bool:
        """Whether all rows are taken that are wanted."""
        return len(self.taken) >= self.count

    @property
    def found(self) -> Taken:
        """What was found so far."""
        return Taken(self.taken, self.alike)

    def _take(self, row: int, columns: Sequence[Any]) -> bool:
        if self.room is not None and not self.room.take([column[row] for column in columns]):
            return False
        self.taken.append(row)
        return True


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


def by_order(walk: Sequence[int], count: int, room: Room | None = None, columns: Sequence[Sequence[Any]] = ()) -> Taken:
    """Take the first `count` rows along a walk for which there is room."""
    found = VectorWalk(count, 1.0, room)
    found.go(walk, lambda _: None, columns)
    return found.found


def by_vectors(
    walk: Sequence[int],
    vectors: Sequence[Any],
    count: int,
    at_most: float,
    room: Room | None = None,
    columns: Sequence[Sequence[Any]] = (),
) -> Taken:
    """Take `count` rows along a walk, none with a cosine above `at_most` to one taken before; all without a vector."""
    found = VectorWalk(count, at_most, room)
    found.go(walk, vectors.__getitem__, columns)
    return found.found


class VectorWalk(Walk):
    """One that takes no row with a cosine above `at_most` to one taken before; it holds the vectors of these."""

    def __init__(self, count: int, at_most: float, room: Room | None = None) -> None:
        super().__init__(count, room)
        self.at_most = at_most
        self.held: list[int] = []  # of the rows taken those with a vector
        self.stored: NDArray[np.float32] | None = None

    def go(
        self, walk: Sequence[int], vector: Callable[[int], Any], columns: Sequence[Any] = (), first: int = 0
    ) -> None:
        """Go on along these rows, which are like none of the `first` rows that are held."""
        import numpy as np

        for start in range(0, len(walk), BLOCK):
            block = walk[start : start + BLOCK]
            there = {row: each for row in block if (each := vector(row)) is not None}
            place = {row: number for number, row in enumerate(there)}
            made = np.asarray(list(there.values()), np.float32)
            share, nearest = np.full(len(made), -1.0), np.full(len(made), -1)
            if there and self.stored is None:
                self.stored = np.empty((self.count, made.shape[1]), np.float32)
            if there and self.stored is not None:
                share, at = likest(made, self.stored[first : len(self.held)], self.at_most)
                nearest = np.array([-1, *self.held[first:]])[at + 1]
            for row in block:
                if self.done:
                    return
                if row not in place:
                    self._take(row, columns)
                    continue
                at = place[row]
                if share[at] > self.at_most + ROUNDING:
                    self.alike[row] = float(share[at]), int(nearest[at])
                elif self._take(row, columns) and self.stored is not None:
                    self.stored[len(self.held)] = made[at]
                    self.held.append(row)
                    to_row, _ = likest(made[at + 1 :], made[at : at + 1], self.at_most)
                    later, known = nearest[at + 1 :], share[at + 1 :]
                    later[to_row > known] = row
                    np.maximum(known, to_row, out=known)


def likest(made: NDArray[np.float32], held: NDArray[np.float32], at_most: float) -> tuple[NDArray[np.float64], Any]:
    """For each vector the largest cosine to those held, and which of them has it first; -1 where it is under `at_most`.

    It does not hang on how many are compared at once: what may be above the bound is worked out for each pair alone.
    """
    import numpy as np

    share, nearest = np.full(len(made), -1.0), np.full(len(made), -1)
    for start in range(0, len(held), HELD):
        some = held[start : start + HELD]
        about = made @ some.T
        most = about.max(axis=1)
        near = np.flatnonzero(most > at_most + ROUNDING - MARGIN)
        rows, others = np.nonzero(about[near] > most[near, None] - 2 * MARGIN)
        cosine = _cosines(made, some, near[rows], others)
        order = np.lexsort((others, -cosine, rows))
        best = order[np.unique(rows[order], return_index=True)[1]]
        better = cosine[best] > share[near]
        share[near[better]], nearest[near[better]] = cosine[best][better], start + others[best][better]
    return share, nearest


def _cosines(one: NDArray[np.float32], other: NDArray[np.float32], ones: Any, others: Any) -> NDArray[np.float64]:
    """The cosines of pairs of vectors, each summed by itself and in the same order whatever pairs there are."""
    import numpy as np

    found = np.empty(len(ones))
    for start in range(0, len(ones), AT_ONCE):
        pairs = slice(start, start + AT_ONCE)
        found[pairs] = (one[ones[pairs]].astype(np.float64) * other[others[pairs]]).sum(axis=1)
    return found


def by_words(
    walk: Sequence[int],
    texts: Sequence[str | None],
    count: int,
    at_most: float,
    room: Room | None = None,
    columns: Sequence[Sequence[Any]] = (),
) -> Taken:
    """The same, by what two texts have in common of their characters, as near duplicates are told."""
    index: LexicalIndex[int] = LexicalIndex()
    index.add([row for row in walk if texts[row]], [texts[row] or "" for row in walk if texts[row]])
    first, near = index.copies(), defaultdict[int, list[tuple[float, int]]](list)
    for one, other, share in index.pairs(floor_of(at_most), ranked=True):
        if first.get(other) != one and share > at_most + ROUNDING:
            near[one].append((share, other))
            near[other].append((share, one))
    found = WordWalk(count, at_most, near.__getitem__, room)
    found.go(walk, first, columns)
    return found.found


def floor_of(at_most: float) -> float:
    """The likeness from which on pairs are looked for."""
    return max(at_most, 0.05)


class WordWalk(Walk):
    """One that takes no row too like one taken before; `near` tells of a row how like which others are.

    Rows that say the same are as like to others as the first of them is.
    """

    def __init__(
        self, count: int, at_most: float, near: Callable[[int], Iterable[tuple[float, int]]], room: Room | None = None
    ) -> None:
        super().__init__(count, room)
        self._near, self._there = near, set[int]()
        self._copies = defaultdict[int, list[int]](list)  # by the first that says the same, those taken
        self._told = at_most + ROUNDING < 1.0  # whether other copies are too like, and not the first alone

    def go(self, walk: Sequence[int], first: Mapping[int, int], columns: Sequence[Any] = ()) -> None:
        """Go on along these rows, of which some say the same as the `first`."""
        for row in walk:
            if self.done:
                return
            of = first.get(row, row)
            like = [each for each in self._near(of) if each[1] in self._there]
            like += [(1.0, other) for other in (self._copies[of] if self._told else [of] if of in self._there else [])]
            if like:
                self.alike[row] = max(like)
            elif self._take(row, columns):
                self._there.add(row)
                self._copies[of].append(row)


def by_chance(ids: Sequence[str], count: int) -> set[int]:
    """As many rows by another hash of their ids than the one that decides between equals."""
    return set(sorted(range(len(ids)), key=lambda row: (unit(ids[row], "random"), ids[row]))[:count])
