"""Rows that would join families on different sides: they fall, so that no row ever moves and no family is divided.

Which families there are follows from the rows. A new one that is like a row trained on and like another that is held
out makes one family of both: then either a row moves, or one family lies on two sides, or the new row goes. It goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.engine.adding import OverRows
from hfsft.engine.ledger import OF
from hfsft.engine.resources import Resource
from hfsft.hashing import unit
from hfsft.rows.batch import Batch
from hfsft.similarity import COUNTED
from hfsft.stages.split.draw import Stood
from hfsft.stages.split.row_families import KEYS, Naming, asked_key
from hfsft.stages.split.sides import SEEN, most_seen

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Scattered

JOINS = "joins_sides"


def parting(known: Resource, similarity: float) -> Parting:
    """What finds the rows that would join sides, and names the families without them."""
    return Parting(known.load, similarity)


@dataclass(frozen=True)
class Parting(OverRows):
    """Gives all rows their `family` as it is without those that would join sides, and says of these which they are."""

    known: Callable[[], Mapping[str, Stood]]
    similarity: float
    keeps: str = COUNTED

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """The columns of all rows; which are alike is only asked where a family has rows of several sides."""
        names, counted = list(rows["family"]), None
        made: Batch = {"family": names, JOINS: [None] * len(rows), f"{JOINS}{OF}": [None] * len(rows)}
        known = self.known()
        keys = rows[KEYS] if known else []
        first: dict[str, Stood] = {}
        divided: set[str] = set()
        for family, own in zip(names, keys, strict=False):
            for key in own:
                if (side := known.get(key)) and first.setdefault(family, side) != side:
                    divided.add(family)
        torn: dict[str, list[int]] = defaultdict(list)
        for place, family in enumerate(names if divided else ()):
            if family in divided:
                torn[family].append(place)
        if torn:
            pairs, counted = Naming(self.similarity).pairs(rows, kept)
            near: dict[int, list[int]] = defaultdict(list)
            for one, other in pairs:
                if names[one] in torn:
                    near[one].append(other)
                    near[other].append(one)
            ids, origins = rows["id"], rows["origin"]
            for places in torn.values():
                mine = [KnownRow(place, ids[place], keys[place], origins[place], near[place]) for place in places]
                for place, told in parted(mine, known):
                    for name, value in zip(made, told, strict=True):
                        made[name][place] = value
        return made, counted

    def spread(self, rows: Scattered) -> Scattered:
        """The same of scattered rows, which are sketched and have their keys."""
        from hfsft.stages.split.parting_rounds import parted_families

        return parted_families(rows, self.known(), Naming(self.similarity).near)


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
