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

        share: list[float | None] = [None] * len(rows)
        of: list[str | None] = [None] * len(rows)
        rank = np.array([SIDES.index(side) for side in rows["split"]], np.int8)
        held, seen = np.flatnonzero(rank), np.flatnonzero(rank < rank.max(initial=0))
        if len(held) and len(seen):
            ids, theirs = rows["id"], _Seen.of(rows, held, seen)
            for start in range(0, len(held), BLOCK):
                block = held[start : start + BLOCK]
                for place, (found, other) in _nearest(rows, block, theirs, rank, ids).items():
                    share[place], of[place] = found, ids[other]
        for place in held.tolist():
            share[place] = share[place] or 0.0
        return {OVERLAP: share, f"{OVERLAP}{OF}": of}, None


class _Seen(NamedTuple):
    """The rows that models see, by the runs that they share with held-out ones."""

    known: Hashes  # the runs, sorted
    first: NDArray[np.int64]  # for each of them (and behind the last) where its rows begin
    rows: NDArray[np.int64]

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


def _nearest(
    rows: Columns, block: Numbers, theirs: _Seen, rank: NDArray[np.int8], ids: Sequence[str]
) -> dict[int, tuple[float, int]]:
    """For each held-out row of a block that shares a run the largest share that a row has, and the row."""
    mine = _runs(rows, block)
    wanted = list(_suggested(block, mine, theirs, rank, ids))
    others = sorted({other for _, other in wanted})
    import numpy as np

    said, number = _runs(rows, np.array(others, np.int64)), {other: at for at, other in enumerate(others)}
    found: dict[int, tuple[float, int]] = {}
    for place, other in wanted:
        shares = []
        for part in range(PARTS):
            own = mine.of(place * PARTS + part)
            if len(own):
                shares.append(np.isin(own, said.of(number[other] * PARTS + part), assume_unique=True).mean())
        share, row = float(min(shares)), int(block[place])
        if share and (row not in found or (share, ids[found[row][1]]) > (found[row][0], ids[other])):
            found[row] = share, other
    return found


def _suggested(
    block: Numbers, mine: WordRuns, theirs: _Seen, rank: NDArray[np.int8], ids: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """Pairs of the place of a held-out row in its block and a row that may say most of it."""
    import numpy as np

    run = theirs.known.searchsorted(mine.run)
    often = theirs.first[run + 1] - theirs.first[run]
    telling = np.flatnonzero((often > 0) & (often <= COMMON))
    of_part = mine.part[telling]
    number = np.arange(len(of_part)) - np.searchsorted(of_part, of_part)  # of the run among those of its part
    telling = telling[number < LOOKED_UP]
    looked_up = np.bincount(mine.part[telling], minlength=len(block) * PARTS)
    count = often[telling]
    own = np.repeat(mine.part[telling], count)
    begins = np.repeat(theirs.first[run[telling]] - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    other = theirs.rows[begins + np.arange(len(own))]
    seen = rank[other] < rank[block[own // PARTS]]
    pairs, shared = np.unique(own[seen] * len(rank) + other[seen], return_counts=True)
    shares: dict[tuple[int, int], list[float]] = {}
    for pair, runs in zip(pairs.tolist(), shared.tolist(), strict=True):
        which, row = divmod(pair, len(rank))
        place, part = divmod(which, PARTS)
        shares.setdefault((place, row), [0.0] * PARTS)[part] = runs / looked_up[which]
    by_place: dict[int, list[tuple[float, str, int]]] = {}
    for (place, row), found in shares.items():
        least = min(share for which, share in enumerate(found) if looked_up[place * PARTS + which])
        by_place.setdefault(place, []).append((-least, ids[row], row))
    for place, listed in by_place.items():
        yield from ((place, row) for _, _, row in sorted(listed)[:COUNTED])


def _runs(rows: Columns, numbers: Numbers) -> WordRuns:
    """The runs of some rows, the parts of each apart from each other."""
    import numpy as np

    texts = [normalise(part) for each in questions(rows.of(numbers)) for part in (each.said, each.context)]
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
