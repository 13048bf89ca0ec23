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
ROWS = 64  # of a square that are worked out at once: so few that they stay in a core's cache
COMMON = 0.25  # of the sets: from here on a product of matrices is faster than the lists of who holds a member
SLACK = 1.5  # how much more alike two texts may be than their rests


class EveryPair:
    """The similarity of each of some different texts to each: a square of numbers from 0 to 1, some rows at a time."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        chunk, templates = Chunk(texts), Templates(Chunks(texts))
        self._texts, self._whole = len(texts), _InCommon(chunk.shingles())
        self._rests: _InCommon | None = None
        if len(templates.runs):
            self._templated, rests = templates.rests(chunk)
            self._empty = np.array([not len(rest) for rest in rests])
            self._rests = _InCommon(rests)

    def rows(self, start: int, stop: int, at_least: float = 0.0) -> Shares:
        """The texts from `start` to `stop`, each beside those before it; 0 beside itself and those behind it.

        What is below `at_least` may be given too high, but below that.
        """
        import numpy as np

        mine = slice(start, stop)
        alike = self._whole.shares(start, stop)
        if self._rests is not None and np.any(alike >= at_least):
            asked = self._templated[mine, None] | self._templated[:stop]
            asked &= ~(self._empty[mine, None] & self._empty[:stop])
            own = self._rests.shares(start, stop)
            own *= SLACK
            np.minimum(alike, own, out=alike, where=asked)
        return alike

    def square(self) -> Shares:
        """All rows, each beside all texts."""
        import numpy as np

        found = np.eye(self._texts)
        for start in range(0, self._texts, ROWS):
            stop = min(start + ROWS, self._texts)
            rows = self.rows(start, stop)
            found[start:stop, :stop] += rows
            found[:stop, start:stop] += rows.T
        return found


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


class _InCommon:
    """The members that sets have in common, pair by pair, for some sets and all before them at a time.

    Those that many sets hold, as those of a template, are counted by a product of matrices of 0 and 1, which numbers of
    single precision hold exactly; those that few sets hold, by the lists of those that do.
    """

    def __init__(self, sets: Sequence[Hashes]) -> None:
        import numpy as np

        self._sizes = np.array([len(one) for one in sets], np.int32)
        owners, members = np.repeat(np.arange(len(sets)), self._sizes), np.concatenate(sets)
        order = np.argsort(members, kind="stable")  # the sets that hold a member, list behind list, each in their order
        members = members[order]
        begins = np.flatnonzero(np.concatenate([[True] * min(len(members), 1), members[1:] != members[:-1]]))
        counts = np.diff(begins, append=len(members))
        often = counts > COMMON * len(sets)
        self._holders = owners[order]
        many = np.repeat(often, counts)
        holds = np.zeros((len(sets), np.count_nonzero(often)), np.float32)
        holds[self._holders[many], np.repeat(np.cumsum(often) - 1, counts)[many]] = 1
        self._often = holds @ holds.T  # at once: each product sets threads to work, which may have to wait for a core
        earlier = np.arange(len(members)) - np.repeat(begins, counts)  # sets that hold the member too
        earlier[many] = 0
        lengths, ends = np.empty_like(earlier), np.empty_like(earlier)
        lengths[order], ends[order] = earlier, np.arange(len(members))
        some = lengths > 0
        self._of, self._lengths, self._ends = owners[some], lengths[some], ends[some]  # lists of earlier ones
        self._borders = np.searchsorted(self._of, np.arange(len(sets) + 1))

    def shares(self, start: int, stop: int) -> Shares:
        """The share that sets from `start` to `stop` have in common with those before them; 0 of two that are empty."""
        import numpy as np

        shared = self._often[start:stop, :stop].astype(np.int32)
        lists = slice(self._borders[start], self._borders[stop])
        lengths = self._lengths[lists]
        at = np.repeat(self._ends[lists] - np.cumsum(lengths), lengths)
        at += np.arange(len(at))
        pairs = np.repeat((self._of[lists] - start) * stop, lengths)
        pairs += self._holders[at]
        shared += np.bincount(pairs, minlength=shared.size).reshape(shared.shape)
        union = self._sizes[start:stop, None] + self._sizes[:stop]
        union -= shared
        alike: Shares = shared / np.maximum(union, 1, out=union)
        alike[:, start:] *= np.tri(stop - start, k=-1)
        return alike
