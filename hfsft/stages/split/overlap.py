"""Which held-out row says most of what one row says that is trained on: exact runs of words, counted one by one.

It is found by another way than families are: those compare characters, and how much two texts have in common of all
that either says; this asks how much of a held-out row stands word for word in another, however long that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.engine.adding import OverRows
from hfsft.engine.ledger import OF, SIDES
from hfsft.rows.batch import Batch
from hfsft.rows.views import questions
from hfsft.similarity import WORD, Chunks, mixed, normalise

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from hfsft.engine.adding import Columns, Numbers
    from hfsft.engine.spread.scattered import Scattered

    Hashes = NDArray[np.uint64]

OVERLAP = "overlap"
RUN = 8  # words; twice as many characters of Han and kana, four times as many of Thai
COMMON = 500  # rows: a run that more of them have tells nothing of where it comes from
LOOKED_UP = 64  # runs of each part of a row by which others are found that have them, picked by their hashes
COUNTED = 3  # of the rows found so those that are counted to the end
BLOCK = 1_000  # rows that are looked at together
PARTS = 2  # what users say, and the context that they bring


class WordRuns(NamedTuple):
    """The different runs of words of some rows in the order of `part`, which is twice the row's place, and 1 more for
    what is its context.
    """

    part: NDArray[np.int64]
    run: Hashes

    def of(self, part: int) -> Hashes:
        """Those of one part, sorted."""
        first, stop = self.part.searchsorted([part, part + 1])
        return self.run[first:stop]


def measuring() -> Overlap:
    """What measures the rows that are held out."""
    return Overlap()


class Overlap(OverRows):
    """Of each held-out row the share of its runs that one row has too of which models see more, and which that is.

    Of a row with a context the smaller share of both parts. What a row trained on says in more words counts in full.
    Runs that more than `COMMON` rows have find no row, and count where one is found by others.
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
        from hfsft.stages.split.overlap_rounds import overlaps

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
    telling = np.flatnonzero((often > 0) & (often <= COMMON))
    telling = telling[first_of_each(mine.part[telling])]
    looked_up = np.bincount(mine.part[telling], minlength=len(block) * PARTS)
    own, other = paired(mine.part[telling], theirs.first[run[telling]], often[telling], theirs.rows)
    seen = rank[other] < rank[block[own // PARTS]]
    pairs, count = np.unique(own[seen] * len(rank) + other[seen], return_counts=True)
    return pairs // len(rank), number[pairs % len(rank)], count, looked_up


def first_of_each(parts: Numbers) -> Numbers:
    """Of sorted parts the places of the first `LOOKED_UP` of each."""
    import numpy as np

    return np.flatnonzero(np.arange(len(parts)) - np.searchsorted(parts, parts) < LOOKED_UP)


def paired(parts: Numbers, first: Numbers, count: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Each part beside so many of the rows, from the place `first` on."""
    import numpy as np

    begins = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]])[: len(count)], count)
    return np.repeat(parts, count), rows[begins + np.arange(len(begins))]


def suggested(part: Numbers, other: Numbers, count: Numbers, looked_up: Numbers) -> tuple[Numbers, Numbers]:
    """For each held-out row the `COUNTED` rows that may say most of it: these rows, beside it.

    A `part` and an `other` row have `count` of the runs in common by which rows are found; of part `n` there are
    `looked_up[n]`. Rows are known by numbers in the order of their ids.
    """
    import numpy as np

    which = part // PARTS
    order = np.lexsort((other, which))
    part, other, count, which = part[order], other[order], count[order], which[order]
    new = np.ones(len(part), bool)
    new[1:] = (which[1:] != which[:-1]) | (other[1:] != other[:-1])
    counts = np.zeros((int(new.sum()), PARTS), np.int64)
    np.add.at(counts, (np.cumsum(new) - 1, part % PARTS), count)
    which, other = which[new], other[new]
    of = looked_up.reshape(-1, PARTS)[which]
    least = np.where(of > 0, counts / np.maximum(of, 1), np.inf).min(axis=1, initial=np.inf)
    order = np.lexsort((other, -least, which))
    which, other = which[order], other[order]
    best = np.arange(len(which)) - np.searchsorted(which, which) < COUNTED
    return which[best], other[best]


class MostSaid(NamedTuple):
    """The largest share of a row's runs that another one has, and the number of that one."""

    share: float
    other: int


def most_said(which: Numbers, other: Numbers, mine: WordRuns, said: WordRuns) -> dict[int, MostSaid]:
    """For each held-out row, of some that each is beside, the one that says most of it, where any says anything."""
    import numpy as np

    found: dict[int, MostSaid] = {}
    for place, row in zip(which.tolist(), other.tolist(), strict=True):
        shares = []
        for part in range(PARTS):
            own = mine.of(place * PARTS + part)
            if len(own):
                shares.append(np.isin(own, said.of(row * PARTS + part), assume_unique=True).mean())
        share = float(min(shares))
        if share and (place not in found or (share, found[place].other) > (found[place].share, row)):
            found[place] = MostSaid(share, row)
    return found


def _runs(rows: Columns, numbers: Numbers) -> WordRuns:
    """The runs of some rows."""
    return runs_of(parts_of(rows.of(numbers)))


def parts_of(batch: Batch) -> list[str]:
    """What is compared of some rows, normalised: for each of them its parts one behind the other."""
    return [normalise(part) for each in questions(batch) for part in (each.said, each.context)]


def runs_of(texts: Sequence[str]) -> WordRuns:
    """The runs of the parts of some rows, each apart from the others."""
    import numpy as np

    found: list[Any] = [(np.zeros(0, np.int64), np.zeros(0, np.uint64))]
    for first, chunk in Chunks(texts):
        runs = chunk.runs(RUN * WORD)
        found.append((runs.text + first, runs.hashes))
    part, run = (np.concatenate(each) for each in zip(*found, strict=True))
    # The part is in the hash: a question that another row brings as its context is not the same.
    run = mixed(run + (part % PARTS).astype(np.uint64))
    order = np.lexsort((run, part))
    part, run = part[order], run[order]
    new = np.ones(len(run), bool)
    new[1:] = (part[1:] != part[:-1]) | (run[1:] != run[:-1])
    return WordRuns(part[new], run[new])


def _blocks(numbers: Numbers) -> Iterator[Numbers]:
    return (numbers[start : start + BLOCK] for start in range(0, len(numbers), BLOCK))
