"""semantic_duplicate's search for rows that no process holds together: the same columns, by rounds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.engine.resources import Resource, Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.filters.duplicates.common import NAME, RANK
from hfsft.filters.duplicates.near_rounds import listed
from hfsft.filters.duplicates.what_differs import by_what_differs
from hfsft.near import KEY, VECTORS, NearPairs, near_vectors, without_copies
from hfsft.near import RANK as NEAR_RANK
from hfsft.rows.features import arrow_schema
from hfsft.similarity import normalise

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered

SAYS, TEXT = "says", "text"
MEANT = {**VECTORS, NAME: "string", SAYS: "binary", TEXT: "string"}
"""Rows with their vectors and texts, and what is the same of those that say the same, typed in another way."""
_PAIRS = {"first": "int64", "second": "int64", "similarity": "float64"}


def found_by_meaning(
    rows: Scattered, others: pa.Table, embedders: Sequence[Resource], floor: float, found: Mapping[str, Any]
) -> Scattered:
    """The columns `found` of a filter's search among `MEANT` rows and those of other sets.

    What differs between two is measured where there is an embedder.
    """
    if others.num_rows:  # in front of all rows: each of them is preferred
        rows = rows.also(rows.of(others, MEANT))
    rows = rows.kept("rows as they are known")
    same = without_copies(rows.only({NUMBER: NUMBER, KEY: SAYS, NEAR_RANK: NEAR_RANK}), "rows typed anew")
    near = near_vectors(rows.only(list(VECTORS)), floor, among=same.alone)
    pairs = near.pairs
    if embedders:
        texts = {side: rows.only({side: NUMBER, f"{side}_{TEXT}": TEXT}) for side in ("first", "second")}
        beside = pairs.joined(texts["first"], ["first"]).joined(texts["second"], ["second"])
        pairs = beside.through(Work(path_of(differing), {"floor": floor}), _PAIRS, embedders)
    firsts = same.copies.also(near.rows)
    return listed(rows, NearPairs(firsts, pairs.kept("pairs that mean the same")), found)


def meant_rows(ranked: pa.Table, texts: Sequence[str], systems: Sequence[str], vectors: Sequence[Any]) -> pa.Table:
    """Ranked rows as they are searched, behind those of other sets."""
    named = {system: normalise(system) for system in set(systems)}
    return _meant(
        ranked[NUMBER].to_pylist(),
        [b"\1" + rank for rank in ranked[RANK].to_pylist()],
        [named[system] for system in systems],
        vectors,
        ranked[NAME].to_pylist(),
        [_digest(normalise(text), named[system]) for text, system in zip(texts, systems, strict=True)],
        texts,
    )


def others_meant(others: Sequence[tuple[int, str, str, str, Any]]) -> pa.Table:
    """The same of rows of other sets: place, name, system prompt, text and vector of each."""
    places, names, systems, texts, vectors = zip(*others, strict=True) if others else ((), (), (), (), ())
    ranks = [b"\0" + place.to_bytes(8, "big") for place in places]  # those of rows begin with a 1
    apart = [b"\0" + place.to_bytes(8, "big") for place in places]  # typed in another way they are other rows
    return _meant([-1 - place for place in places], ranks, list(map(normalise, systems)), vectors, names, apart, texts)


def _meant(
    numbers: Sequence[int],
    ranks: Sequence[bytes],
    systems: Sequence[str],
    vectors: Sequence[Any],
    names: Sequence[str],
    says: Sequence[bytes],
    texts: Sequence[str],
) -> pa.Table:
    groups = list(map(_digest, systems))
    said = [np.asarray(vector, np.float32).tobytes() for vector in vectors]
    columns, schema = [numbers, ranks, groups, said, names, says, texts], arrow_schema(MEANT)
    return pa.table([pa.array(list(each), field.type) for each, field in zip(columns, schema, strict=True)], schema)


def _digest(*said: str) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for each in said:
        data = each.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big") + data)
    return found.digest()


def differing(embedder: Resource, floor: float) -> Callable[[pa.Table], pa.Table]:
    """The work that measures pairs by what differs in them, and leaves those that are then at least so alike."""

    def does(table: pa.Table) -> pa.Table:
        columns = (
            table[name].to_pylist() for name in ("first", "second", "similarity", f"first_{TEXT}", f"second_{TEXT}")
        )
        pairs, texts = [], dict[int, str]()
        for first, second, similarity, one, other in zip(*columns, strict=True):
            pairs.append((first, second, similarity))
            texts |= {first: one, second: other}
        found = list(zip(*by_what_differs(pairs, texts, embedder.load(), floor), strict=True)) or [(), (), ()]
        return pa.table([pa.array(each) for each in found], schema=arrow_schema(_PAIRS))

    return does
