"""The index of texts by what they say letter by letter, each part of an item for itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Generic

from hfsft.similarity.index import Key, nearest, number
from hfsft.similarity.lexical.measure import CountedPairs
from hfsft.similarity.lexical.nearest import Searched
from hfsft.similarity.lexical.similar_pairs import FEW, Item, Items, Read, all_parts, parts_of
from hfsft.similarity.normalise import normalise
from hfsft.similarity.sketched import Sketched, grouped, keys_of_parts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


class LexicalIndex(Generic[Key]):
    """Items, each a text or a tuple of texts; all have as many parts. Those of different groups are not alike at all.

    Parts are compared for themselves, and the least alike decide. A part that only one of two items has makes them
    unlike, one that neither has says nothing. How alike two texts are, `hfsft.similarity.lexical.measure` says; what
    is template in them follows from all texts of the index. Blind to meaning: a paraphrase in other words is not
    alike, and a sentence whose words were swapped is.

    Items may be `Sketched` beforehand, and `counted` is what pairs of texts were found to have in common by other such
    indexes: neither changes what is found.
    """

    def __init__(self, counted: pa.Table | None = None) -> None:
        self._places: dict[Key, int] = {}
        self._reads: list[tuple[int, Read]] = []  # the place of the first of items, and what gives their texts
        self._parts: dict[int, tuple[str, ...]] = {}  # of items that were added as texts, normalised
        self._keys: list[bytes | None] = []
        self._sketched: list[Sketched | None] = []
        self._groups: list[str] = []
        self._counted = CountedPairs(counted)

    @property
    def exact(self) -> bool:
        """Whether no pair is missed: up to 2,000 different items; of more about one or two in a thousand are."""
        return len(self._known) <= FEW

    def __len__(self) -> int:
        """How many items there are."""
        return len(self._places)

    def add(self, keys: Sequence[Key], items: Sequence[Item] | Sketched, groups: Sequence[str] | None = None) -> None:
        """Put more items in, each in its group if there are any."""
        known = items.keys if isinstance(items, Sketched) else items
        number(self._places, keys, len(known))
        if isinstance(items, Sketched):
            self._reads.append((len(self._keys), items.read))
            self._keys += items.keys if groups is None else grouped(items.keys, groups)
            self._sketched.append(items)
        else:
            parts = all_parts(items)
            self._reads.append((len(self._keys), partial(_some, list(items))))
            self._parts.update(enumerate(parts, len(self._keys)))
            self._keys += keys_of_parts(parts, groups)
            self._sketched.append(None)
        self._groups += groups if groups is not None else [""] * len(known)
        self.__dict__.pop("_known", None)
        self.__dict__.pop("_searched", None)

    def copies(self) -> dict[Key, Key]:
        """The items that are the same as one added earlier, once normalised, each with the first such item."""
        keys = list(self._places)
        return {keys[copy]: keys[first] for copy, first in self._known.copies.items()}

    def pairs(self, at_least: float, *, ranked: bool = False) -> Iterator[tuple[Key, Key, float]]:
        """The pairs at least so alike; those that are the same as an earlier item with the first of them alone.

        Where very many are alike, each item is paired with a hundred others at most: with the items most like it, and
        those that are preferred to all. Which are preferred depends on what the items say or, where they are `ranked`,
        on the order that they were added in, the best first.
        """
        keys = list(self._places)
        for copy, first in self._known.copies.items():
            yield keys[first], keys[copy], 1.0
        made = self._made(at_least)
        for one, other, similarity in self._known.alike(at_least, ranked=ranked, made=made, counted=self._counted):
            yield keys[one], keys[other], similarity

    def joined(self, at_least: float) -> Iterator[tuple[Key, Key]]:
        """Pairs of those of `pairs` that make the same families, with far fewer comparisons where many are alike."""
        keys = list(self._places)
        for copy, first in self._known.copies.items():
            yield keys[first], keys[copy]
        for one, other in self._known.joined(at_least, made=self._made(at_least), counted=self._counted):
            yield keys[one], keys[other]

    def counted(self) -> pa.Table:
        """What was counted for the pairs that were found, and was not known."""
        return self._counted.table()

    def neighbours(
        self,
        items: Sequence[Item],
        at_least: float = 0.0,
        most: int | None = None,
        groups: Sequence[str] | None = None,
    ) -> list[list[tuple[Key, float]]]:
        """For each of `items` those of the index that are like it, each compared: none is missed at any size."""
        keys = list(self._places)
        asked = groups if groups is not None else [""] * len(items)
        found = []
        for item, group in zip(items, asked, strict=True):
            similarity = self._similarity(parts_of(item), normalise(group)) if keys else []
            alike = (
                (key, value) for key, value in zip(keys, similarity, strict=True) if value > 0 and value >= at_least
            )
            found.append(nearest(alike, most))
        return found

    def table(self) -> pa.Table:
        """The items as they were added, with their keys and groups."""
        import pyarrow as pa

        parts = [[item] if isinstance(item, str) else list(item) for item in self._read(range(len(self)))]
        kinds = {"group": pa.string(), "parts": pa.list_(pa.string())}
        columns = {name: pa.array(values, kinds[name]) for name, values in (("group", self._groups), ("parts", parts))}
        return pa.table({"key": pa.array(list(self._places)), **columns})

    @classmethod
    def of(cls, table: pa.Table) -> LexicalIndex[Key]:
        """The index that a table was made of."""
        index = cls()
        parts = [tuple(each) for each in table["parts"].to_pylist()]
        index.add(table["key"].to_pylist(), parts, table["group"].to_pylist())
        return index

    @cached_property
    def _known(self) -> Items:
        return Items(self._keys, self._read_parts)

    @cached_property
    def _searched(self) -> list[Searched]:
        return [Searched(texts) for texts in self._known.all_texts()]

    def _made(self, at_least: float) -> list[bytes] | None:
        """The sketches of all items for this bound; None where any is not known."""
        made: list[bytes] = []
        for each in self._sketched:
            if each is None or each.at_least != at_least:
                return None
            made += each.sketches
        return made

    def _read_parts(self, places: Sequence[int]) -> list[tuple[str, ...]]:
        """The normalised parts of the items at some places."""
        new = [place for place in places if place not in self._parts]
        read = dict(zip(new, all_parts(self._read(new)), strict=True)) if new else {}
        return [read[place] if place in read else self._parts[place] for place in places]

    def _read(self, places: Sequence[int]) -> list[Item]:
        """The items at some places."""
        found: dict[int, Item] = {}
        ends = [*(start for start, _ in self._reads[1:]), len(self)]
        for (start, read), stop in zip(self._reads, ends, strict=True):
            if here := [place for place in places if start <= place < stop]:
                found.update(zip(here, read([place - start for place in here]), strict=True))
        return [found[place] for place in places]

    def _similarity(self, parts: tuple[str, ...], group: str) -> list[float]:
        """How like an item, normalised, each of the index is."""
        import numpy as np

        known = self._known
        if parts and known.texts and len(parts) != len(known.texts):
            raise ValueError(f"an item of {len(parts)} parts, in an index of items with {len(known.texts)}")
        alike: NDArray[np.float64] = np.ones(len(known))
        for text, searched, of in zip(parts, self._searched, known.of, strict=True):
            np.minimum(alike, searched.similarity(text)[of], out=alike)
        alike[~known.in_group(group)] = 0
        of_item = np.zeros(len(self))
        if any(parts):
            of_item[known.places] = alike
            for copy, first in known.copies.items():
                of_item[copy] = of_item[first]
        values: list[float] = of_item.tolist()
        return values


def _some(items: Sequence[Item], places: Sequence[int]) -> list[Item]:
    return [items[place] for place in places]
