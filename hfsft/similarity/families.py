"""Union-find: which items belong together where pairs join them, directly or through other items."""

from __future__ import annotations

from collections.abc import Iterable


def families(count: int, pairs: Iterable[tuple[int, int] | tuple[int, int, float]]) -> list[int]:
    """For each of `count` items the smallest member of its family, where pairs join families."""
    parent = list(range(count))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for one, other, *_ in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return [root(item) for item in range(count)]
