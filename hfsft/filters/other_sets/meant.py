"""Items that a text says in other words: found by the vectors of both, where no words of theirs find them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from hfsft.similarity import DenseIndex
from hfsft.similarity.contained import Hit

if TYPE_CHECKING:
    from hfsft.engine.resources import Resource
    from hfsft.filters.other_sets.contamination import HeldIndex


class MeantItems:
    """What finds items by their words and, where these find none, by what a text means as a whole."""

    def __init__(self, held: HeldIndex, embedder: Resource, at_least: float) -> None:
        self._held, self._embedder, self._at_least = held, embedder, at_least

    def sought(self, item: int) -> bool:
        """Whether an item is long enough to be looked for within texts."""
        return self._held.found_by.sought(item)

    def search(self, texts: Sequence[str]) -> list[Hit | None]:
        """For each text the item that stands in it most plainly, else the one most like it; None where none is."""
        found = self._held.found_by.search(texts)
        some = [place for place, hit in enumerate(found) if hit is None and texts[place].strip()]
        if some and len(self._meanings):
            vectors = self._embedder.load().embed([texts[place] for place in some])
            for place, near in zip(some, self._meanings.neighbours(vectors, self._at_least, most=1), strict=True):
                found[place] = next((Hit(item, "meaning", cosine) for item, cosine in near), None)
        return found

    @cached_property
    def _meanings(self) -> DenseIndex[int]:
        index: DenseIndex[int] = DenseIndex()
        if some := [place for place in range(len(self._held.items)) if self.sought(place)]:
            index.add(some, self._embedder.load().embed([self._held.items[place].text for place in some]))
        return index
