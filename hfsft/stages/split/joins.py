"""Rows that would join families on different sides: they fall, so that no row ever moves and no family is divided.

Which families there are follows from the rows. A new one that is like a row trained on and like another that is held
out makes one family of both: then either a row moves, or one family lies on two sides, or the new row goes. It goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from hfsft.engine.adding import InMemory
from hfsft.engine.ledger import OF
from hfsft.engine.resources import Resource
from hfsft.hashing import unit
from hfsft.rows.batch import Batch
from hfsft.stages.split.draw import Stood
from hfsft.stages.split.row_families import KEYS, Naming, asked_key
from hfsft.stages.split.sides import most_seen

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns

JOINS = "joins_sides"


def parting(known: Resource, similarity: float) -> Parting:
    """What finds the rows that would join sides, and names the families without them."""
    return Parting(known.load, similarity)


@dataclass(frozen=True)
class Parting:
    """Gives all rows their `family` as it is without those that would join sides, and says of these which they are."""

    known: Callable[[], Mapping[str, Stood]]
    similarity: float
    keeps: str = ""

    def __call__(self, batch: Batch) -> Batch:
        """The same of a batch."""
        return self.over(InMemory(batch), None)[0]

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """The columns of all rows; texts are read of families alone that have rows of several sides."""
        import numpy as np

        names, count = list(rows["family"]), len(rows)
        joins: list[str | None] = [None] * count
        of: list[str | None] = [None] * count
        known = self.known()
        keys = rows[KEYS] if known else []
        members: dict[str, list[int]] = defaultdict(list)
        stood: dict[str, set[Stood]] = defaultdict(set)
        for place, (family, own) in enumerate(zip(names, keys, strict=False)):
            members[family].append(place)
            stood[family].update(known[key] for key in own if key in known)
        for family in sorted(family for family, sides in stood.items() if len(sides) > 1):
            places = members[family]
            batch = rows.of(np.array(places, np.int64))
            for place, told in zip(places, self._parted(batch, known), strict=True):
                names[place], joins[place], of[place] = told
        return {"family": names, JOINS: joins, f"{JOINS}{OF}": of}, None

    def _parted(self, batch: Batch, known: Mapping[str, Stood]) -> Iterator[tuple[str, str | None, str | None]]:
        """Of each row of a family of several sides the family that it has then, or why it goes and for which row."""
        keys = [list(each) for each in batch[KEYS]]
        asked = [asked_key(own, origin) for own, origin in zip(keys, batch["origin"], strict=True)]
        near = _neighbours(Naming(self.similarity).pairs(InMemory(batch)), len(keys))
        pieces = _Pieces(known)
        order = sorted(range(len(keys)), key=lambda place: (asked[place] not in known, unit(asked[place], "join")))
        there: set[int] = set()
        gone: dict[int, tuple[str, str | None]] = {}
        for place in order:
            beside = [other for other in near[place] if other in there]
            nodes = [*keys[place], *beside]
            sides = {side for node in nodes if (side := pieces.side(node))}
            if len(sides) > 1 and asked[place] not in known:
                seen = sorted(batch["id"][other] for other in beside if pieces.side(other) == most_seen(sides))
                said = " and ".join(side for side in ("train", "validation", "held", "test") if side in sides)
                gone[place] = said, seen[0] if seen else None
                continue
            there.add(place)
            for node in nodes:
                pieces.join(place, node)
        name: dict[Any, str] = {}
        for place in sorted(there):
            root = pieces.root(place)
            name[root] = min(name.get(root, keys[place][0]), *keys[place])
        for place in range(len(keys)):
            if place in gone:
                yield batch["family"][place], *gone[place]
            else:
                yield name[pieces.root(place)], None, None


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


def _neighbours(pairs: Collection[tuple[int, int]], count: int) -> Sequence[list[int]]:
    near: list[list[int]] = [[] for _ in range(count)]
    for one, other in chain(pairs, ((other, one) for one, other in pairs)):
        near[one].append(other)
    return near
