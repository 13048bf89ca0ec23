"""Pairs: which of many items are alike, each part of an item compared for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.families import DisjointSets
from hfsft.similarity.lexical.candidates import WHOLE, RestTable, SketchTable, bands_for, candidates
from hfsft.similarity.lexical.counts import RUN
from hfsft.similarity.lexical.measure import ROWS, SLACK, EveryPair, Measured, Texts
from hfsft.similarity.lexical.packed import BLOCK, digests_of, in_group, numbers_of, packed, put_together
from hfsft.similarity.lexical.shingles import Chunks, distinct, mixed
from hfsft.similarity.lexical.sketches import sketches
from hfsft.similarity.lexical.templates import Templates
from hfsft.similarity.lexical.told_runs import unpacked
from hfsft.similarity.normalise import normalise
from hfsft.similarity.normalise_many import normalise_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.measure import CountedPairs, Shares
    from hfsft.similarity.lexical.packed import PackedSketches
    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.sketches import Sketches
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

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which parts each item has; the others are blank."""
        import numpy as np

        return np.stack([numbers != texts.blank for texts, numbers in zip(self.texts, self.of, strict=True)], axis=1)

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
            found = self.near(*self._brought_together(at_least, ranked, made, counted), at_least)
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
            for one, other, _ in self.near(parts, first[some], second[some], at_least):
                if sets.join(one, other):
                    low, high = sorted((self.places[one], self.places[other]))
                    yield low, high

    def _every(self, at_least: float) -> Iterator[tuple[int, int, float]]:
        """The pairs among all."""
        import numpy as np

        parts = [self._rows_of(texts, of, at_least) for texts, of in zip(self.texts, self.of, strict=True)]
        for start in range(0, len(self), ROWS):
            stop = min(start + ROWS, len(self))
            similarity = np.ones((stop - start, stop))
            for part in parts:
                np.minimum(similarity, part(start, stop), out=similarity)
            near = similarity >= at_least
            near[:, start:] &= np.tri(stop - start, k=-1, dtype=bool)
            if self.several:
                near &= self.groups[start:stop, None] == self.groups[:stop]
            later, earlier = near.nonzero()
            yield from zip(earlier.tolist(), (later + start).tolist(), similarity[later, earlier].tolist(), strict=True)

    def _rows_of(self, texts: Texts, numbers: Places, at_least: float) -> Callable[[int, int], Shares]:
        """What gives how alike one part of some items (start and stop) is to that of each before them."""
        import numpy as np

        if len(texts) == len(self):  # an item has its own text
            pairs = EveryPair(texts.of(numbers))
            return lambda start, stop: pairs.rows(start, stop, at_least)
        square = EveryPair(texts.of(np.arange(len(texts)))).square()
        return lambda start, stop: square[np.ix_(numbers[start:stop], numbers[:stop])]

    def _brought_together(
        self, at_least: float, ranked: bool, known: Sequence[bytes | None] | None, counted: CountedPairs | None
    ) -> tuple[list[PartTexts], Places, Places]:
        """The pairs that sketches bring together, sorted by the second of each; and what counts those."""
        import numpy as np

        count = len(self)
        rank = np.arange(count) if ranked else self._by_content()
        table, told = unpacked(self._sketches(at_least, known), self.there, at_least)
        numbers = bands_for(at_least / SLACK, OWN).numbers
        parts = [
            PartTexts(texts, *looked_at(texts, each, of), numbers, counted)
            for texts, each, of in zip(self.texts, told, self.of, strict=True)
        ]
        codes = [np.zeros(0, np.int64)]
        for alike in self.alike_in_parts(parts, table, at_least):
            for one, other in alike.met(rank[alike.members]):
                codes.append(one * count + other)
        pairs = distinct(np.concatenate(codes))
        first, second = pairs // count, pairs % count
        order = np.lexsort((first, second))
        return parts, first[order], second[order]

    def alike_in_parts(self, parts: Sequence[PartTexts], table: Sketches, at_least: float) -> Iterator[SameParts]:
        """The items, those with the same parts blank at a time, as they are brought together."""
        import numpy as np

        if len(parts) > 1:
            some = np.any([part.templated[of] for part, of in zip(parts, self.of, strict=True)], axis=0)
            for part, of in zip(parts, self.of, strict=True):
                part.complete(of[some])
        shape = self.there @ (1 << np.arange(len(parts)))
        heads = np.ascontiguousarray(self._group_digests[self.groups].astype("S8")).view("<u8").astype(np.uint64)
        for kind in distinct(shape).tolist():
            (members,) = (shape == kind).nonzero()
            shown = [
                (part, of[members])
                for place, (part, of) in enumerate(zip(parts, self.of, strict=True))
                if kind >> place & 1
            ]
            group = mixed(heads[members] + np.uint64(kind))
            yield SameParts.of(shown, SketchTable(table[members], bands_for(at_least, WHOLE), at_least), members, group)

    def _sketches(self, at_least: float, known: Sequence[bytes | None] | None) -> Iterator[PackedSketches]:
        """Those of all items, some at a time: made, or as they are known."""
        for start in range(0, len(self), BLOCK):
            some = range(start, min(start + BLOCK, len(self)))
            if known is None:
                yield packed(self._of_items(some), at_least)
            else:
                yield put_together([known[self.places[item]] for item in some])

    def near(
        self, parts: Sequence[PartTexts], first: Places, second: Places, at_least: float
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


def looked_at(texts: Texts, told: Told, of: Places) -> tuple[Templates, Places]:
    """What is template in some texts, and which of them it may cover, `of` being the text of each item."""
    import numpy as np

    # No other text has a run that is common, or one that a number in such a run depends on: it has no part in what
    # is template, and is not looked at.
    looked = told.common(of, len(texts))
    chunks = Chunks(texts.of(np.flatnonzero(looked)))
    numbered = [chunk.numbered(chunk.runs(RUN))[1] for _, chunk in chunks]
    if numbered and np.any(more := told.with_numbers(of, np.concatenate(numbered), len(texts)) & ~looked):
        looked |= more
        chunks = Chunks(texts.of(np.flatnonzero(looked)))
    templates = Templates(chunks)
    return templates, np.flatnonzero(looked)[templates.likely_in(chunks)]


class PartTexts:
    """One part of some items: its different texts, what is template in them, and the sketches of what is not.

    `likely` are the texts that a template may cover; a sketch has so many `numbers`.
    """

    def __init__(
        self, texts: Texts, templates: Templates, likely: Places, numbers: int, counted: CountedPairs | None = None
    ) -> None:
        import numpy as np

        self.texts = texts
        self.templated = np.zeros(len(texts), bool)
        self.own = np.zeros((0, numbers), np.uint32)
        self.at = np.full(len(texts), -1, np.intp)  # for each text its place in `own`
        self.measured = Measured(texts, templates, self.templated, counted)
        start = 0
        for _, chunk in Chunks(texts.of(likely)):
            flags, rests = templates.rests(chunk)
            mine, start = likely[start : start + len(flags)], start + len(flags)
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


class SameParts(NamedTuple):
    """Items with the same parts: what they say, and of those that a template covers in any part the rests.

    `kinds` says for each which parts those are, `at` its place in `own`; `groups` is another number for items that are
    of another group or have other parts.
    """

    members: Places
    groups: Hashes
    whole: SketchTable
    own: SketchTable
    kinds: Places
    at: Places

    @classmethod
    def of(
        cls, there: Sequence[tuple[PartTexts, Places]], whole: SketchTable, members: Places, groups: Hashes
    ) -> SameParts:
        """Those of items with these parts, of which each has the text with that number."""
        import numpy as np

        kinds, at = np.zeros(len(members), np.intp), np.zeros(len(members), np.intp)
        for place, (part, of) in enumerate(there):
            kinds += part.templated[of].astype(np.intp) << place
        some = np.flatnonzero(kinds)
        at[some] = np.arange(len(some))
        least = whole.at_least / SLACK
        bands = bands_for(least, OWN)
        rests = np.empty((len(some), bands.numbers), np.uint32)
        for place, (part, of) in enumerate(there):
            # The numbers of a band come from each part in turn: two items share one only where every part is alike.
            rests[:, place :: len(there)] = part.own[part.at[of[some]], place :: len(there)]
        return cls(members, groups, whole, SketchTable(rests, bands, least), kinds, at)

    def met(self, rank: Places) -> Iterator[tuple[Places, Places]]:
        """Candidates: by all that items say, and by their rests where they have any."""
        import numpy as np

        some = np.flatnonzero(self.kinds)
        rests = RestTable(self.own, self.kinds, self.at) if len(some) else None
        one, other = candidates(self.whole, self.groups, rank, rests)
        yield self.members[one], self.members[other]
        if len(some):
            one, other = candidates(self.own, self.groups[some], rank[some])
            yield self.members[some[one]], self.members[some[other]]
