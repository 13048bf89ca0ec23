"""What near pairs are found by, of scattered rows: keys, ranks, sketches and normalised texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from hfsft.engine.spread.scattered import NUMBER
from hfsft.near.looked_at import KEY, SKETCH, TEXTS
from hfsft.near.order_numbers import RANK
from hfsft.rows.features import arrow_schema
from hfsft.similarity.lexical.similar_pairs import all_parts

if TYPE_CHECKING:
    from hfsft.similarity.lexical.similar_pairs import Item

KNOWN = {NUMBER: "int64", KEY: "binary", RANK: "binary"}
SAID = {NUMBER: "int64", SKETCH: "binary", TEXTS: ["string"]}


def known_of(numbers: Sequence[int], keys: Sequence[bytes], ranks: Sequence[bytes] | None = None) -> pa.Table:
    """Rows by their numbers, with their keys and what they are ranked by; these are the numbers, where left out."""
    given = [number.to_bytes(8, "big") for number in numbers] if ranks is None else ranks
    return pa.table([list(numbers), list(keys), list(given)], schema=arrow_schema(KNOWN))


def said_of(numbers: Sequence[int], sketches: Sequence[bytes], items: Sequence[Item]) -> pa.Table:
    """Rows by their numbers, with their sketches and what they say."""
    texts = list(map(list, all_parts(items)))
    return pa.table([list(numbers), list(sketches), texts], schema=arrow_schema(SAID))
