"""Union-find: which items belong together where pairs join them, directly or through other items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class DisjointSets:
    """Items from 0 on, each in a set of its own until pairs join them."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, item: int) -> int:
        """The smallest item of the set."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    def roots(self) -> list[int]:
        """That of every item."""
        return [self.root(item) for item in range(len(self._parent))]

    def join(self, one: int, other: int) -> bool:
        """Make one set of two; False where they are one already."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low
        return low != high

    def apart(self, ones: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which items are in another set than those at the same place of `others`."""
        import numpy as np

        roots = np.array(self.roots(), np.intp)
        found: NDArray[np.bool_] = roots[ones] != roots[others]
        return found


def families(count: int, pairs: Iterable[tuple[int, int] | tuple[int, int, float]]) -> list[int]:
    """For each of `count` items the smallest member of its family, where pairs join families."""
    sets = DisjointSets(count)
    for one, other, *_ in pairs:
        sets.join(one, other)
    return sets.roots()
