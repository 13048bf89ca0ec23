"""Which rows stay, row by row in the order of preference, and which rows are of one cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hfsft.similarity import families


class FoundAlike(NamedTuple):
    """What was found for each row, by places; None in `near` for a row of which nothing is compared.

    `near` are preferred rows that are alike, `same` a preferred row that says the same, `other` the row of another set
    that is most alike: its name and its similarity.
    """

    near: Sequence[Sequence[int] | None]
    alike: Sequence[Sequence[float] | None]
    same: Sequence[int | None]
    other: Sequence[tuple[str, float] | None]

    def pairs_of(self, place: int) -> Iterable[tuple[int, float]]:
        """The rows that are nearly like one."""
        return zip(self.near[place] or (), self.alike[place] or (), strict=True)


@dataclass
class Spared:
    """For each row the similarity to the row that stays and is most like it, and which: a place, or a name."""

    highest: list[float | None]
    originals: list[int | str | None]
    clusters: list[int | None] = field(default_factory=list)
    nearest: list[tuple[int | str, float] | None] = field(default_factory=list)


def verdicts(found: FoundAlike, order: Sequence[int], at_most: float) -> Spared:
    """Rows in the order of preference: each is compared with those that stay so far, and with other sets.

    Of rows that are equally alike the preferred one is named, of another set and the rows the other set.
    """
    count = len(found.near)
    made = Spared([None] * count, [None] * count)
    stays = [True] * count
    rank = {place: at for at, place in enumerate(order)}
    for place in order:
        first = found.same[place]
        if first is not None and not stays[first]:
            made.highest[place], made.originals[place] = made.highest[first], made.originals[first]
        else:
            # A copy is compared with its original alone, which was compared with all others.
            near = found.pairs_of(place) if first is None else [(first, 1.0)]
            similarity, _, original = max(
                ((value, -rank[other], other) for other, value in near if stays[other]), default=(0.0, 0, None)
            )
            made.highest[place], made.originals[place] = similarity, original
            other = found.other[place]
            if other is not None and other[1] >= similarity:
                made.originals[place], made.highest[place] = other
        stays[place] = (made.highest[place] or 0.0) <= at_most
    _tell(made, found, rank, at_most)
    return made


def _tell(made: Spared, found: FoundAlike, rank: Mapping[int, int], at_most: float) -> None:
    """The cluster of each row that is alike to another, and the row most like it, whichever of them stay."""
    pairs = list(_pairs(found))
    made.nearest = list(found.other)
    for one, other, value in pairs:
        for place, near in ((one, other), (other, one)):
            known = made.nearest[place]
            if known is None or (value, -rank[near]) > (known[1], -rank[known[0]] if isinstance(known[0], int) else 1):
                made.nearest[place] = near, value
    made.clusters = clusters(len(found.near), ((one, other) for one, other, value in pairs if value > at_most), rank)


def _pairs(found: FoundAlike) -> Iterable[tuple[int, int, float]]:
    for place, first in enumerate(found.same):
        if first is not None:
            yield first, place, 1.0
        else:
            yield from ((other, place, value) for other, value in found.pairs_of(place))


def clusters(count: int, pairs: Iterable[tuple[int, int]], rank: Mapping[int, int]) -> list[int | None]:
    """For each of so many rows the preferred one of those that pairs join it with; None for one that stands alone."""
    joined = list(pairs)
    root = families(count, joined)
    first: dict[int, int] = {}
    for place in sorted({place for pair in joined for place in pair}, key=rank.__getitem__):
        first.setdefault(root[place], place)
    return [first.get(root[place]) for place in range(count)]
