"""The pairs of items as rounds over scattered rows find them, to be held beside those of the search in one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from hfsft.engine.spread.in_memory import AllHere
from hfsft.engine.spread.scattered import NUMBER, Scattered
from hfsft.near import near_pairs
from hfsft.near.near_by_rounds import FIRST, KNOWN, SAID
from hfsft.rows.features import arrow_schema
from hfsft.similarity import keys_of, sketches_of
from hfsft.similarity.lexical.similar_pairs import all_parts

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
    parts = all_parts(items)
    ranks = [place.to_bytes(8, "big") for place in there]
    known = pa.table([there, [keys[place] for place in there], ranks], schema=arrow_schema(KNOWN))
    texts = [list(parts[place]) for place in there]
    said = pa.table([there, [sketches[place] for place in there], texts], schema=arrow_schema(SAID))
    return AllHere(known, KNOWN, cut), AllHere(said, SAID, cut)


def by_rounds(
    known: Scattered, said: Scattered, at_least: float = 0.6, *, by_content: bool = False, most: int | None = None
) -> Found:
    """What rounds find."""
    found = near_pairs(known, said, at_least, by_content=by_content, most=most)
    rows, pairs = found.rows.collected().to_pylist(), found.pairs.collected().to_pylist()
    copies = {row[NUMBER]: row[FIRST] for row in rows if row[NUMBER] != row[FIRST]}
    return Found(copies, [(pair["first"], pair["second"], pair["similarity"]) for pair in pairs])
