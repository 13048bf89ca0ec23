"""The index of texts of which the keys and the sketches were made before: most of the texts are never looked at.

Both follow from what an item says alone, so that they can be kept beside it, whatever other items there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic

from hfsft.similarity.index import Key
from hfsft.similarity.lexical import packed
from hfsft.similarity.lexical.measure import CountedPairs
from hfsft.similarity.lexical.similar_pairs import Items, parts_of
from hfsft.similarity.normalise import normalise

if TYPE_CHECKING:
    import pyarrow as pa

Texts = tuple[str, ...]
Read = Callable[[Sequence[int]], Sequence[Texts]]
SKETCH = {"likeness_key": "binary", "likeness_sketch": "binary"}
"""The columns of what `sketches_of` makes, from one step to the next."""
VERSION = 1
"""Raised where sketches, or what two texts have in common, change: both are kept from build to build."""
COUNTED = f"pairs of texts, {VERSION}"
"""What the table of counted pairs is called where it is kept."""


def keys_of(items: Sequence[Texts | None], groups: Sequence[str] | None = None) -> list[bytes | None]:
    """A key for each item: two have one key where they are the same, once normalised; None for a blank one."""
    known: dict[str, str] = {}
    named = [known.get(group) or known.setdefault(group, normalise(group)) for group in groups or [""] * len(items)]
    return [
        None if item is None else packed.key_of(parts_of(item), group) for item, group in zip(items, named, strict=True)
    ]


def sketches_of(items: Sequence[Texts | None], at_least: float) -> tuple[list[bytes | None], list[bytes | None]]:
    """The keys of items without groups, and their sketches, to find those at least so alike."""
    parts = [None if item is None else parts_of(item) for item in items]
    keys = [None if each is None else packed.key_of(each) for each in parts]
    return keys, packed.packed([each if key else None for each, key in zip(parts, keys, strict=True)], at_least)


def grouped(keys: Sequence[bytes], groups: Sequence[str]) -> list[bytes]:
    """Keys of items without groups as those of items in groups."""
    known = {group: packed.in_group(normalise(group)) for group in set(groups)}
    return [key[:-1] + known[group] for key, group in zip(keys, groups, strict=True)]


class SketchedIndex(Generic[Key]):
    """Items under keys, of which `digests` say which are the same. `read` gives the texts of some, by their places.

    `sketches` are those for the bound that pairs are asked for, `counted` what is known of pairs; it finds what
    `LexicalIndex` finds without them.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        digests: Sequence[bytes],
        read: Read,
        sketches: Sequence[bytes] | None = None,
        counted: pa.Table | None = None,
    ) -> None:
        self._keys: Sequence[Key] = keys
        self._sketches = sketches
        self._items, self._counted = Items(digests, read), CountedPairs(counted)

    def copies(self) -> dict[Key, Key]:
        """The items that are the same as an earlier one, each with the first such item."""
        return {self._keys[copy]: self._keys[first] for copy, first in self._items.copies.items()}

    def pairs(self, at_least: float, *, ranked: bool = False) -> Iterator[tuple[Key, Key, float]]:
        """The pairs at least so alike, but for copies; which are preferred of very many, `LexicalIndex.pairs` says."""
        found = self._items.alike(at_least, ranked=ranked, made=self._sketches, counted=self._counted)
        for one, other, similarity in found:
            yield self._keys[one], self._keys[other], similarity

    def counted(self) -> pa.Table:
        """What was counted for these pairs that was not known."""
        return self._counted.table()
