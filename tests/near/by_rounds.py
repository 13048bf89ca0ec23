"""The pairs of items as rounds over scattered rows find them, to be held beside those of the search in one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hfsft.engine.spread.in_memory import AllHere
from hfsft.engine.spread.scattered import NUMBER, Scattered
from hfsft.near import FIRST, KNOWN, SAID, known_of, near_pairs, said_of
from hfsft.similarity import keys_of, sketches_of

Pairs = list[tuple[int, int, float]]


class Found(NamedTuple):
    """Copies with the first of each, and pairs."""

    copies: dict[int, int]
    alike: Pairs


def scattered(
    items: Sequence[str | tuple[str, ...]],
    groups: Sequence[str] | None = None,
    at_least: float = 0.6,
    cut: int | None = None,
) -> tuple[AllHere, AllHere]:
    """Items as `near_pairs` takes them, ranked by their places."""
    keys, (_, sketches) = keys_of(items, groups), sketches_of(items, at_least)
    there = [place for place, key in enumerate(keys) if key is not None]
    known = known_of(there, [keys[place] or b"" for place in there])
    said = said_of(there, [sketches[place] or b"" for place in there], [items[place] for place in there])
    return AllHere(known, KNOWN, cut), AllHere(said, SAID, cut)


def by_rounds(
    known: Scattered, said: Scattered, at_least: float = 0.6, *, by_content: bool = False, most: int | None = None
) -> Found:
    """What rounds find."""
    found = near_pairs(known, said, at_least, by_content=by_content, most=most)
    rows, pairs = found.rows.collected().to_pylist(), found.pairs.collected().to_pylist()
    copies = {row[NUMBER]: row[FIRST] for row in rows if row[NUMBER] != row[FIRST]}
    return Found(copies, [(pair["first"], pair["second"], pair["similarity"]) for pair in pairs])
