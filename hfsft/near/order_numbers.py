"""Numbers from 0 on for rows in the order of what they are ranked by, which no process sorts alone."""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.near.blocks import buckets_for, in_groups
from hfsft.similarity import mixed

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

RANK, ITEM = "rank", "item"
SAMPLES = 64  # of each bucket at a time, from which its borders are drawn: none is much larger than the others
MOST_ROWS = 1 << 20  # of a bucket, about


def numbered(rows: Scattered, name: str) -> Scattered:
    """What `in_order` gives, of rows with few columns, in as many buckets as they fill; they are kept first."""
    ranked = rows.kept(f"{name} with ranks")
    return in_order(ranked, buckets_for(ranked.count(), MOST_ROWS), name)


def in_order(rows: Scattered, buckets: int, name: str) -> Scattered:
    """These rows with `ITEM`, their number in the order of `RANK` (bytes, all different), in the place of it.

    They have a `NUMBER`. They are sorted in so many buckets; of these alone this process knows how large they are.
    """
    kinds = {each: kind for each, kind in rows.kinds.items() if each != RANK}
    borders: list[bytes] = []
    if buckets > 1:
        # Of so many rows about as many as there are samples to a bucket, in whatever order they lie.
        share = min(1.0, SAMPLES * buckets / max(rows.count(), 1))
        work = Work(path_of(sampling), {"share": share})
        drawn = rows.only([RANK, NUMBER]).through(work, {RANK: "binary"}).collected()  # a bounded number
        ranks = sorted(drawn[RANK].to_pylist())
        borders = [ranks[len(ranks) * each // buckets] for each in range(1, buckets)] if ranks else []
    told = [base64.b64encode(border).decode() for border in borders]
    sorting = Work(path_of(putting), {"borders": told})
    placed = rows.through(sorting, {**rows.kinds, "bucket": "int64"})
    placed = placed.grouped(["bucket"], Work(path_of(numbering)), {**kinds, "bucket": "int64", ITEM: "int64"})
    placed = placed.kept(f"{name} in buckets")
    sizes = dict.fromkeys(range(buckets), 0)  # a row a bucket
    counted = placed.told(["bucket"], {"rows": ("count", ITEM)}).collected()
    sizes.update(zip(counted["bucket"].to_pylist(), counted["rows"].to_pylist(), strict=True))
    before = [0, *accumulate(sizes[each] for each in range(buckets))]
    adding = Work(path_of(shifting), {"before": before})
    return placed.through(adding, {**kinds, ITEM: "int64"})


def sampling(share: float) -> Does:
    """What draws the ranks of a share of the rows."""

    def does(table: pa.Table) -> pa.Table:
        hashes = mixed(table[NUMBER].to_numpy().astype(np.int64).view(np.uint64))
        some = hashes.astype(np.float64) < share * 2.0**64
        return pc.filter(table.select([RANK]), pa.array(some))

    return does


def putting(borders: Sequence[str]) -> Does:
    """What puts rows in buckets between borders."""
    known = [base64.b64decode(border) for border in borders]

    def does(table: pa.Table) -> pa.Table:
        bucket = [bisect_right(known, rank) for rank in table[RANK].to_pylist()] if known else [0] * table.num_rows
        return table.append_column("bucket", pa.array(bucket, pa.int64()))

    return does


def numbering() -> Does:
    """What numbers the rows of a bucket in their order."""

    def does(table: pa.Table) -> pa.Table:
        order = pc.sort_indices(table, [("bucket", "ascending"), (RANK, "ascending")])
        table = table.take(order).drop_columns([RANK])
        number = [np.arange(len(rows)) for _, rows in in_groups(table, ["bucket"])]
        return table.append_column(ITEM, pa.array(np.concatenate([np.zeros(0, np.int64), *number])))

    return does


def shifting(before: Sequence[int]) -> Callable[[pa.Table], pa.Table]:
    """What adds to each number how many rows lie in the buckets before."""
    known = np.array(before, np.int64)

    def does(table: pa.Table) -> pa.Table:
        items = table[ITEM].to_numpy() + known[table["bucket"].to_numpy()]
        return table.drop_columns(["bucket", ITEM]).append_column(ITEM, pa.array(items))

    return does
