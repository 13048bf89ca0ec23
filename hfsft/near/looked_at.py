"""Which texts are looked at, by rounds: those that may have a run in common with three others or more.

As in one process, sketches tell: 4 bytes of each run of a text. Of most texts no run stands anywhere else, and these
are never cut into words again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.near.blocks import BLOCK, blocks, bucket_of, in_groups, unblocked
from hfsft.near.order_numbers import ITEM
from hfsft.rows.features import arrow_schema
from hfsft.similarity.lexical.counts import LEAST, found_in, once
from hfsft.similarity.lexical.packed import digests_of, put_together
from hfsft.similarity.lexical.shingles import Chunks, distinct
from hfsft.similarity.lexical.templates import numbers_in
from hfsft.similarity.lexical.told_runs import unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.resources import Resource
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.similarity.lexical.packed import Short
    from hfsft.similarity.lexical.shingles import Places
    from hfsft.similarity.lexical.told_runs import Told, ToldRuns

KEY, TEXTS, SKETCH, HOLDS, LOOKS = "key", "texts", "sketch", "holds", "looks"
"""Columns of items: their keys, their texts, part by part, their sketches; sums of 1 << part: of which parts they are
the first with that text, and of which the text is looked at."""
LOOKED = {ITEM: "int64", HOLDS: "int64", LOOKS: "int64"}
WORDS, NUMBERED, THEIRS = range(3)
"""Kinds of runs that are told: runs of words, runs with a number, whichever it is, and those of texts looked at."""
RUNS = {"part": "int64", "kind": "int64", "bucket": "int64", "runs": BLOCK}
_FIRST = 18  # bits of a run, by which most that are not in a list are told


class LookedAt(NamedTuple):
    """The items of which any text is looked at, with `LOOKS` and `HOLDS`, and the runs by which that is told."""

    items: Scattered
    known: Resource


def looked_at(items: Scattered, held: Scattered, at_least: float, buckets: int) -> LookedAt:
    """Which texts of items are looked at. These have sketches for this bound; `held` says what some of them hold."""
    said: dict[str, Any] = {"at_least": at_least, "buckets": buckets}
    tells = items.only([ITEM, KEY, SKETCH]).joined(held, [ITEM], "left")
    words = tells.through(Work(path_of(told), {**said, "kind": WORDS}), RUNS)
    # What four texts or more have in common: all processes need it.
    often = words.grouped(["part", "bucket"], Work(path_of(met_often)), RUNS).kept("common runs of words").collected()
    looking = Work(path_of(looked), {"at_least": at_least})
    known = items.shared("runs of words that may be common", often)
    some = tells.through(looking, LOOKED, [known]).kept("texts with common words")
    if not some.count():
        return LookedAt(some, known)
    # A number in a run of a text that is looked at may take many values: so are other texts with the same run.
    mine = items.only([ITEM, KEY, SKETCH, TEXTS]).joined(some, [ITEM])
    mine = mine.through(Work(path_of(numbered_runs), said), RUNS).kept("runs with a number of these")
    if not mine.count():
        return LookedAt(some, known)
    every = tells.through(Work(path_of(told), {**said, "kind": NUMBERED}), RUNS).also(mine)
    wanted = every.grouped(["part", "bucket"], Work(path_of(met_by_theirs)), RUNS)
    wanted = wanted.kept("common runs with a number")
    found = wanted.collected()  # of what four texts or more have in common
    if not found.num_rows:
        return LookedAt(some, known)
    known = items.shared("runs that are looked for", pa.concat_tables([often, found]))
    return LookedAt(tells.through(looking, LOOKED, [known]).kept("texts that are looked at"), known)


def looks_of(known: Resource, tells: Sequence[Told]) -> list[NDArray[np.bool_]]:
    """For each part of items, of which sketches tell, which of them have a text that is looked at."""
    looks = []
    for part, of in enumerate(tells):
        found = of.long.copy()
        for kind, runs in enumerate((of.words, of.numbered)):
            found |= _meets(runs, _runs_of(known.load(), part, kind), len(found))
        looks.append(found)
    return looks


def _tells(table: pa.Table, at_least: float) -> list[Told]:
    parts = digests_of(table[KEY].to_pylist())[:-1]
    there = np.stack([digests != b"" for digests in parts], axis=1)
    return unpacked([put_together(table[SKETCH].to_pylist())], there, at_least)[1]


def _runs_of(table: pa.Table, part: int, kind: int) -> Short:
    """The runs of a part and of a kind in a table of `RUNS`, sorted."""
    mine = pc.and_(pc.equal(table["part"], part), pc.equal(table["kind"], kind))
    return np.sort(unblocked(table.filter(mine), "runs", "<u4"))


def _meets(told: ToldRuns, known: Short, count: int) -> NDArray[np.bool_]:
    """Which of so many items have one of these runs."""
    found = np.zeros(count, bool)
    if len(known):
        first = np.zeros(1 << _FIRST, bool)
        first[known >> np.uint32(32 - _FIRST)] = True
        (some,) = first[told.runs >> np.uint32(32 - _FIRST)].nonzero()
        found[told.items(some[found_in(known, told.runs[some])[0]])] = True
    return found


def _of_items(told: ToldRuns, which: NDArray[np.bool_]) -> Short:
    return told.runs[np.repeat(which, np.diff(told.ends, prepend=0))]


def told(at_least: float, buckets: int, kind: int) -> Does:
    """What tells the runs of the texts that items hold, but for long ones."""

    def does(table: pa.Table) -> pa.Table:
        found, holds = [arrow_schema(RUNS).empty_table()], pc.fill_null(table[HOLDS], 0).to_numpy()
        for part, of in enumerate(_tells(table, at_least) if table.num_rows else ()):
            runs = _of_items(of.numbered if kind == NUMBERED else of.words, holds >> part & 1 == 1)
            found.append(_by_bucket(part, kind, np.sort(runs), buckets))
        return pa.concat_tables(found)

    return does


def _by_bucket(part: int, kind: int, runs: Short, buckets: int) -> pa.Table:
    """Some runs, sorted, as rows."""
    return _as_rows(part, kind, bucket_of(runs.astype(np.uint64) << np.uint64(32), buckets), runs)


def _as_rows(part: int, kind: int, bucket: Places, runs: Short) -> pa.Table:
    told = blocks({"bucket": bucket}, {"runs": runs})
    columns = [pa.array(np.full(told.num_rows, value)) for value in (part, kind)]
    return pa.table([*columns, *told.columns], names=list(RUNS))


def met_often() -> Does:
    """What leaves the runs that are told of enough texts."""

    def does(table: pa.Table) -> pa.Table:
        found = [arrow_schema(RUNS).empty_table()]
        for (part, bucket), rows in in_groups(table, ["part", "bucket"]):
            found.append(_of_one(part, WORDS, bucket, _often(rows)))
        return pa.concat_tables(found)

    return does


def met_by_theirs() -> Does:
    """What leaves of these the runs with a number that a text has which is looked at."""

    def does(table: pa.Table) -> pa.Table:
        found = [arrow_schema(RUNS).empty_table()]
        for (part, bucket), rows in in_groups(table, ["part", "bucket"]):
            every, theirs = (rows.filter(pc.equal(rows["kind"], kind)) for kind in (NUMBERED, THEIRS))
            runs = np.intersect1d(_often(every), unblocked(theirs, "runs", "<u4"))
            found.append(_of_one(part, NUMBERED, bucket, runs))
        return pa.concat_tables(found)

    return does


def _of_one(part: int, kind: int, bucket: int, runs: Short) -> pa.Table:
    return _as_rows(part, kind, np.full(len(runs), bucket), runs)


def _often(rows: pa.Table) -> Short:
    ordered = np.sort(unblocked(rows, "runs", "<u4"))
    last = ordered[LEAST - 1 :]
    return distinct(last[last == ordered[: len(last)]])


def looked(known: Resource, at_least: float) -> Does:
    """What tells which texts of items are looked at."""

    def does(table: pa.Table) -> pa.Table:
        looks = np.zeros(table.num_rows, np.int64)
        for part, some in enumerate(looks_of(known, _tells(table, at_least)) if table.num_rows else ()):
            looks |= some.astype(np.int64) << part
        told = table.select([ITEM, HOLDS]).append_column(LOOKS, pa.array(looks))
        return told.filter(pa.array(looks > 0))

    return does


def numbered_runs(at_least: float, buckets: int) -> Does:
    """What tells the runs with a number of texts that are looked at and held, and those of long ones as others too."""

    def does(table: pa.Table) -> pa.Table:
        found = [arrow_schema(RUNS).empty_table()]
        looks = pc.fill_null(table[HOLDS], 0).to_numpy() & table[LOOKS].to_numpy()
        for part, of in enumerate(_tells(table, at_least) if table.num_rows else ()):
            some = looks >> part & 1 == 1
            (long,) = (some & of.long).nonzero()
            texts = Chunks([each[part] for each in table[TEXTS].take(pa.array(long)).to_pylist()])
            there = [numbers_in(chunk) for _, chunk in texts]
            untold = [once(text, hashes >> np.uint64(32)).astype("<u4") for text, hashes in there]
            more = np.sort(np.concatenate([np.zeros(0, "<u4"), *untold]))
            found.append(_by_bucket(part, NUMBERED, more, buckets))
            theirs = distinct(np.concatenate([more, _of_items(of.numbered, some)]))
            found.append(_by_bucket(part, THEIRS, theirs, buckets))
        return pa.concat_tables(found)

    return does
