"""Which of many rows are alike, worked out by rounds, so that no process holds all of them: the very pairs that
`hfsft.similarity` finds in one.
"""

from __future__ import annotations

from hfsft.near.near_by_rounds import FIRST, NearPairs, near_pairs
from hfsft.near.order_numbers import ITEM, RANK, numbered
from hfsft.near.prepared import KNOWN, SAID, known_of, said_of

__all__ = ["FIRST", "ITEM", "KNOWN", "RANK", "SAID", "NearPairs", "known_of", "near_pairs", "numbered", "said_of"]
