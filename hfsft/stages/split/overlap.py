"""Which held-out row says most of what one row says that is trained on: exact runs of words, counted one by one.

It is found by another way than families are: those compare characters, and how much two texts have in common of all
that either says; this asks how much of a held-out row stands word for word in another, however long that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from hfsft.engine.adding import OverRows
from hfsft.rows.batch import Batch
from hfsft.rows.columns import OF, SIDES
from hfsft.stages.split import word_runs
from hfsft.stages.split.word_runs import (
    OVERLAP,
    PARTS,
    WordRuns,
    first_of_each,
    most_said,
    paired,
    parts_of,
    runs_of,
    suggested,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from hfsft.engine.adding import Columns, Numbers
    from hfsft.engine.spread.scattered import Scattered

    Hashes = NDArray[np.uint64]

BLOCK = 1_000  # rows that are looked at together


def measuring() -> Overlap:
    """What measures the rows that are held out."""
    return Overlap()


class Overlap(OverRows):
    """Of each held-out row the share of its runs that one row has too of which models see more, and which that is.

    Of a row with a context the smaller share of both parts. What a row trained on says in more words counts in full.
    Runs that more than `word_runs.COMMON` rows have find no row, and count where one is found by others.
    """

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """The columns of all rows. Time and memory grow with the rows, not with their pairs."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        share: list[float | None] = [None] * len(rows)
        of: list[str | None] = [None] * len(rows)
        rank = np.array([SIDES.index(side) for side in rows["split"]], np.int8)
        held, seen = np.flatnonzero(rank), np.flatnonzero(rank < rank.max(initial=0))
        if len(held) and len(seen):
            ids = rows["id"]
            in_order = pc.sort_indices(pa.array(ids, pa.string())).to_numpy().astype(np.int64)
            number = np.empty(len(ids), np.int64)
            number[in_order] = np.arange(len(ids))
            theirs = _Seen.of(rows, held, seen)
            for start in range(0, len(held), BLOCK):
                block = held[start : start + BLOCK]
                mine = _runs(rows, block)
                which, other = suggested(*_shared(block, mine, theirs, rank, number))
                others = np.unique(other)
                said = _runs(rows, in_order[others])
                for place, found in most_said(which, np.searchsorted(others, other), mine, said).items():
                    row = int(block[place])
                    share[row], of[row] = found.share, ids[in_order[others[found.other]]]
        for place in held.tolist():
            share[place] = share[place] or 0.0
        return {OVERLAP: share, f"{OVERLAP}{OF}": of}, None

    def spread(self, rows: Scattered) -> Scattered:
        """The same of scattered rows."""
        from hfsft.stages.split.scattering.overlap_rounds import overlaps

        return overlaps(rows)


class _Seen(NamedTuple):
    """The rows that models see, by the runs that they share with held-out ones."""

    known: Hashes  # the runs, sorted
    first: Numbers  # for each of them (and behind the last) where its rows begin
    rows: Numbers

    @classmethod
    def of(cls, rows: Columns, held: Numbers, seen: Numbers) -> _Seen:
        import numpy as np

        known = np.unique(np.concatenate([_runs(rows, each).run for each in _blocks(held)]))
        runs, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for block in _blocks(seen):
            theirs = _runs(rows, block)
            at = known.searchsorted(theirs.run).clip(max=max(len(known) - 1, 0))
            same = known[at] == theirs.run if len(known) else np.zeros(len(at), bool)
            runs.append(at[same])
            places.append(block[theirs.part[same] // PARTS])
        run = np.concatenate(runs)
        order = np.argsort(run, kind="stable")
        first = np.searchsorted(run[order], np.arange(len(known) + 1))
        return cls(known, first, np.concatenate(places)[order])


def _shared(
    block: Numbers, mine: WordRuns, theirs: _Seen, rank: NDArray[np.int8], number: Numbers
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """What `suggested` goes by: the parts of the rows of a block by their places there."""
    import numpy as np

    run = theirs.known.searchsorted(mine.run)
    often = theirs.first[run + 1] - theirs.first[run]
    telling = np.flatnonzero((often > 0) & (often <= word_runs.COMMON))
    telling = telling[first_of_each(mine.part[telling])]
    looked_up = np.bincount(mine.part[telling], minlength=len(block) * PARTS)
    own, other = paired(mine.part[telling], theirs.first[run[telling]], often[telling], theirs.rows)
    seen = rank[other] < rank[block[own // PARTS]]
    pairs, count = np.unique(own[seen] * len(rank) + other[seen], return_counts=True)
    return pairs // len(rank), number[pairs % len(rank)], count, looked_up


def _runs(rows: Columns, numbers: Numbers) -> WordRuns:
    """The runs of some rows."""
    return runs_of(parts_of(rows.of(numbers)))


def _blocks(numbers: Numbers) -> Iterator[Numbers]:
    return (numbers[start : start + BLOCK] for start in range(0, len(numbers), BLOCK))
