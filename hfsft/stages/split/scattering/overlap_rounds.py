"""Which held-out row says most of what a row says that is trained on, by rounds: the very shares of `Overlap`.

Runs of words meet where they are hashed to; those that tell where a row comes from go to where the held-out row is,
which picks some; the rows that have these come back to it. This process holds nothing of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.near import RANK
from hfsft.near.blocks import BLOCK, blocks, bucket_of, buckets_for, in_groups, put_below, unblocked
from hfsft.near.exact_counts import wanting
from hfsft.near.order_numbers import ITEM, in_order
from hfsft.rows.columns import OF, SIDES
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.views import OPTIONAL, READS
from hfsft.similarity import mixed
from hfsft.stages.split import word_runs
from hfsft.stages.split.word_runs import (
    OVERLAP,
    PARTS,
    first_of_each,
    most_said,
    paired,
    parts_of,
    runs_of,
    suggested,
)

if TYPE_CHECKING:
    from hfsft.engine.adding import Numbers
    from hfsft.engine.spread.scattered import Does, Scattered

TEXTS = "texts"
MOST = 1 << 27  # bytes of a bucket, about
OF_CHARACTER, OF_ROW = 8, 128  # bytes: of runs for each character, and of a row with its id
CODES = PARTS * len(SIDES)  # a number for each part of a row of each side
TRAINED, HELD = range(2)  # entries: runs of rows that models see, and of those that are held out
TELLING, HAVE, LOOKED_UP = range(2, 5)  # runs of parts, rows that have runs, how many runs of parts are looked up
SAID = {NUMBER: "int64", "id": "string", RANK: "binary", "side": "int64", TEXTS: ["string"]}
ENTRIES = {"bucket": "int64", "kind": "int64", "runs": BLOCK, "codes": BLOCK}
SHARED = {**ENTRIES, "counts": BLOCK}
PAIRS = {"first": "int64", "second": "int64"}  # the row that models see more of, and the held-out one
GIVEN = {ITEM: "int64", "bucket": "int64", TEXTS: ["string"], **PAIRS}
FOUND = {ITEM: "int64", "other": "int64", OVERLAP: "float64"}
WRITES = {NUMBER: "int64", OVERLAP: "float64", f"{OVERLAP}{OF}": "string"}


def overlaps(rows: Scattered, most: int = MOST) -> Scattered:
    """`NUMBER` and what `Overlap` writes, of the rows that are held out. So many bytes are looked at together."""
    asked = [name for name in rows.kinds if name in {NUMBER, "id", "split", *READS, *OPTIONAL}]
    said = rows.only(asked).through(Work(path_of(saying)), SAID).kept("what rows ask")
    told = said.only(["side", TEXTS]).through(Work(path_of(measuring)), {"side": "int64", "bytes": "int64"})
    sizes = told.collected()  # a row for some thousands
    sides = sizes["side"].unique().to_pylist()
    top, size = max(sides, default=0), pc.sum(sizes["bytes"]).as_py() or 0
    items = in_order(said, buckets_for(size, most), "rows by their ids").kept("rows by their ids")
    held = items.only([ITEM, NUMBER, "side"]).through(Work(path_of(held_out)), {ITEM: "int64", NUMBER: "int64"})
    if not top or min(sides) == top:
        return held.through(Work(path_of(put_to)), WRITES)
    buckets = {"buckets": buckets_for(size, most)}
    entries = items.only([ITEM, "side", TEXTS]).through(Work(path_of(entered), {"top": top, **buckets}), ENTRIES)
    met = entries.grouped(["bucket"], Work(path_of(meeting), buckets), ENTRIES).kept("runs of both sides")
    mine = met.through(Work(path_of(of_kinds), {"kinds": [TELLING]}), ENTRIES)
    looked = mine.grouped(["bucket"], Work(path_of(choosing), buckets), ENTRIES).kept("runs that are looked up")
    having = met.through(Work(path_of(of_kinds), {"kinds": [HAVE]}), ENTRIES)
    wanted = looked.through(Work(path_of(of_kinds), {"kinds": [TELLING]}), ENTRIES)
    shared = having.also(wanted).grouped(["bucket"], Work(path_of(sharing), buckets), SHARED)
    numbers = looked.through(Work(path_of(of_kinds), {"kinds": [LOOKED_UP]}), ENTRIES)
    numbers = numbers.through(Work(path_of(beside_shared)), SHARED)
    pairs = shared.also(numbers).grouped(["bucket"], Work(path_of(suggesting)), PAIRS).kept("rows that may say most")
    best = _counted(items, pairs, buckets["buckets"]).kept("rows that say most")
    best = best.joined(items.only({"other": ITEM, f"{OVERLAP}{OF}": "id"}), ["other"])
    best = best.only([ITEM, OVERLAP, f"{OVERLAP}{OF}"])
    return held.joined(best, [ITEM], "left").through(Work(path_of(put_to)), WRITES)


def _counted(items: Scattered, pairs: Scattered, buckets: int) -> Scattered:
    """The row that says most of each held-out one, of those beside it, counted to the end."""
    said = {"buckets": buckets}
    wanted = pairs.through(Work(path_of(wanting), said), {ITEM: "int64", "bucket": "int64"}).distinct()
    texts = items.only([ITEM, TEXTS]).joined(wanted, [ITEM]).through(Work(path_of(beside_pairs)), GIVEN)
    given = texts.also(pairs.through(Work(path_of(in_buckets), said), GIVEN))
    return given.grouped(["bucket"], Work(path_of(counting)), FOUND)


def saying() -> Does:
    """What tells of rows what they ask, on which side they are, and by what they are ordered."""

    def does(table: pa.Table) -> pa.Table:
        names = [name for name in table.column_names if name in (*READS, *OPTIONAL)]
        parts = parts_of({name: values_of(table[name]) for name in names})
        texts = [parts[start : start + PARTS] for start in range(0, len(parts), PARTS)]
        sides = [SIDES.index(side) for side in table["split"].to_pylist()]
        columns = [table[NUMBER], table["id"], table["id"].cast(pa.binary()), sides, texts]
        return pa.table(columns, schema=arrow_schema(SAID))

    return does


def measuring() -> Does:
    """What tells for each side how many bytes its rows take, about."""

    def does(table: pa.Table) -> pa.Table:
        texts = table[TEXTS].combine_chunks()
        sizes = pc.binary_length(pc.list_flatten(texts)).to_numpy().reshape(-1, PARTS).sum(axis=1)
        sized = pa.table({"side": table["side"], "bytes": sizes.astype(np.int64) * OF_CHARACTER + OF_ROW})
        return sized.group_by("side").aggregate([("bytes", "sum")]).rename_columns(["side", "bytes"])

    return does


def held_out() -> Does:
    """What leaves the rows that are held out."""
    return lambda table: table.filter(pc.greater(table["side"], 0)).drop_columns(["side"])


def of_kinds(kinds: Sequence[int]) -> Does:
    """What leaves entries of some kinds."""
    return lambda table: table.filter(pc.is_in(table["kind"], pa.array(kinds)))


def put_to() -> Does:
    """Held-out rows with what they have in common, which is nothing where nothing was found."""

    def does(table: pa.Table) -> pa.Table:
        if OVERLAP not in table.column_names:
            table = put_below([table.select([NUMBER])], arrow_schema(WRITES))
        share = pc.fill_null(table[OVERLAP], 0.0)
        return pa.table([table[NUMBER], share, table[f"{OVERLAP}{OF}"]], schema=arrow_schema(WRITES))

    return does


def _flat(table: pa.Table) -> list[str]:
    texts: list[str] = pc.list_flatten(table[TEXTS].combine_chunks()).to_pylist()
    return texts


def _block(kind: int, bucket: Numbers, runs: np.ndarray, codes: Numbers) -> pa.Table:
    made = blocks({"bucket": bucket}, {"runs": runs.astype(np.uint64), "codes": codes.astype(np.int64)})
    return made.append_column("kind", pa.array(np.full(made.num_rows, kind)))


def _of_kind(table: pa.Table, kind: int) -> tuple[np.ndarray, Numbers]:
    some = table.filter(pc.equal(table["kind"], kind))
    return unblocked(some, "runs", "<u8"), unblocked(some, "codes", "<i8")


def _at(codes: Numbers, buckets: int) -> Numbers:
    """The bucket of the held-out rows that codes are of."""
    return bucket_of(mixed((codes // CODES).astype(np.uint64)), buckets)


def entered(buckets: int, top: int) -> Does:
    """What puts the runs of rows in buckets, with a code for each part of a row.

    Of a run that too many rows have here to tell anything, a few more than that are told.
    """

    def does(table: pa.Table) -> pa.Table:
        part, run = runs_of(_flat(table))
        side = table["side"].to_numpy()[part // PARTS]
        code = table[ITEM].to_numpy()[part // PARTS] * CODES + side * PARTS + part % PARTS
        held, seen = side > 0, np.flatnonzero(side < top)
        seen = seen[np.argsort(run[seen], kind="stable")]
        seen = seen[np.arange(len(seen)) - np.searchsorted(run[seen], run[seen]) <= word_runs.COMMON]
        found = [
            _block(TRAINED, bucket_of(run[seen], buckets), run[seen], code[seen]),
            _block(HELD, bucket_of(run[held], buckets), run[held], code[held]),
        ]
        return put_below(found, arrow_schema(ENTRIES))

    return does


def meeting(buckets: int) -> Does:
    """What leaves the runs of held-out rows that rows models see have too, but not too many of them: to where each
    held-out row is, no more of a part than are looked up; and here, with the rows that have them.
    """

    def does(table: pa.Table) -> pa.Table:
        found = []
        for (bucket,), rows in in_groups(table, ["bucket"]):
            run, code = _of_kind(rows, HELD)
            theirs, have = _of_kind(rows, TRAINED)
            known = np.unique(run)
            at = known.searchsorted(theirs).clip(max=max(len(known) - 1, 0))
            same = known[at] == theirs if len(known) else np.zeros(len(theirs), bool)
            often = np.bincount(at[same], minlength=len(known))
            telling = (often > 0) & (often <= word_runs.COMMON)
            mine = telling[known.searchsorted(run)]
            run, code = run[mine], code[mine]
            order = np.lexsort((run, code))
            order = order[first_of_each(code[order])]
            found.append(_block(TELLING, _at(code[order], buckets), run[order], code[order]))
            there = np.flatnonzero(same)
            there = there[telling[at[there]]]
            found.append(_block(HAVE, np.full(len(there), bucket), theirs[there], have[there]))
        return put_below(found, arrow_schema(ENTRIES))

    return does


def choosing(buckets: int) -> Does:
    """What picks the runs of held-out rows by which others are found: to where the runs are, and how many, here."""

    def does(table: pa.Table) -> pa.Table:
        found = []
        for (bucket,), rows in in_groups(table, ["bucket"]):
            run, code = _of_kind(rows, TELLING)
            order = np.lexsort((run, code))
            order = order[first_of_each(code[order])]
            run, code = run[order], code[order]
            found.append(_block(TELLING, bucket_of(run, buckets), run, code))
            parts, count = np.unique(code, return_counts=True)
            found.append(_block(LOOKED_UP, np.full(len(parts), bucket), count, parts))
        return put_below(found, arrow_schema(ENTRIES))

    return does


def sharing(buckets: int) -> Does:
    """What tells how many of the runs that are looked up here each row has of which models see more."""

    def does(table: pa.Table) -> pa.Table:
        found = []
        for _, rows in in_groups(table, ["bucket"]):
            theirs, have = _of_kind(rows, HAVE)
            order = np.argsort(theirs, kind="stable")
            theirs, have = theirs[order], have[order]
            run, code = _of_kind(rows, TELLING)
            first = theirs.searchsorted(run)
            own, other = paired(code, first, theirs.searchsorted(run, side="right") - first, have)
            seen = other % CODES // PARTS < own % CODES // PARTS
            own, other = own[seen], other[seen] // CODES
            order = np.lexsort((other, own))
            own, other = own[order], other[order]
            new = np.flatnonzero(np.append(True, (own[1:] != own[:-1]) | (other[1:] != other[:-1]))[: len(own)])
            counts = np.diff(np.append(new, len(own)))
            values = {"codes": own[new], "runs": other[new].astype(np.uint64), "counts": counts.astype(np.int64)}
            made = blocks({"bucket": _at(own[new], buckets)}, values)
            found.append(made.append_column("kind", pa.array(np.full(made.num_rows, HAVE))))
        return put_below(found, arrow_schema(SHARED))

    return does


def beside_shared() -> Does:
    """How many runs of parts are looked up, beside what rows share of them."""
    return lambda table: put_below([table], arrow_schema(SHARED))


def suggesting() -> Does:
    """What picks for each held-out row those that may say most of it."""

    def does(table: pa.Table) -> pa.Table:
        found = [arrow_schema(PAIRS).empty_table()]
        for _, rows in in_groups(table, ["bucket"]):
            count, parts = _of_kind(rows, LOOKED_UP)
            other, code = _of_kind(rows, HAVE)
            some = rows.filter(pc.equal(rows["kind"], HAVE))
            shared = unblocked(some, "counts", "<i8")
            items, at = np.unique(parts // CODES, return_inverse=True)
            looked_up = np.zeros(len(items) * PARTS, np.int64)
            looked_up[at * PARTS + parts % PARTS] = count
            part = np.searchsorted(items, code // CODES) * PARTS + code % PARTS
            which, others = suggested(part, other.astype(np.int64), shared, looked_up)
            found.append(pa.table([others, items[which]], schema=arrow_schema(PAIRS)))
        return pa.concat_tables(found)

    return does


def beside_pairs() -> Does:
    """Texts of rows, beside pairs of them."""
    return lambda table: put_below([table], arrow_schema(GIVEN))


def in_buckets(buckets: int) -> Does:
    """Pairs beside texts of rows, where those come to."""

    def does(table: pa.Table) -> pa.Table:
        bucket = bucket_of(mixed(table["second"].to_numpy().astype(np.uint64)), buckets)
        return put_below([table.append_column("bucket", pa.array(bucket))], arrow_schema(GIVEN))

    return does


def counting() -> Does:
    """What counts the runs of pairs, of whose rows it has the texts, and leaves the best of each held-out row."""

    def does(table: pa.Table) -> pa.Table:
        found = [arrow_schema(FOUND).empty_table()]
        for _, rows in in_groups(table, ["bucket"]):
            there = rows[ITEM].is_valid()
            texts, pairs = rows.filter(there).sort_by(ITEM), rows.filter(pc.invert(there))
            items, runs = texts[ITEM].to_numpy(), runs_of(_flat(texts))
            first, second = (np.searchsorted(items, pairs[name].to_numpy()) for name in PAIRS)
            best = most_said(second, first, runs, runs)
            mine, others = items[list(best)], items[[each.other for each in best.values()]]
            shares = [each.share for each in best.values()]
            found.append(pa.table([mine, others, shares], schema=arrow_schema(FOUND)))
        return pa.concat_tables(found)

    return does
