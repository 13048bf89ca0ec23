"""Rows that would join families on different sides: they fall, so that no row ever moves and no family is divided.

Which families there are follows from the rows. A new one that is like a row trained on and like another that is held
out makes one family of both: then either a row moves, or one family lies on two sides, or the new row goes. It goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfsft.engine.adding import OverRows
from hfsft.engine.resources import Resource
from hfsft.rows.batch import Batch
from hfsft.rows.columns import OF
from hfsft.similarity import COUNTED
from hfsft.stages.split.apart import JOINS, KnownRow, parted
from hfsft.stages.split.draw import Stood
from hfsft.stages.split.row_families import KEYS, Naming

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Scattered


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
        from hfsft.stages.split.scattering.parting_rounds import parted_families

        return parted_families(rows, self.known(), Naming(self.similarity).near)
