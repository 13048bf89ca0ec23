"""Which of many rows are alike, worked out by rounds, so that no process holds all of them: the very pairs that
`hfsft.similarity` finds in one.
"""

from __future__ import annotations

from hfsft.near.near_by_rounds import NearPairs, near_pairs

__all__ = ["NearPairs", "near_pairs"]
