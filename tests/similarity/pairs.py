"""All pairs of some items, as the engine of the lexical index finds them in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hfsft.similarity.lexical.similar_pairs import Item, Items, all_parts
from hfsft.similarity.sketched import keys_of


def at_hand(items: Sequence[Item], groups: Sequence[str] | None = None) -> Items:
    """Items of which all texts are in memory."""
    return Items(keys_of(items, groups), lambda places: all_parts([items[place] for place in places]))


def near_pairs(items: Sequence[Item], at_least: float) -> Iterator[tuple[int, int, float]]:
    """`(i, j, similarity)`, i < j, of the items that are at least so alike; copies with the first of them alone."""
    known = at_hand(items)
    yield from ((first, copy, 1.0) for copy, first in known.copies.items())
    yield from known.alike(at_least)
