"""Pairs: which of many items are alike, each part of an item compared for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from hfsft.similarity.families import DisjointSets
from hfsft.similarity.lexical.candidates import WHOLE, RestTable, SketchTable, bands_for, candidates
from hfsft.similarity.lexical.counts import RUN
from hfsft.similarity.lexical.measure import SLACK, Measured, Texts, every_pair
from hfsft.similarity.lexical.packed import BLOCK, digests_of, in_group, numbers_of, packed, put_together
from hfsft.similarity.lexical.shingles import Chunks, distinct
from hfsft.similarity.lexical.sketches import sketches
from hfsft.similarity.lexical.templates import Templates
from hfsft.similarity.lexical.told_runs import unpacked
from hfsft.similarity.normalise import normalise
from hfsft.similarity.normalise_many import normalise_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.measure import CountedPairs
    from hfsft.similarity.lexical.packed import PackedSketches
    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.told_runs import Told

Item = str | tuple[str, ...]
Read = Callable[[Sequence[int]], Sequence[Item]]
ReadParts = Callable[[Sequence[int]], Sequence[tuple[str, ...]]]

FEW = 2000  # so many different items are all compared
OWN = 352  # numbers in the sketch of a text's rest at most, of which less has to be in common


def parts_of(item: Item) -> tuple[str, ...]:
    """The parts of an item, normalised."""
    return tuple(map(normalise, (item,) if isinstance(item, str) else item))


def all_parts(items: Sequence[Item]) -> list[tuple[str, ...]]:
    """The parts of each of many items, normalised."""
    if all(isinstance(item, str) for item in items):
        return [(text,) for text in normalise_all(items)]  # type: ignore[arg-type]
    parted = [(item,) if isinstance(item, str) else item for item in items]
    texts = iter(normalise_all([part for item in parted for part in item]))
    return [tuple(islice(texts, len(item))) for item in parted]


class Items:
    """Items to compare; those of different groups are not alike at all.

    `keys` say which are the same, None stands for a blank one (see `packed`). The parts of an item, normalised, are
    read only where they are looked at. `copies` are the items that are the same as an earlier one, with
    its place.
    """

    def __init__(self, keys: Sequence[bytes | None], read: ReadParts) -> None:
        self.copies: dict[int, int] = {}
        first: dict[bytes, int] = {}
        for place, key in enumerate(keys):
            if key is not None and (original := first.setdefault(key, place)) != place:
                self.copies[place] = original
        self.places = list(first.values())
        *parts, groups = digests_of(list(first))
        self._group_digests, self.groups, _ = numbers_of(groups)
        self.several = len(self._group_digests) > 1
        self._read, self._texts = read, dict[int, tuple[str, ...]]()
        self.texts: list[Texts] = []
        self.of: list[Places] = []  # for each part and item the number of its text
        for part, digests in enumerate(parts):
            known, numbers, holders = numbers_of(digests)
            self.texts.append(Texts(known, holders, part, self._of_items))
            self.of.append(numbers)

    def __len__(self) -> int:
        """How many different items there are."""
        return len(self.places)

    def in_group(self, group: str) -> NDArray[np.bool_]:
        """Which items are of a group, normalised."""

        ((wanted,),) = digests_of([in_group(group)])
        found: NDArray[np.bool_] = (self._group_digests == wanted)[self.groups]
        return found

    def all_texts(self) -> list[list[str]]:
        """For each part its different texts."""
        import numpy as np

        return [texts.of(np.arange(len(texts))) for texts in self.texts]

    def _of_items(self, items: Sequence[int]) -> list[tuple[str, ...]]:
        """The normalised texts of some items, which are kept."""
        new = sorted({item for item in items if item not in self._texts})
        read = self._read([self.places[item] for item in new]) if new else []
        self._texts.update(zip(new, read, strict=True))
        return [self._texts[item] for item in items]

    def alike(
        self,
        at_least: float,
        *,
        ranked: bool = False,
        made: Sequence[bytes | None] | None = None,
        counted: CountedPairs | None = None,
    ) -> Iterator[tuple[int, int, float]]:
        """`(i, j, similarity)`, i < j, of the items that are no copies and at least so alike.

        Up to 2,000 of them are all compared. Of more, MinHash finds the candidates, and an exact count confirms them:
        no pair is wrong, and about one or two in a thousand of those near `at_least` are missing. Where very many are
        alike, each item is paired with a hundred others at most: with the items most like it, and those that are
        preferred to all. Which are preferred depends on what the items say, or, where they are `ranked`, on their
        order, the best first. `made` are the sketches for this bound, where these are known, and `counted` what was
        counted before: neither changes what is found.
        """
        if len(self) <= FEW:
            found = self._every(at_least)
        else:
            found = self._near(*self._brought_together(at_least, ranked, made, counted), at_least)
        for one, other, similarity in found:
            low, high = sorted((self.places[one], self.places[other]))
            yield low, high, similarity

    def joined(
        self, at_least: float, *, made: Sequence[bytes | None] | None = None, counted: CountedPairs | None = None
    ) -> Iterator[tuple[int, int]]:
        """Pairs `(i, j)` of those that `alike` finds, which join the same items, directly or through others.

        Of more than 2,000 items, two that others have joined already are not compared: where very many are alike, as
        the prompts of one template, about one pair of an item is counted in the place of some fifty.
        """
        if len(self) <= FEW:
            yield from (pair[:2] for pair in self.alike(at_least))
            return
        parts, first, second = self._brought_together(at_least, False, made, counted)
        sets = DisjointSets(len(self))
        for some in _rounds(second):
            some = some[sets.apart(first[some], second[some])]
            for one, other, _ in self._near(parts, first[some], second[some], at_least):
                if sets.join(one, other):
                    low, high = sorted((self.places[one], self.places[other]))
                    yield low, high

    def _every(self, at_least: float) -> Iterator[tuple[int, int, float]]:
        """The pairs among all."""
        import numpy as np

        alike = [every_pair(texts) for texts in self.all_texts()]
        for later in range(1, len(self)):
            similarity = np.ones(later)
            for square, numbers in zip(alike, self.of, strict=True):
                np.minimum(similarity, square[numbers[later], numbers[:later]], out=similarity)
            if self.several:
                similarity[self.groups[:later] != self.groups[later]] = 0
            (near,) = (similarity >= at_least).nonzero()
            for earlier, value in zip(near.tolist(), similarity[near].tolist(), strict=True):
                yield earlier, later, value

    def _brought_together(
        self, at_least: float, ranked: bool, known: Sequence[bytes | None] | None, counted: CountedPairs | None
    ) -> tuple[list[_Part], Places, Places]:
        """The pairs that sketches bring together, sorted by the second of each; and what counts those."""
        import numpy as np

        count = len(self)
        rank = np.arange(count) if ranked else self._by_content()
        there = np.stack([numbers != texts.blank for texts, numbers in zip(self.texts, self.of, strict=True)], axis=1)
        table, told = unpacked(self._sketches(at_least, known), there, at_least)
        parts = [
            _Part(texts, each, of, at_least, counted) for texts, each, of in zip(self.texts, told, self.of, strict=True)
        ]
        if len(parts) > 1:
            some = np.any([part.templated[of] for part, of in zip(parts, self.of, strict=True)], axis=0)
            for part, of in zip(parts, self.of, strict=True):
                part.complete(of[some])
        shape = there @ (1 << np.arange(len(parts)))
        codes = [np.zeros(0, np.int64)]
        for kind in np.unique(shape).tolist():  # items with the same parts blank
            (members,) = (shape == kind).nonzero()
            shown = [
                (part, of) for place, (part, of) in enumerate(zip(parts, self.of, strict=True)) if kind >> place & 1
            ]
            whole = SketchTable(table[members], bands_for(at_least, WHOLE), at_least)
            for one, other in _met(shown, whole, members, self.groups, rank):
                codes.append(one * count + other)
        pairs = distinct(np.concatenate(codes))
        first, second = pairs // count, pairs % count
        order = np.lexsort((first, second))
        return parts, first[order], second[order]

    def _sketches(self, at_least: float, known: Sequence[bytes | None] | None) -> Iterator[PackedSketches]:
        """Those of all items, some at a time: made, or as they are known."""
        for start in range(0, len(self), BLOCK):
            some = range(start, min(start + BLOCK, len(self)))
            if known is None:
                yield packed(self._of_items(some), at_least)
            else:
                yield put_together([known[self.places[item]] for item in some])

    def _near(
        self, parts: Sequence[_Part], first: Places, second: Places, at_least: float
    ) -> Iterator[tuple[int, int, float]]:
        """Those of some pairs that are so alike, by an exact count."""
        import numpy as np

        similarity = np.ones(len(first))
        for part, of in zip(parts, self.of, strict=True):
            apart = (of[first] != of[second]) & (of[second] != part.texts.blank) & (similarity >= at_least)
            values = part.measured.each(of[second[apart]], of[first[apart]], at_least)
            similarity[apart] = np.minimum(similarity[apart], values)
        near = similarity >= at_least
        yield from zip(first[near].tolist(), second[near].tolist(), similarity[near].tolist(), strict=True)

    def _by_content(self) -> Places:
        """A rank that depends on what items say alone: the order of the digests of their parts."""
        import numpy as np

        rank = np.empty(len(self), np.intp)
        said = [texts.digests[of] for texts, of in zip(self.texts, self.of, strict=True)]
        rank[np.lexsort([self._group_digests[self.groups], *reversed(said)])] = np.arange(len(self))
        return rank


class _Part:
    """One part of all items: its different texts, what is template in them, and the sketches of what is not."""

    def __init__(self, texts: Texts, told: Told, of: Places, at_least: float, counted: CountedPairs | None) -> None:
        import numpy as np

        self.texts = texts
        # No other text has a run that is common, or one that a number in such a run depends on: it has no part in what
        # is template, and is not looked at.
        looked = told.common(of, len(texts))
        chunks = Chunks(texts.of(np.flatnonzero(looked)))
        numbered = [chunk.numbered(chunk.runs(RUN))[1] for _, chunk in chunks]
        if numbered and np.any(more := told.with_numbers(of, np.concatenate(numbered), len(texts)) & ~looked):
            looked |= more
            chunks = Chunks(texts.of(np.flatnonzero(looked)))
        templates = Templates(chunks)
        self.templated = np.zeros(len(texts), bool)
        self.own = np.zeros((0, bands_for(at_least / SLACK, OWN).numbers), np.uint32)
        self.at = np.full(len(texts), -1, np.intp)  # for each text its place in `own`
        self.measured = Measured(texts, templates, self.templated, counted)
        if not len(templates.runs):
            return
        likely = [start + templates.likely(chunk) for start, chunk in chunks]
        places, start = np.flatnonzero(looked)[np.concatenate(likely)], 0
        for _, chunk in Chunks(texts.of(places)):
            flags, rests = templates.rests(chunk)
            mine, start = places[start : start + len(flags)], start + len(flags)
            self.templated[mine[flags]] = True
            rested = np.array([bool(len(rest)) for rest in rests])
            self._add(mine[flags & rested], [rests[place] for place in np.flatnonzero(flags & rested).tolist()])
            self.complete(mine[flags & ~rested])

    def _add(self, numbers: Places, sets: Sequence[Hashes]) -> None:
        import numpy as np

        self.at[numbers] = len(self.own) + np.arange(len(numbers))
        self.own = np.concatenate([self.own, sketches(sets, self.own.shape[1])])

    def complete(self, needed: Places) -> None:
        """Sketch these texts as a whole where they have no rest, since other parts of their items do."""
        needed = distinct(needed)
        places, start = needed[self.at[needed] < 0], 0
        for _, chunk in Chunks(self.texts.of(places)):
            sets = chunk.shingles()
            self._add(places[start : start + len(sets)], sets)
            start += len(sets)


def _rounds(second: Places) -> Iterator[Places]:
    """Pairs, sorted by the second item, in groups: one pair of each item, then two, four and so on, until there are no
    more. So what the first ones join is known before the most are counted.
    """
    import numpy as np

    number = np.arange(len(second)) - np.searchsorted(second, second)  # of a pair among those of its item
    start, size = 0, 1
    while len(some := np.flatnonzero((number >= start) & (number < start + size))):
        yield some
        start, size = start + size, 2 * size


def _met(
    there: Sequence[tuple[_Part, Places]], whole: SketchTable, members: Places, groups: Places, rank: Places
) -> Iterator[tuple[Places, Places]]:
    """Candidates among the items with the same parts: by all that they say, and by their rests where they have any."""
    import numpy as np

    kinds = np.zeros(len(members), np.intp)
    for place, (part, of) in enumerate(there):
        kinds += part.templated[of[members]].astype(np.intp) << place
    group, rank = groups[members].astype(np.uint64), rank[members]
    if not np.any(kinds):
        one, other = candidates(whole, group, rank)
        yield members[one], members[other]
        return
    some = np.flatnonzero(kinds)
    bands = bands_for(whole.at_least / SLACK, OWN)
    rests = np.empty((len(some), bands.numbers), np.uint32)
    for place, (part, of) in enumerate(there):
        # The numbers of a band come from each part in turn: two items share one only where every part is alike.
        rests[:, place :: len(there)] = part.own[part.at[of[members[some]]], place :: len(there)]
    own = SketchTable(rests, bands, whole.at_least / SLACK)
    at = np.zeros(len(members), np.intp)
    at[some] = np.arange(len(some))
    one, other = candidates(whole, group, rank, RestTable(own, kinds, at))
    yield members[one], members[other]
    one, other = candidates(own, group[some], rank[some])
    yield members[some[one]], members[some[other]]
