"""Which of many rows are alike, worked out by rounds, so that no process holds all of them: the very pairs that
`hfsft.similarity` finds in one.
"""

from __future__ import annotations

from hfsft.near.looked_at import KEY
from hfsft.near.near_by_rounds import FIRST, NearPairs, near_pairs
from hfsft.near.order_numbers import ITEM, RANK, numbered
from hfsft.near.prepared import KNOWN, SAID, known_of, said_of
from hfsft.near.vectors_by_rounds import GROUP, VECTOR, VECTORS, near_vectors, without_copies

__all__ = [
    "FIRST",
    "GROUP",
    "ITEM",
    "KEY",
    "KNOWN",
    "RANK",
    "SAID",
    "VECTOR",
    "VECTORS",
    "NearPairs",
    "known_of",
    "near_pairs",
    "near_vectors",
    "numbered",
    "said_of",
    "without_copies",
]
