"""What is template in many texts, by rounds: runs are counted where they are hashed to, the common ones told to all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.near.blocks import BLOCK, blocks, bucket_of, in_groups, put_below, unblocked
from hfsft.near.looked_at import HOLDS, KEY, LOOKS, TEXTS
from hfsft.near.order_numbers import ITEM
from hfsft.rows.features import arrow_schema
from hfsft.similarity.lexical.counts import LEAST, once
from hfsft.similarity.lexical.packed import digests_of
from hfsft.similarity.lexical.shingles import Chunks
from hfsft.similarity.lexical.slots import Slots, words_around
from hfsft.similarity.lexical.templates import Templates, is_template, numbers_in, words_in

if TYPE_CHECKING:
    from hfsft.engine.resources import Resource
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.similarity.lexical.counts import Counts
    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.templates import CountedRuns

KINDS = (words_in, numbers_in, words_around)  # of runs that are counted
ARRAYS = {"runs": "<u8", "counts": "<i8", "numbered": "<u8", "sums": "<i8", "around": "<u8", "totals": "<i8"}
ARRAYS |= {"next": "<i8", "last": "<i8"}  # what templates are made of, see `Templates.as_arrays`
COUNTED = {"part": "int64", "kind": "int64", "bucket": "int64", "runs": BLOCK, "counts": BLOCK}
BESIDE = ("next", "last", "ends", "begins")
SLOTS = {"part": "int64", "bucket": "int64", "at": BLOCK, **dict.fromkeys(BESIDE, BLOCK)}
STRETCH = 1 << 20  # common runs of a bucket


def holding(items: Scattered) -> Scattered:
    """For each item that is the first with a text of some part: `ITEM`, and `HOLDS`, the sum of 1 << part."""
    digests = items.only([ITEM, KEY]).through(Work(path_of(telling)), {"text": "binary", "bit": "int64", ITEM: "int64"})
    first = digests.told(["text", "bit"], {ITEM: ("min", ITEM)})
    return first.told([ITEM], {HOLDS: ("sum", "bit")})


def telling() -> Does:
    """What tells the texts of each item by their digests, those that are blank apart."""

    def does(table: pa.Table) -> pa.Table:
        *parts, _ = digests_of(table[KEY].to_pylist()) if table.num_rows else [np.zeros(0, "S1")]
        items, found = table[ITEM].to_numpy(), [_texts_of(np.zeros(0, "S12"), 0, np.zeros(0, np.int64))]
        for part, digests in enumerate(parts):
            there = digests != b""
            found.append(_texts_of(digests[there], part, items[there]))
        return pa.concat_tables(found)

    return does


def _texts_of(digests: Any, part: int, items: Places) -> pa.Table:
    bits = np.full(len(items), 1 << part, np.int64)
    return pa.table({"text": pa.array(digests.tolist(), pa.binary()), "bit": bits, ITEM: items})


def common_templates(texts: Scattered, buckets: int) -> Resource | None:
    """What is template in texts that are looked at, for `templates_in`; None where nothing is."""
    texts = texts.only([TEXTS, HOLDS, LOOKS])
    counting = texts.through(Work(path_of(counted), {"buckets": buckets}), COUNTED)
    summed = counting.grouped(["part", "kind", "bucket"], Work(path_of(summing)), COUNTED).kept("common runs")
    # What four texts or more have in common: all processes need it.
    found = summed.collected().sort_by([("part", "ascending"), ("kind", "ascending")])
    made: dict[int, Templates] = {}
    for (part,), rows in in_groups(found, ["part"]):
        kinds = {kind: _by_run(each) for (kind,), each in in_groups(rows, ["kind"])}
        none = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        words, numbered, around = (kinds.get(kind, none) for kind in range(len(KINDS)))
        if is_template(words):
            made[part] = Templates.counted(words, numbered, around)
    if not made:
        return None
    known = texts.shared("runs that are template", _told(made))
    looking = texts.through(Work(path_of(looked)), SLOTS, [known])
    settled = looking.grouped(["part", "bucket"], Work(path_of(settling)), SLOTS).kept("slots")
    for (part,), rows in in_groups(settled.collected().sort_by("part"), ["part"]):  # a number for each common run
        slots, at = made[part].slots, unblocked(rows, "at", "<i8")
        for name in BESIDE:
            getattr(slots, name)[at] = unblocked(rows, name, "<i8")
    for each in made.values():
        each.slots.settle()
    return texts.shared("templates", _told(made))


def _by_run(counts: pa.Table) -> CountedRuns:
    runs = unblocked(counts, "runs", "<u8")
    order = np.argsort(runs)
    return runs[order], unblocked(counts, "counts", "<i8")[order]


def _told(made: Mapping[int, Templates]) -> pa.Table:
    columns = {"part": pa.array(list(made), pa.int64())}
    for name, each in zip(ARRAYS, zip(*(known.as_arrays() for known in made.values()), strict=True), strict=True):
        columns[name] = pa.array([values.tobytes() for values in each], pa.large_binary())
    return pa.table(columns)


def templates_in(needs: Sequence[Resource], parts: int) -> list[Templates]:
    """For each of so many parts what is template, of the resource that `common_templates` makes."""
    (told,) = [need.load() for need in needs] or [pa.table({"part": pa.array([], pa.int64())})]
    found = [Templates(Chunks([])) for _ in range(parts)]
    for place, part in enumerate(told["part"].to_pylist()):
        row = told.slice(place, 1)
        found[part] = Templates.of_arrays([unblocked(row, name, kind) for name, kind in ARRAYS.items()])
    return found


def _looked_at(table: pa.Table) -> list[Chunks]:
    """For each part the texts that items hold and that are looked at."""
    texts, looks = table[TEXTS].to_pylist(), pc.bit_wise_and(table[LOOKS], pc.fill_null(table[HOLDS], 0)).to_pylist()
    parts = len(texts[0]) if texts else 0
    return [
        Chunks([each[part] for each, bits in zip(texts, looks, strict=True) if bits >> part & 1])
        for part in range(parts)
    ]


def counted(buckets: int) -> Does:
    """What counts the runs of some texts, by part and kind."""

    def does(table: pa.Table) -> pa.Table:
        found = []
        for part, texts in enumerate(_looked_at(table)):
            waiting: list[list[Hashes]] = [[np.zeros(0, np.uint64)] for _ in KINDS]
            for _, chunk in texts:
                for kind, runs in enumerate(KINDS):
                    waiting[kind].append(once(*runs(chunk)))
            for kind, each in enumerate(waiting):
                known, times = np.unique(np.concatenate(each), return_counts=True)
                found.append(_counts_of(part, kind, bucket_of(known, buckets), known, times))
        return put_below(found, arrow_schema(COUNTED))

    return does


def _counts_of(part: int, kind: int, bucket: Places, runs: Hashes, counts: Counts) -> pa.Table:
    by = {"part": np.full(len(runs), part), "kind": np.full(len(runs), kind), "bucket": bucket}
    return blocks(by, {"runs": runs, "counts": counts})


def summing() -> Does:
    """What sums these counts, and leaves the runs that enough texts have, in their order."""

    def does(table: pa.Table) -> pa.Table:
        found = []
        for (part, kind, bucket), rows in in_groups(table, ["part", "kind", "bucket"]):
            known, at = np.unique(unblocked(rows, "runs", "<u8"), return_inverse=True)
            sums = np.zeros(len(known), np.int64)
            np.add.at(sums, at, unblocked(rows, "counts", "<i8"))
            often = sums >= LEAST
            found.append(_counts_of(part, kind, np.full(int(often.sum()), bucket), known[often], sums[often]))
        return put_below(found, arrow_schema(COUNTED))

    return does


def looked(known: Resource) -> Does:
    """What tells of some texts what stands beside their common runs."""

    def does(table: pa.Table) -> pa.Table:
        parts = _looked_at(table)
        found = [_beside(0, np.zeros(0, np.int64), [np.zeros(0, np.int64)] * len(BESIDE))]
        for part, (texts, templates) in enumerate(zip(parts, templates_in([known], len(parts)), strict=True)):
            slots = Slots((templates.slots.around, templates.slots.totals))
            for _, chunk in texts:
                slots.look(chunk, templates.runs, templates.counts)
            told = [getattr(slots, name) for name in BESIDE]
            at = np.flatnonzero(np.any(told, axis=0))
            found.append(_beside(part, at, [each[at] for each in told]))
        return pa.concat_tables(found)

    return does


def _beside(part: int, at: Places, values: Sequence[Any]) -> pa.Table:
    by = {"part": np.full(len(at), part), "bucket": at // STRETCH}
    return blocks(by, {"at": at.astype(np.int64), **dict(zip(BESIDE, values, strict=True))})


def settling() -> Does:
    """What puts together what was told of each common run: how often words at the ends of texts stand there, and of
    other words the most.
    """

    def does(table: pa.Table) -> pa.Table:
        found = [_beside(0, np.zeros(0, np.int64), [np.zeros(0, np.int64)] * len(BESIDE))]
        for (part, _), rows in in_groups(table, ["part", "bucket"]):
            known, where = np.unique(unblocked(rows, "at", "<i8"), return_inverse=True)
            made = []
            for name in BESIDE:
                values = np.zeros(len(known), np.int64)
                together = np.maximum if name in ("next", "last") else np.add
                together.at(values, where, unblocked(rows, name, "<i8"))
                made.append(values)
            found.append(_beside(part, known, made))
        return pa.concat_tables(found)

    return does
