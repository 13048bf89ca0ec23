"""The similarity of two texts, exactly: what they have in common, and that it is not merely their template.

It is the smaller of two shares: of all runs of 4 characters that the two have, each as often as it stands there, those
that both have (Jaccard); and, where a template covers part of either, one and a half times the same share of the runs
of 4 words in their rests (`templates`). So two prompts of one template are as alike as what was filled in, a word more
("please") in a twin does no harm, and texts without a template are compared by their characters alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from hfsft.similarity.lexical.shingles import Chunk, Chunks, distinct, mixed
from hfsft.similarity.lexical.templates import Templates

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.packed import Digests
    from hfsft.similarity.lexical.shingles import Hashes, Places

    Shares = NDArray[np.float64]
    Counts = NDArray[np.int32]

COUNTED = 1 << 22  # characters of the texts whose pairs are counted at once
_LOOKED = 1 << 14  # pairs that are looked at in one go for how many of these are
PAIR = ("one", "other", "share")  # the columns of a table of counted pairs
COMMON = 0.25  # of the sets: from here on a product of matrices is faster than the lists of who holds a member
SLACK = 1.5  # how much more alike two texts may be than their rests


def every_pair(texts: Sequence[str]) -> Shares:
    """The similarity of each of some different texts to each, as a square of numbers from 0 to 1."""
    import numpy as np

    chunk, templates = Chunk(texts), Templates(Chunks(texts))
    alike = _square(chunk.shingles())
    if len(templates.runs):
        templated, rests = templates.rests(chunk)
        empty = np.array([not len(rest) for rest in rests])
        asked = (templated[:, None] | templated) & ~(empty[:, None] & empty)
        own = _square(rests)
        own *= SLACK
        np.minimum(alike, own, out=alike, where=asked)
    np.fill_diagonal(alike, 1.0)
    return alike


class Texts:
    """The different normalised texts of one part of some items, which are read where they are looked at.

    `read` gives the parts of items, `holders` is for each text the first item that has it.
    """

    def __init__(
        self,
        digests: Digests,
        holders: Places,
        part: int,
        read: Callable[[Sequence[int]], Sequence[Sequence[str]]],
    ) -> None:
        self.digests, self._holders, self._part, self._read = digests, holders, part, read
        (blank,) = (digests == b"").nonzero()
        self.blank = int(blank[0]) if len(blank) else -1  # the number of the one that is blank

    def __len__(self) -> int:
        return len(self.digests)

    def of(self, numbers: Places) -> list[str]:
        """Some of the texts, by their numbers."""
        return [parts[self._part] for parts in self._read(self._holders[numbers].tolist())]


class CountedPairs:
    """What pairs of texts were found to have in common of their runs of characters, whatever other texts there are.

    They are known by digests of the texts, so that what was counted in one search holds in every other.
    """

    def __init__(self, table: pa.Table | None = None) -> None:
        import numpy as np

        self._made: list[tuple[Hashes, Hashes, Shares]] = []
        names = PAIR if table is not None and set(PAIR) <= set(table.column_names) else ()
        read = [table[name].to_numpy() for name in names] if table is not None else []
        one, other, share = read or (np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0))
        order = np.argsort(mixed(one) + other)
        self._one, self._other, self._share = one[order], other[order], share[order]
        self._codes = mixed(self._one) + self._other

    def known(self, ones: Hashes, others: Hashes) -> Shares:
        """The share of each pair; NaN where it was not counted."""
        import numpy as np

        low, high = np.minimum(ones, others), np.maximum(ones, others)
        found = np.full(len(low), np.nan)
        if len(self._codes):
            at = np.minimum(np.searchsorted(self._codes, mixed(low) + high), len(self._codes) - 1)
            same = (self._one[at] == low) & (self._other[at] == high)
            found[same] = self._share[at[same]]
        return found

    def add(self, ones: Hashes, others: Hashes, shares: Shares) -> None:
        """Keep what was counted."""
        import numpy as np

        self._made.append((np.minimum(ones, others), np.maximum(ones, others), shares))

    def table(self) -> pa.Table:
        """What was added."""
        import numpy as np
        import pyarrow as pa

        none = np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0)
        columns = [np.concatenate(each) for each in zip(none, *self._made, strict=True)]
        return pa.table(columns, names=list(PAIR))


class Measured:
    """Different texts of which some pairs are compared."""

    def __init__(
        self, texts: Texts, templates: Templates, templated: NDArray[np.bool_], counted: CountedPairs | None
    ) -> None:
        import numpy as np

        self._texts, self._templates, self._templated = texts, templates, templated
        self._counted = CountedPairs() if counted is None else counted
        self._heads = np.ascontiguousarray(texts.digests.astype("S8")).view("<u8").astype(np.uint64)

    def each(self, ones: Places, others: Places, at_least: float) -> Shares:
        """The similarity of each text of `ones` to that at the same place of `others`.

        Of those that are less alike than `at_least` by their characters, no more is counted.
        """
        import numpy as np

        alike = self._counted.known(self._heads[ones], self._heads[others])
        (new,) = np.isnan(alike).nonzero()
        alike[new] = self._shares(ones[new], others[new], Chunk.shingles)
        self._counted.add(self._heads[ones[new]], self._heads[others[new]], alike[new])
        (asked,) = ((alike >= at_least) & (self._templated[ones] | self._templated[others])).nonzero()
        if len(asked):
            rests = self._shares(ones[asked], others[asked], lambda chunk: self._templates.rests(chunk).sets, np.inf)
            alike[asked] = np.minimum(alike[asked], SLACK * rests)
        return alike

    def _shares(
        self, ones: Places, others: Places, sets_of: Callable[[Chunk], list[Hashes]], blank: float = 0.0
    ) -> Shares:
        """The share of members in common for each pair of sets; `blank` where both are empty."""
        import numpy as np

        alike = np.zeros(len(ones))
        for start, stop in self._blocks(ones, others):
            places = distinct(np.concatenate([ones[start:stop], others[start:stop]]))
            found = [each for _, chunk in Chunks(self._texts.of(places)) for each in sets_of(chunk)]
            sets = dict(zip(places.tolist(), found, strict=True))
            for pair in range(start, stop):
                one, other = sets[int(ones[pair])], sets[int(others[pair])]
                alike[pair] = share_of(one, other) if len(one) or len(other) else blank
        return alike

    def _blocks(self, ones: Places, others: Places) -> Iterator[tuple[int, int]]:
        """Pairs in groups whose texts have not too many characters together: all their sets are in memory at once.

        A text counts once for each group, however many of its pairs are there, so that few texts are cut again.
        """
        import numpy as np

        both = np.stack([ones, others], axis=1).ravel()
        places, at = np.unique(both, return_inverse=True)
        lengths = np.array(list(map(len, self._texts.of(places))), np.intp)[at]
        order = np.argsort(at, kind="stable")
        again = at[order][1:] == at[order][:-1]
        before = np.full(len(both), -1)  # where the same text stood last
        before[order[1:][again]] = order[:-1][again]
        start = 0
        while start < len(ones):
            stop, held = start, 0
            while stop < len(ones):
                some = slice(2 * stop, 2 * min(stop + _LOOKED, len(ones)))
                total = held + np.cumsum(np.where(before[some] < 2 * start, lengths[some], 0))[1::2]
                fit = int(np.searchsorted(total, COUNTED, "right"))
                stop += fit
                if fit < len(total):
                    break
                held = int(total[-1])
            stop = max(stop, start + 1)
            yield start, stop
            start = stop


def share_of(one: Hashes, other: Hashes) -> float:
    """The share of members that two sets have in common; 0 where both are empty."""
    import numpy as np

    both = np.concatenate((one, other))
    both.sort()  # faster than to look one set up in the other
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / max(len(both) - shared, 1)


def _square(sets: Sequence[Hashes]) -> Shares:
    """The share of members in common for each pair of sets; 0 where both are empty, and for a set and itself."""
    import numpy as np

    sizes = np.array([len(one) for one in sets], np.int32)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    _, members = np.unique(np.concatenate(sets), return_inverse=True)
    often = (np.bincount(members) > COMMON * len(sets))[members]
    shared = _shared_often(owners[often], members[often], len(sets))
    shared += _shared_seldom(owners[~often], members[~often], len(sets))
    union: Counts = sizes[:, None] + sizes
    union -= shared
    return shared / np.maximum(union, 1, out=union)


def _shared_often(owners: Places, members: Places, count: int) -> Counts:
    """How many members each two of `count` sets share, of members that many sets hold, as those of a template.

    One product of matrices of 0 and 1, which numbers of single precision hold exactly.
    """
    import numpy as np

    known, places = np.unique(members, return_inverse=True)
    holds = np.zeros((count, len(known)), np.float32)
    holds[owners, places] = 1
    shared = (holds @ holds.T).astype(np.int32)
    np.fill_diagonal(shared, 0)
    return shared


def _shared_seldom(owners: Places, members: Places, count: int) -> Counts:
    """The same of members that few sets hold, by the lists of those that do."""
    import numpy as np

    order = np.argsort(members, kind="stable")  # the sets that hold a member, list behind list, each in their order
    holders = owners[order]
    here = np.empty_like(order)
    here[order] = np.arange(len(order))
    counts = np.bincount(members)
    first = (np.cumsum(counts) - counts)[members]
    shared = np.zeros((count, count), np.int32)
    earlier = here > first  # in an earlier set too
    borders = np.searchsorted(owners, np.arange(count + 1))
    for place in np.unique(owners[earlier]).tolist():
        mine = slice(borders[place], borders[place + 1])
        begin, end = first[mine][earlier[mine]], here[mine][earlier[mine]]
        lists = [holders[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True)]
        shared[place, :place] = np.bincount(np.concatenate(lists), minlength=place)
    shared += shared.T
    return shared
