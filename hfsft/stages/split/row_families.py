"""Families of rows: what is so alike that it must stand on one side of the split."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial

from hfsft.hashing import digest
from hfsft.rows.batch import Batch
from hfsft.rows.views import OPTIONAL as VIEWED
from hfsft.rows.views import questions
from hfsft.similarity import LexicalIndex, families

READS = ("seed_id", "origin", "instruction")
OPTIONAL = (*VIEWED, "family_key")


def keys_of(batch: Batch) -> list[tuple[str, ...]]:
    """By what each row is known from build to build: a hash of what it asks, and the seed it grew from, if any; and
    where the recipe names its family, such as the thread that it is of, that.

    No key hangs on the answer, the topic or the system prompt, so that a row with any of them corrected is known again.
    Sides are remembered by these keys: change how they are made, and every recipe's memory is lost.
    """
    asked = [digest([_plain(each.said), _plain(each.context)], 16) for each in questions(batch)]
    named = batch.get("family_key") or [None] * len(asked)
    lineage = zip(batch["seed_id"], batch["origin"], asked, named, strict=True)
    return [
        (*(() if origin == "example" else (seed,)), key, *((family,) if family else ()))
        for seed, origin, key, family in lineage
    ]


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def naming(similarity: float) -> Callable[[Batch], Batch]:
    """What gives all rows the names of their families."""
    return partial(family_names, similarity=similarity)


def family_names(batch: Batch, similarity: float) -> Batch:
    """The `family` of each row, which is the smallest key of the rows in it."""
    keys = keys_of(batch)
    root = families(len(keys), _joined(batch, keys, similarity))
    name: dict[int, str] = {}
    for top, known in zip(root, keys, strict=True):
        name[top] = min(name.get(top, known[0]), *known)
    return {"family": [name[top] for top in root]}


def _joined(batch: Batch, keys: list[tuple[str, ...]], similarity: float) -> Iterator[tuple[int, int]]:
    """Pairs of rows that belong to one family."""
    first: dict[str, int] = {}
    for place, known in enumerate(keys):
        for key in known:
            if (earlier := first.setdefault(key, place)) != place:
                yield earlier, place
    index = LexicalIndex[int]()
    index.add(range(len(keys)), [(each.said, each.context) for each in questions(batch)])
    for one, other, _ in index.pairs(similarity):
        yield one, other
