"""A family that has rows of several sides is taken apart: what would join them goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hfsft.hashing import unit
from hfsft.stages.split.draw import SEEN, Stood, most_seen
from hfsft.stages.split.row_families import asked_key

JOINS = "joins_sides"


class Parted(NamedTuple):
    """A row of a family of several sides: the family that it has then, or why it goes and for which row."""

    family: str | None
    joins: str | None = None
    of: str | None = None


class KnownRow(NamedTuple):
    """A row of such a family."""

    place: int
    id: str
    keys: Sequence[str]
    origin: str
    near: Sequence[int]  # the places of rows that it is of one family with

    @property
    def asked(self) -> str:
        """The key of what it asks, which tells whether a build before had it."""
        return asked_key(self.keys, self.origin)


def parted(rows: Sequence[KnownRow], known: Mapping[str, Stood]) -> Iterator[tuple[int, Parted]]:
    """What becomes of each row of one family that has rows of several sides."""
    pieces, there = _Pieces(known), dict[int, KnownRow]()
    gone: list[tuple[int, Parted]] = []
    for row in sorted(rows, key=lambda each: (each.asked not in known, unit(each.asked, "join"), each.id)):
        nodes: list[int | str] = [*row.keys]
        own = {side for node in nodes if (side := pieces.side(node))}
        if row.asked in known:  # two that are known, and have become alike by what came since, stay apart
            nodes += [other for other in row.near if other in there and {pieces.side(other)} <= {None, *own}]
        else:
            nodes += [other for other in row.near if other in there]
        sides = {side for node in nodes if (side := pieces.side(node))}
        if len(sides) > 1 and row.asked not in known:
            seen = most_seen(sides)
            of = sorted(there[each].id for each in row.near if each in there and pieces.side(each) == seen)
            said = " and ".join(side for side in SEEN if side in sides)
            gone.append((row.place, Parted(row.asked, said, of[0] if of else None)))
            continue
        there[row.place] = row
        for node in nodes:
            pieces.join(row.place, node)
    name: dict[Any, str] = {}
    for place, row in sorted(there.items()):
        root = pieces.root(place)
        name[root] = min(name.get(root, row.keys[0]), *row.keys)
    yield from gone
    yield from ((place, Parted(name[pieces.root(place)])) for place in there)


class _Pieces:
    """Families as they grow, of rows (by number) and keys (texts), each with the side that it stands on, if any."""

    def __init__(self, known: Mapping[str, Stood]) -> None:
        self._known, self._parent, self._side = known, dict[Any, Any](), dict[Any, Stood | None]()

    def root(self, node: int | str) -> int | str:
        if node not in self._parent:
            self._parent[node], self._side[node] = node, self._known.get(node) if isinstance(node, str) else None
        while self._parent[node] != node:
            self._parent[node] = node = self._parent[self._parent[node]]
        return node

    def side(self, node: int | str) -> Stood | None:
        return self._side[self.root(node)]

    def join(self, one: int | str, other: int | str) -> None:
        one, other = self.root(one), self.root(other)
        sides = [side for node in (one, other) if (side := self._side[node])]
        self._parent[other] = one
        self._side[one] = most_seen(sides) if sides else None
