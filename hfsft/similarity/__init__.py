"""How alike texts are, letter by letter: pairs of near duplicates, and the families that they join.

Blind to meaning: a paraphrase in other words is not alike, and a sentence whose words were swapped is.
"""

from __future__ import annotations

from hfsft.similarity.families import families
from hfsft.similarity.normalise import normalise
from hfsft.similarity.pairs import Items, near_pairs
from hfsft.similarity.shingles import shingles

__all__ = ["Items", "families", "near_pairs", "normalise", "shingles"]
