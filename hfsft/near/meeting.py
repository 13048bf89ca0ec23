"""Which items may be alike, by rounds: those that share a band meet where its key is hashed to, with their sketches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.near.blocks import BLOCK, blocks, bucket_of, in_groups, places_in, put_below, unblocked
from hfsft.near.common_runs import templates_in
from hfsft.near.looked_at import KEY, SKETCH, TEXTS, looks_of
from hfsft.near.order_numbers import ITEM
from hfsft.rows.features import arrow_schema
from hfsft.similarity import mixed
from hfsft.similarity.lexical.candidates import (
    WHOLE,
    RestTable,
    SketchTable,
    band_keys,
    bands_for,
    bounded,
    gathered,
    meetings,
)
from hfsft.similarity.lexical.counts import found_in
from hfsft.similarity.lexical.measure import SLACK
from hfsft.similarity.lexical.packed import put_together
from hfsft.similarity.lexical.shingles import Chunks, distinct
from hfsft.similarity.lexical.similar_pairs import OWN, Items, PartTexts
from hfsft.similarity.lexical.told_runs import unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.resources import Resource
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.sketches import Sketches
    from hfsft.similarity.lexical.templates import Templates

    Shares = NDArray[np.float32]

BY_ALL, BY_RESTS, SAYS_ALL, SAYS_RESTS = range(4)  # rows: keys of items by either, and what these say
ENTRIES = {"bucket": "int64", "kind": "int64", "keys": BLOCK, "beside": BLOCK, "items": BLOCK, "kinds": BLOCK}
ENTRIES |= {"sketches": BLOCK}
FOUND = {"bucket": "int64", "rests": "bool", "first": "int64", "second": "int64", "share": "float32"}
PAIRS = {"first": "int64", "second": "int64"}
ROUND = 1 << 18  # keys whose items meet at once


def likely_pairs(
    items: Scattered, templates: Sequence[Resource], at_least: float, buckets: int, behind: int
) -> Scattered:
    """The pairs of items, the preferred in front, that are to be counted.

    Keys lie in so many buckets, `behind` is how many the pairs of an item with preferred ones are chosen in. Beside
    what is template, `templates` has the runs by which texts are looked at; neither where nothing is template.
    """
    said = {"at_least": at_least, "buckets": buckets}
    entering = items.only([ITEM, KEY, TEXTS, SKETCH]).through(Work(path_of(entered), said), ENTRIES, templates)
    meeting = Work(path_of(met), {"at_least": at_least, "behind": behind})
    found = entering.grouped(["bucket"], meeting, FOUND).kept("pairs that meet")
    return found.grouped(["bucket"], Work(path_of(choosing)), PAIRS)


def read_items(table: pa.Table) -> Items:
    """Some items, with their texts."""
    texts = [tuple(each) for each in table[TEXTS].to_pylist()]
    return Items(table[KEY].to_pylist(), lambda places: [texts[place] for place in places])


def parts_of_items(
    items: Items, templates: Sequence[Templates], numbers: int, looks: Sequence[NDArray[np.bool_]]
) -> list[PartTexts]:
    """The parts of items, of which a template covers some; `looks` says for each which texts of items are looked at."""
    made = []
    for texts, known, of, looked in zip(items.texts, templates, items.of, looks, strict=True):
        likely = np.zeros(0, np.intp)
        if len(known.runs):
            some = distinct(of[looked])
            likely = some[known.likely_in(Chunks(texts.of(some)))]
        made.append(PartTexts(texts, known, likely, numbers))
    return made


def entered(*needs: Resource, at_least: float, buckets: int) -> Does:
    """What puts the keys of items in buckets, and beside them, once in each, what the items say."""
    numbers = bands_for(at_least / SLACK, OWN).numbers
    schema = arrow_schema(ENTRIES)

    def does(table: pa.Table) -> pa.Table:
        if not table.num_rows:
            return schema.empty_table()
        items, ids = read_items(table), table[ITEM].to_numpy()
        sketches, tells = unpacked([put_together(table[SKETCH].to_pylist())], items.there, at_least)
        looks = looks_of(needs[1], tells) if needs else [each.long for each in tells]
        parts = parts_of_items(items, templates_in(needs[:1], len(items.texts)), numbers, looks)
        found = []
        for alike in items.alike_in_parts(parts, sketches, at_least):
            some = np.flatnonzero(alike.kinds)
            members, rested = ids[alike.members], ids[alike.members[some]]
            entries, there = _entries(alike.whole, alike.groups, members, buckets)
            found.append(_as_kind(BY_ALL, entries))
            found.append(_as_kind(SAYS_ALL, _says(there, members, alike.whole.sketches)))
            if len(some):
                entries, more = _entries(alike.own, alike.groups[some], rested, buckets)
                found.append(_as_kind(BY_RESTS, entries))
                # Where they meet by all that they say, their rests must agree too.
                known, at = found_in(some, there % len(members))
                more = np.concatenate([more, there[known] // len(members) * len(some) + at[known]])
                found.append(_as_kind(SAYS_RESTS, _says(more, rested, alike.own.sketches, alike.kinds[some])))
        return put_below(found, schema)

    return does


def _entries(table: SketchTable, groups: Hashes, ids: Places, buckets: int) -> tuple[pa.Table, Places]:
    """The keys of items in buckets, and in which each item has one: a bucket times so many items as there are, and the
    number of the item.
    """
    keys, beside = zip(*band_keys(table, groups), strict=True)
    bucket = bucket_of(np.concatenate(keys), buckets)
    entries = {"keys": np.concatenate(keys), "beside": np.concatenate(beside), "items": np.tile(ids, len(keys))}
    return blocks({"bucket": bucket}, entries), bucket * len(ids) + np.tile(np.arange(len(ids)), len(keys))


def _says(there: Places, ids: Places, sketches: Sketches, kinds: Places | None = None) -> pa.Table:
    """What items say, in each bucket once."""
    some = np.zeros(int(there.max(initial=-1)) + 1, bool)
    some[there] = True  # faster than to sort them
    bucket, at = np.divmod(np.flatnonzero(some), max(len(ids), 1))
    says = {"items": ids[at], "sketches": sketches[at]}
    return blocks({"bucket": bucket}, says if kinds is None else {**says, "kinds": kinds[at].astype(np.int64)})


def _as_kind(kind: int, table: pa.Table) -> pa.Table:
    return table.append_column("kind", pa.array(np.full(table.num_rows, kind)))


def met(at_least: float, behind: int) -> Does:
    """What finds the pairs of a bucket that may have enough in common, and leaves of each item those closest to it."""
    bands, rest_bands = bands_for(at_least, WHOLE), bands_for(at_least / SLACK, OWN)
    schema = arrow_schema(FOUND)

    def does(table: pa.Table) -> pa.Table:
        found = [schema.empty_table()]
        for _, rows in in_groups(table, ["bucket"]):
            by_all, by_rests, says_all, says_rests = (rows.filter(pc.equal(rows["kind"], kind)) for kind in range(4))
            ids, order = _sorted_items(says_all)
            sketches = unblocked(says_all, "sketches", f"<u{bands.width}", bands.numbers)[order]
            whole = SketchTable(sketches, bands, at_least)
            rested, order = _sorted_items(says_rests)
            own = unblocked(says_rests, "sketches", "<u4", rest_bands.numbers)[order]
            rests = SketchTable(own, rest_bands, at_least / SLACK)
            asked = None
            if len(rested):
                asked = RestTable(rests, np.zeros(len(ids), np.int64), np.zeros(len(ids), np.intp))
                there, at = found_in(rested, ids)
                asked.kinds[there] = unblocked(says_rests, "kinds", "<i8")[order][at[there]]
                asked.at[there] = at[there]
            rank = np.arange(len(ids))
            pairs = gathered(_rounds(by_all, ids, whole, rank), whole, rank, asked)
            found.append(_as_pairs(ids, pairs, behind, rests=False))
            rank = np.arange(len(rested))
            pairs = gathered(_rounds(by_rests, rested, rests, rank), rests, rank)
            found.append(_as_pairs(rested, pairs, behind, rests=True))
        return pa.concat_tables(found)

    return does


def _sorted_items(says: pa.Table) -> tuple[Places, Places]:
    """The items of a bucket in the order of preference, and where each lies."""
    ids = unblocked(says, "items", "<i8")
    order = np.argsort(ids)
    return ids[order], order


def _rounds(
    entries: pa.Table, ids: Places, table: SketchTable, rank: Places
) -> Iterator[Sequence[tuple[Places, Places]]]:
    """The pairs with one key, those of some keys at a time."""
    keys, items = unblocked(entries, "keys", "<u8"), unblocked(entries, "items", "<i8")
    beside = unblocked(entries, "beside", table.sketches.dtype)
    order = np.argsort(keys)
    keys, beside, at = keys[order], beside[order], places_in(ids, items)[order]
    new = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])  # where each key begins
    start = 0
    while start < len(keys):
        behind = np.searchsorted(new, start + ROUND)
        stop = int(new[behind]) if behind < len(new) else len(keys)
        mine = at[start:stop]
        found = meetings(keys[start:stop], beside[start:stop], rank[mine])
        yield [(mine[one], mine[other]) for one, other in found]
        start = stop


def _as_pairs(ids: Places, pairs: tuple[Places, Places, Shares], behind: int, *, rests: bool) -> pa.Table:
    first, second, share = pairs
    bucket = bucket_of(mixed(ids[second].astype(np.uint64)), behind)
    columns = [bucket, np.full(len(first), rests), ids[first], ids[second], share]
    return pa.table(list(map(pa.array, columns)), schema=arrow_schema(FOUND))


def choosing() -> Does:
    """What leaves of all pairs of an item with preferred ones those with the closest and the most preferred of these,
    by all that the two say and by their rests.
    """

    def does(table: pa.Table) -> pa.Table:
        codes = [np.zeros((0, 2), np.int64)]
        for _, rows in in_groups(table, ["bucket"]):
            for rests in (False, True):
                some = rows.filter(pc.equal(rows["rests"], rests))
                first, second = some["first"].to_numpy(), some["second"].to_numpy()
                order = np.lexsort((first, second))
                first, second, shares = first[order], second[order], some["share"].to_numpy()[order]
                new = np.ones(len(first), bool)  # of a pair that met in several buckets one
                new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
                first, second, shares = first[new], second[new], shares[new]
                ids, at = np.unique(np.concatenate([first, second]), return_inverse=True)
                rank = np.arange(len(ids))
                kept = bounded(at[: len(first)], at[len(first) :], shares, rank)
                codes.append(np.stack([first[kept], second[kept]], axis=1))
        pairs = np.unique(np.concatenate(codes), axis=0)
        return pa.table({"first": pairs[:, 0], "second": pairs[:, 1]})

    return does
