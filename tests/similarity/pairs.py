"""All pairs of some items, as the engine of the lexical index finds them in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hfsft.similarity.lexical.similar_pairs import Item, Items


def near_pairs(items: Sequence[Item], at_least: float) -> Iterator[tuple[int, int, float]]:
    """`(i, j, similarity)`, i < j, of the items that are at least so alike; copies with the first of them alone."""
    known = Items.at_hand(items)
    yield from ((first, copy, 1.0) for copy, first in known.copies.items())
    yield from known.alike(at_least)
