"""Index: items under keys, and which of them are alike. All that looks for likeness asks one.

Who has an index can ask for the pairs in it (duplicates, families of a split), for the nearest of other items (is this
new, which documents belong to a question, does one set hold items of another) and how many each has (balance).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

Key = TypeVar("Key", int, str)
Items = TypeVar("Items", contravariant=True)


class Index(Protocol[Key, Items]):
    """Items under keys; in whatever order they are added, the same are alike, by a number from 0 to 1.

    Keys are whole numbers or texts, all of one kind and all different; `ValueError` where one comes twice. What is
    blank (a text without words, a vector of zeros) is like nothing.
    """

    @property
    def exact(self) -> bool:
        """Whether `pairs` finds every pair, with as many items as there are; `neighbours` misses none at any size."""

    def __len__(self) -> int:
        """How many items there are."""

    def add(self, keys: Sequence[Key], items: Items) -> None:
        """Put more items in."""

    def pairs(self, at_least: float) -> Iterator[tuple[Key, Key, float]]:
        """The pairs of items that are at least so alike, with their similarity; the one added first stands in front.

        Items that are the same are paired with the first of them alone.
        """

    def neighbours(self, items: Items, at_least: float = 0.0, most: int | None = None) -> list[list[tuple[Key, float]]]:
        """For each of `items`, which need not be in the index, those in it that are like it and at least so alike.

        The most alike come first, at most `most` of them; of those equally alike the one with the smaller key. An item
        that is itself in the index finds itself.
        """

    def table(self) -> pa.Table:
        """All that the index holds, as one table; the class's `of` makes the same index of it."""


def nearest(found: Iterable[tuple[Key, float]], most: int | None) -> list[tuple[Key, float]]:
    """At most `most` neighbours, the most alike first; of those equally alike the one with the smaller key."""
    return sorted(found, key=lambda each: (-each[1], each[0]))[:most]


def number(known: dict[Key, int], keys: Sequence[Key], count: int) -> None:
    """Give each key the next place. Raises `ValueError` for a key that is there, and for another number of items."""
    if len(keys) != count:
        raise ValueError(f"{len(keys)} keys for {count} items")
    for key in keys:
        if key in known:
            raise ValueError(f"the index has an item under {key!r} already")
        known[key] = len(known)
