"""Keys and sketches of items: made of each alone, kept beside it, and enough for an index to find what may be alike.

A key says which items are the same, a sketch how alike two may be. Neither depends on which other items there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from hfsft.section.late_module import LateModule
from hfsft.similarity.normalise import normalise

if TYPE_CHECKING:
    from hfsft.similarity.lexical import packed, similar_pairs
    from hfsft.similarity.lexical.similar_pairs import Item, Read
else:  # a recipe needs the names of the columns alone
    packed = LateModule("hfsft.similarity.lexical.packed")
    similar_pairs = LateModule("hfsft.similarity.lexical.similar_pairs")

SKETCH = {"likeness_key": "binary", "likeness_sketch": "binary"}
"""The columns of what `sketches_of` makes, from one step to the next."""
VERSION = 2
"""Raised where sketches, or what two texts have in common, change: both are kept from build to build."""
COUNTED = f"pairs of texts, {VERSION}"
"""What the table of counted pairs is called where it is kept."""


class Sketched(NamedTuple):
    """Items of which keys and sketches were made before; most of their texts are never looked at."""

    keys: Sequence[bytes]  # without groups
    sketches: Sequence[bytes]
    at_least: float  # the bound that the sketches are for
    read: Read  # the texts of some, by their places here


def keys_of(items: Sequence[Item | None], groups: Sequence[str] | None = None) -> list[bytes | None]:
    """A key for each item: two have one key where they are the same, once normalised; None for a blank one."""
    return keys_of_parts(_all_parts(items), groups)


def keys_of_parts(parts: Sequence[tuple[str, ...] | None], groups: Sequence[str] | None = None) -> list[bytes | None]:
    """The same of items of which the normalised parts are given."""
    ends = {group: packed.in_group(normalise(group)) for group in set(groups or ())}
    keys = [None if each is None else packed.key_of(each) for each in parts]
    if groups is None:
        return keys
    return [key and key[:-1] + ends[group] for key, group in zip(keys, groups, strict=True)]


def sketches_of(items: Sequence[Item | None], at_least: float) -> tuple[list[bytes | None], list[bytes | None]]:
    """The keys of items without groups, and their sketches, to find those at least so alike."""
    parts = _all_parts(items)
    keys = keys_of_parts(parts)
    there = [each if key else None for each, key in zip(parts, keys, strict=True)]
    return keys, packed.packed(there, at_least).each()


def _all_parts(items: Sequence[Item | None]) -> list[tuple[str, ...] | None]:
    there = iter(similar_pairs.all_parts([item for item in items if item is not None]))
    return [None if item is None else next(there) for item in items]


def grouped(keys: Sequence[bytes], groups: Sequence[str]) -> list[bytes]:
    """Keys of items without groups as those of items in groups."""
    known = {group: packed.in_group(normalise(group)) for group in set(groups)}
    return [key[:-1] + known[group] for key, group in zip(keys, groups, strict=True)]
