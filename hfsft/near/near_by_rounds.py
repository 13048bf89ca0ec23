"""The pairs of rows that are nearly alike, by rounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.near.blocks import buckets_for
from hfsft.near.common_runs import common_templates, holding
from hfsft.near.exact_counts import ALIKE, alike_pairs
from hfsft.near.looked_at import KEY, TEXTS, looked_at
from hfsft.near.meeting import PAIRS, likely_pairs, read_items
from hfsft.near.order_numbers import ITEM, RANK, in_order
from hfsft.near.prepared import KNOWN
from hfsft.rows.features import arrow_schema
from hfsft.similarity.lexical import similar_pairs
from hfsft.similarity.lexical.packed import digests_of

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

FIRST = "first_number"  # of rows: the number of the preferred one that says the same
MOST = 1 << 27  # bytes of a bucket, about
ROW = 128  # bytes of a row with its rank and its key, about
ITEM_SAYS = 1 << 11  # bytes of an item's texts, its sketches and its keys, about


class NearPairs(NamedTuple):
    """What was found of rows.

    `rows` has for each its `NUMBER`, and in `FIRST` that of the preferred one with the same key, which is its own where
    it is that row. `pairs` are the `first` and `second` of two that are alike, by such numbers, the preferred in front,
    and their `similarity`.
    """

    rows: Scattered
    pairs: Scattered


def near_pairs(
    known: Scattered, said: Scattered, at_least: float, *, by_content: bool = False, most: int | None = None
) -> NearPairs:
    """The rows that are the same, and the pairs of others that are at least so alike.

    `known` are numbers, keys (see `hfsft.similarity`), and ranks, which are all different: preferred rows have the
    smaller ones. `said` are their sketches for this bound, and their parts, normalised. Whatever the ranks of rows,
    pairs hang on what they say alone under `by_content`. So many bytes, about, are looked at together at `most`.
    """
    most = most or MOST
    count = known.count()
    rows = known.grouped([KEY], Work(path_of(firsts)), {**KNOWN, FIRST: "int64"}).kept("rows that are the same")
    alone = rows.through(Work(path_of(first_alone), {"by_content": by_content}), KNOWN)
    numbered = in_order(alone, buckets_for(count * ROW, most), "different rows").kept("different rows")
    different = numbered.count()
    items = said.joined(numbered, [NUMBER])
    if different <= similar_pairs.FEW:
        found = _of_few(items.collected().sort_by(ITEM), at_least)  # at most 2,000
        pairs = rows.of(found, ALIKE)
    else:
        pairs = _of_many(items.kept("what they say"), different, at_least, most).kept("pairs that are alike")
    named = numbered.only([ITEM, NUMBER])
    for name in PAIRS:
        pairs = pairs.joined(named.only({name: ITEM, f"{name}_row": NUMBER}), [name])
    told = pairs.only({"first": "first_row", "second": "second_row", "similarity": "similarity"})
    return NearPairs(rows.only([NUMBER, FIRST]), told)


def _of_many(items: Scattered, different: int, at_least: float, most: int) -> Scattered:
    buckets = buckets_for(different * ITEM_SAYS, most)
    looks = looked_at(items, holding(items).kept("who holds which texts"), at_least, buckets)
    texts = items.only([ITEM, TEXTS]).joined(looks.items, [ITEM])
    templates = common_templates(texts, buckets)
    needs = [] if templates is None else [templates, looks.known]
    likely = likely_pairs(items, needs, at_least, buckets, buckets).kept("pairs that may be alike")
    # Where not all texts come to one place, each comes to where it is compared.
    compared = different if buckets == 1 else 2 * likely.count()
    return alike_pairs(items, likely, looks.items, needs[:1], at_least, buckets_for(compared * ITEM_SAYS, most))


def _of_few(table: pa.Table, at_least: float) -> pa.Table:
    """The pairs of so few items that all are compared."""
    found: Iterable[tuple[int, int, float]] = read_items(table).alike(at_least, ranked=True) if table.num_rows else ()
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    return pa.table([pa.array(each) for each in columns], schema=arrow_schema(ALIKE))


def firsts() -> Does:
    """What tells of rows with one key which is preferred."""

    def does(table: pa.Table) -> pa.Table:
        table = table.take(pc.sort_indices(table, [(KEY, "ascending"), (RANK, "ascending")]))
        first = starts(table, [KEY])
        sizes = np.diff(np.append(first, table.num_rows))
        return table.append_column(FIRST, pa.array(np.repeat(table[NUMBER].to_numpy()[first], sizes)))

    return does


def first_alone(by_content: bool) -> Does:
    """What leaves the preferred row of each key; `by_content` it is ranked by what it says."""

    def does(table: pa.Table) -> pa.Table:
        table = table.filter(pc.equal(table[NUMBER], table[FIRST])).select(list(KNOWN))
        if not by_content:
            return table
        ranks = content_ranks(table[KEY].to_pylist())
        return table.set_column(table.column_names.index(RANK), RANK, pa.array(ranks, pa.binary()))

    return does


def content_ranks(keys: list[bytes]) -> list[bytes]:
    """For each key what sorts as the digests of the parts do, and then those of groups."""
    if not keys:
        return []
    digests = [np.ascontiguousarray(each).view(np.uint8).reshape(len(keys), -1) for each in digests_of(keys)]
    return [row.tobytes() for row in np.concatenate(digests, axis=1)]
