"""How alike the items of pairs are, exactly, by rounds: their texts come to where the second of each is hashed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.near.blocks import bucket_of, in_groups, put_below
from hfsft.near.common_runs import templates_in
from hfsft.near.looked_at import KEY, LOOKS, TEXTS
from hfsft.near.meeting import PAIRS, parts_of_items, read_items
from hfsft.near.order_numbers import ITEM
from hfsft.rows.features import arrow_schema
from hfsft.similarity import mixed

if TYPE_CHECKING:
    from hfsft.engine.resources import Resource
    from hfsft.engine.spread.scattered import Does, Scattered

ALIKE = {**PAIRS, "similarity": "float64"}
WANTED = {ITEM: "int64", "bucket": "int64"}
GIVEN = {**WANTED, KEY: "binary", TEXTS: ["string"], LOOKS: "int64", **PAIRS}


def alike_pairs(
    items: Scattered,
    pairs: Scattered,
    looks: Scattered,
    templates: Sequence[Resource],
    at_least: float,
    buckets: int,
) -> Scattered:
    """Those of some pairs that are at least so alike; they are counted in so many buckets. `looks` says of which items
    any text is looked at.
    """
    said = {"buckets": buckets}
    wanted = pairs.through(Work(path_of(wanting), said), WANTED).distinct()
    texts = items.only([ITEM, KEY, TEXTS]).joined(wanted, [ITEM])
    texts = texts.joined(looks.only([ITEM, LOOKS]), [ITEM], "left")
    given = texts.through(Work(path_of(as_texts)), GIVEN).also(pairs.through(Work(path_of(as_pairs), said), GIVEN))
    return given.grouped(["bucket"], Work(path_of(comparing), {"at_least": at_least}), ALIKE, templates)


def _bucket(pairs: pa.Table, buckets: int) -> np.ndarray:
    return bucket_of(mixed(pairs["second"].to_numpy().astype(np.uint64)), buckets)


def wanting(buckets: int) -> Does:
    """What says which items are wanted in which bucket."""

    def does(table: pa.Table) -> pa.Table:
        bucket = _bucket(table, buckets)
        items = np.concatenate([table["first"].to_numpy(), table["second"].to_numpy()])
        return pa.table({ITEM: items, "bucket": np.concatenate([bucket, bucket])}).group_by(list(WANTED)).aggregate([])

    return does


def as_texts() -> Does:
    """Items as rows beside pairs."""
    return lambda table: put_below([table], arrow_schema(GIVEN))


def as_pairs(buckets: int) -> Does:
    """Pairs as rows beside items."""

    def does(table: pa.Table) -> pa.Table:
        return put_below([table.append_column("bucket", pa.array(_bucket(table, buckets)))], arrow_schema(GIVEN))

    return does


def comparing(*needs: Resource, at_least: float) -> Does:
    """What compares the pairs of a bucket, of which it has the texts."""

    def does(table: pa.Table) -> pa.Table:
        found = [arrow_schema(ALIKE).empty_table()]
        for _, rows in in_groups(table, ["bucket"]):
            there = rows[ITEM].is_valid()
            texts, pairs = rows.filter(there).sort_by(ITEM), rows.filter(pc.invert(there))
            ids, items = texts[ITEM].to_numpy(), read_items(texts)
            looks = pc.fill_null(texts[LOOKS], 0).to_numpy()
            some = [looks >> part & 1 == 1 for part in range(len(items.texts))]
            parts = parts_of_items(items, templates_in(needs, len(items.texts)), 0, some)
            first, second = (np.searchsorted(ids, pairs[name].to_numpy()) for name in PAIRS)
            order = np.lexsort((first, second))
            near = list(items.near(parts, first[order], second[order], at_least))
            if near:
                one, other, similarity = map(np.array, zip(*near, strict=True))
                found.append(pa.table({"first": ids[one], "second": ids[other], "similarity": similarity}))
        return pa.concat_tables(found)

    return does
