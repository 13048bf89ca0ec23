"""Runs of words of rows, and which of several rows says most of another one's: over arrays, however rows are held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.rows.batch import Batch
from hfsft.rows.views import questions
from hfsft.similarity import WORD, Chunks, mixed, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.engine.adding import Numbers

    Hashes = NDArray[np.uint64]

OVERLAP = "overlap"
RUN = 8  # words; twice as many characters of Han and kana, four times as many of Thai
COMMON = 500  # rows: a run that more of them have tells nothing of where it comes from
LOOKED_UP = 64  # runs of each part of a row by which others are found that have them, picked by their hashes
COUNTED = 3  # of the rows found so those that are counted to the end
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
