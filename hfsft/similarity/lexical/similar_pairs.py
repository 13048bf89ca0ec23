"""Pairs: which of many items are alike, each part of an item compared for itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import compress, pairwise
from typing import TYPE_CHECKING

from hfsft.similarity.lexical.candidates import SketchTable, bands_for, candidates
from hfsft.similarity.lexical.measure import SLACK, Measured, every_pair
from hfsft.similarity.lexical.shingles import Chunks, distinct
from hfsft.similarity.lexical.sketches import sketches
from hfsft.similarity.lexical.templates import Templates
from hfsft.similarity.normalise import normalise

if TYPE_CHECKING:
    from hfsft.similarity.lexical.shingles import Places
    from hfsft.similarity.lexical.sketches import Sketches

Item = str | tuple[str, ...]

FEW = 2000  # so many different items are all compared
WHOLE = 224  # numbers in the sketch of a text at most
COUNTED = 1 << 22  # characters of the pairs that are counted at once
OWN = 352  # in that of its rest, of which less has to be in common


def parts_of(item: Item) -> tuple[str, ...]:
    """The parts of an item, normalised."""
    return tuple(map(normalise, (item,) if isinstance(item, str) else item))


class Items:
    """Items to compare, each a text or a tuple of texts; those of different groups are not alike at all.

    `copies` are the items that are the same as an earlier one (and its group) once normalised, with its place.
    """

    def __init__(self, items: Sequence[Item], groups: Sequence[str] | None = None) -> None:
        import numpy as np

        self.copies: dict[int, int] = {}
        first: dict[tuple[str, ...], int] = {}
        shown = [normalise(group) for group in groups] if groups else [""] * len(items)
        for place, (item, group) in enumerate(zip(items, shown, strict=True)):
            parts = parts_of(item)
            if any(parts) and (original := first.setdefault((group, *parts), place)) != place:
                self.copies[place] = original
        self.keys, self.places = list(first), list(first.values())
        self.groups = _numbers([group for group, *_ in self.keys])[1]
        self.texts: list[list[str]] = []
        self.of: list[Places] = []  # for each part and item the number of its text
        for part in zip(*(parts for _, *parts in self.keys), strict=True):
            texts, numbers = _numbers(part)
            self.texts.append(texts)
            self.of.append(numbers)
        self.several = len(np.unique(self.groups)) > 1

    def alike(self, at_least: float, *, ranked: bool = False) -> Iterator[tuple[int, int, float]]:
        """`(i, j, similarity)`, i < j, of the items that are no copies and at least so alike.

        Up to 2,000 of them are all compared. Of more, MinHash finds the candidates, and an exact count confirms them:
        no pair is wrong, and about one or two in a thousand of those near `at_least` are missing. Where very many are
        alike, each item is paired with a hundred others at most: with the items most like it, and those that are
        preferred to all. Which are preferred depends on what the items say, or, where they are `ranked`, on their
        order, the best first.
        """
        found = self.every(at_least) if len(self.keys) <= FEW else self.some(at_least, ranked)
        for one, other, similarity in found:
            low, high = sorted((self.places[one], self.places[other]))
            yield low, high, similarity

    def every(self, at_least: float) -> Iterator[tuple[int, int, float]]:
        """The pairs among all."""
        import numpy as np

        alike = [every_pair(texts) for texts in self.texts]
        for later in range(1, len(self.keys)):
            similarity = np.ones(later)
            for square, numbers in zip(alike, self.of, strict=True):
                np.minimum(similarity, square[numbers[later], numbers[:later]], out=similarity)
            if self.several:
                similarity[self.groups[:later] != self.groups[later]] = 0
            (near,) = (similarity >= at_least).nonzero()
            for earlier, value in zip(near.tolist(), similarity[near].tolist(), strict=True):
                yield earlier, later, value

    def some(self, at_least: float, ranked: bool) -> Iterator[tuple[int, int, float]]:
        """The pairs that sketches bring together and a count confirms."""
        import numpy as np

        count = len(self.keys)
        rank = np.arange(count) if ranked else self._by_content()
        parts = [_Part(texts, at_least) for texts in self.texts]
        if len(parts) > 1:
            some = np.any([part.templated[of] for part, of in zip(parts, self.of, strict=True)], axis=0)
            for part, of in zip(parts, self.of, strict=True):
                part.complete(of[some])
        blank = np.array([texts.index("") if "" in texts else -1 for texts in self.texts])
        shape = sum(
            (numbers != none) << place for place, (numbers, none) in enumerate(zip(self.of, blank, strict=True))
        )
        codes = [np.zeros(0, np.int64)]
        for kind in np.unique(shape).tolist():  # items with the same parts blank
            (members,) = (shape == kind).nonzero()
            there = [
                (part, of) for place, (part, of) in enumerate(zip(parts, self.of, strict=True)) if kind >> place & 1
            ]
            for one, other in _met(there, members, self.groups, rank, at_least):
                codes.append(one * count + other)
        pairs = distinct(np.concatenate(codes))
        first, second = pairs // count, pairs % count
        order = np.lexsort((first, second))
        first, second = first[order], second[order]
        for one, other in self._blocks(first, second):
            similarity = np.ones(len(one))
            for part, of, none in zip(parts, self.of, blank, strict=True):
                apart = (of[one] != of[other]) & (of[other] != none)
                values = part.measured.each(of[other[apart]], of[one[apart]])
                similarity[apart] = np.minimum(similarity[apart], values)
            near = similarity >= at_least
            yield from zip(one[near].tolist(), other[near].tolist(), similarity[near].tolist(), strict=True)

    def _blocks(self, first: Places, second: Places) -> Iterator[tuple[Places, Places]]:
        """Pairs in groups whose texts have not too many characters together."""
        import numpy as np

        sizes = np.zeros(len(first), np.intp)
        for texts, of in zip(self.texts, self.of, strict=True):
            lengths = np.array([len(text) for text in texts], np.intp)
            sizes += lengths[of[first]] + lengths[of[second]]
        block = np.cumsum(sizes) // COUNTED
        borders = [*np.flatnonzero(np.diff(block, prepend=-1)).tolist(), len(first)]
        for start, stop in pairwise(borders):
            yield first[start:stop], second[start:stop]

    def _by_content(self) -> Places:
        """A rank that depends on what items say alone."""
        import numpy as np

        hashes = [
            hashlib.blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=8).digest() for key in self.keys
        ]
        rank = np.empty(len(hashes), np.intp)
        rank[np.argsort(np.frombuffer(b"".join(hashes), "<u8"), kind="stable")] = np.arange(len(hashes))
        return rank


class _Part:
    """One part of all items: its different texts and their sketches."""

    def __init__(self, texts: Sequence[str], at_least: float) -> None:
        import numpy as np

        chunks = Chunks(texts)
        templates = Templates(chunks)
        self.measured = Measured(texts, templates)
        self.templated = np.zeros(len(texts), bool)
        whole, own = bands_for(at_least, WHOLE), bands_for(at_least / SLACK, OWN)
        self.whole = np.empty((len(texts), whole.numbers), np.uint32)
        self.own = np.zeros((len(texts) if len(templates.runs) else 0, own.numbers), np.uint32)
        for start, chunk in chunks:
            sets = chunk.shingles()
            part = slice(start, start + len(sets))
            self.whole[part] = sketches(sets, whole.numbers)
            if len(templates.runs):
                self.templated[part], rests = templates.rests(chunk)
                flags = self.templated[part]
                own_sets = [rest if len(rest) else one for rest, one in compress(zip(rests, sets, strict=True), flags)]
                self.own[part][flags] = sketches(own_sets, own.numbers)

    def complete(self, needed: Places) -> None:
        """Sketch these texts as a whole where they have no rest, since other parts of their items do."""

        (bare,) = (~self.templated[needed := distinct(needed)]).nonzero()
        places = needed[bare] if len(self.own) else bare[:0]
        start = 0
        for _, chunk in Chunks([self.measured.texts[place] for place in places.tolist()]):
            sets = chunk.shingles()
            self.own[places[start : start + len(sets)]] = sketches(sets, self.own.shape[1])
            start += len(sets)


def _met(
    there: Sequence[tuple[_Part, Places]], members: Places, groups: Places, rank: Places, at_least: float
) -> Iterator[tuple[Places, Places]]:
    """Candidates among the items with the same parts: by all that they say, and by their rests where they have any."""
    import numpy as np

    kinds = sum(part.templated[of[members]].astype(np.intp) << place for place, (part, of) in enumerate(there))
    group = groups[members].astype(np.uint64)

    def table(made: list[Sketches], share: float, numbers: int) -> SketchTable:
        """The numbers of a band come from each part in turn: two items share one only where every part is alike."""
        bands, texts = bands_for(share, numbers), [of[members] for _, of in there]
        if len(made) == 1 and np.array_equal(texts[0], np.arange(len(made[0]))):
            return SketchTable(made[0], bands, share)
        columns = []
        for number in range(bands.numbers):
            part = number % len(made)
            columns.append(made[part][texts[part], number % made[part].shape[1]])
        return SketchTable(np.stack(columns, axis=1), bands, share)

    whole = table([part.whole for part, _ in there], at_least, WHOLE)
    if not np.any(kinds):
        one, other = candidates(whole, group, rank[members])
        yield members[one], members[other]
        return
    own = table([part.own if len(part.own) else part.whole for part, _ in there], at_least / SLACK, OWN)
    one, other = candidates(whole, group, rank[members], (own, np.asarray(kinds)))
    yield members[one], members[other]
    some = np.flatnonzero(kinds)
    one, other = candidates(own._replace(sketches=own.sketches[some]), group[some], rank[members[some]])
    yield members[some[one]], members[some[other]]


def _numbers(values: Sequence[str]) -> tuple[list[str], Places]:
    """The different values, in the order that they come, and for each value its number among them."""
    import numpy as np

    known: dict[str, int] = {}
    numbers = [known.setdefault(value, len(known)) for value in values]
    return list(known), np.array(numbers, np.intp)
