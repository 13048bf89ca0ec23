"""How alike texts are, letter by letter: pairs of near duplicates, and the families that they join.

Blind to meaning: a paraphrase in other words is not alike, and a sentence whose words were swapped is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

SHINGLE = 4  # characters
PERMUTATIONS = 128
SEED = 1  # of the permutations: results must be the same on every machine
MISSED = 0.9  # weight of missed pairs against false ones: a missed pair is lost, a false one costs a comparison
SEARCH = 0.85  # candidates are sought from a little below the bound, where MinHash still finds nearly all above it
FEW = 2000  # so many texts are all compared in less time and memory than importing datasketch takes
BLOCK = 512  # candidates compared at once; bounds the memory when everything is alike

_POWERS = str.maketrans({raised: f"^{plain}" for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)})
_WIDE_MARKS = re.compile("[。，、！？；：「」『』《》〈〉（）【】・]")  # stand without spaces, so none may be asked for
_QUOTES = re.compile("[\"'`´‘’‚“”„«»¿¡]")
_SENTENCE_MARKS = re.compile(r"[.,;:!?]+(?=\s|$)")  # not those inside 3.5, x:y or a.b


def normalise(text: str) -> str:
    """The text without what two people would type differently: case, width, white space, quotes, sentence marks.

    Signs that carry meaning stay (`6*7`, `6/7`, `x^2`, `3.5`). Empty only for a blank text.
    """
    if text.isascii():
        plain = text.casefold()
    else:
        shown = "".join(c for c in text if unicodedata.category(c) != "Cf")  # zero-width and direction marks
        plain = unicodedata.normalize("NFKC", _WIDE_MARKS.sub(" ", shown.translate(_POWERS))).casefold()
        plain = unicodedata.normalize("NFKC", plain)
    words = _SENTENCE_MARKS.sub(" ", _QUOTES.sub("", plain)).split()
    return " ".join(words or text.split())


def shingles(text: str) -> Hashes:
    """Sorted 64-bit hashes of the runs of 4 characters in a normalised text; of a shorter text one."""
    import numpy as np

    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    if len(codes) < SHINGLE:
        codes = np.pad(codes, (0, SHINGLE - len(codes)))
    width = len(codes) - SHINGLE + 1
    hashes = np.zeros(width, np.uint64)
    for place in range(SHINGLE):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + codes[place : place + width]
    return np.unique(hashes ^ (hashes >> np.uint64(32)))


def near_pairs(texts: Sequence[str], at_least: float) -> Iterator[tuple[int, int, float]]:
    """`(i, j, similarity)`, i < j, of the texts that share at least that much of their shingles (Jaccard, 0 to 1).

    MinHash finds the candidates among more than 2,000 texts, an exact count confirms them: no pair is wrong, and of
    those near `at_least` about two in a thousand are missing. Of texts that are the same once normalised only the
    first is compared with the others; the rest are paired with it alone (similarity 1), so a thousand copies make a
    thousand pairs. Blank texts are like nothing.
    """
    first: dict[str, int] = {}
    for place, text in enumerate(map(normalise, texts)):
        if text and (original := first.setdefault(text, place)) != place:
            yield original, place, 1.0
    places = list(first.values())
    sets = [shingles(text) for text in first]
    alike = _Comparer(sets)
    if len(sets) <= FEW:
        found = ((later, alike.earlier(later, at_least)) for later in range(1, len(sets)))
    else:
        candidates = enumerate(_candidates(sets, at_least * SEARCH))
        found = ((later, alike.among(later, block, at_least)) for later, block in candidates)
    for later, pairs in found:
        for earlier, similarity in pairs:
            yield places[earlier], places[later], similarity


def _candidates(sets: Sequence[Hashes], at_least: float) -> Iterator[list[int]]:
    """For each set the places of the earlier ones that MinHash takes for alike."""
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(threshold=at_least, num_perm=PERMUTATIONS, weights=(1 - MISSED, MISSED))
    rows = ((hashes & 0xFFFFFFFF).tolist() for hashes in sets)
    sketches = MinHash.generator(rows, num_perm=PERMUTATIONS, seed=SEED, hashfunc=int)
    for place, sketch in enumerate(sketches):
        yield sorted(lsh.query(sketch))
        lsh.insert(place, sketch, check_duplication=False)


class _Comparer:
    """Counts what sets share; shingles get small numbers, so that a look-up needs no search."""

    def __init__(self, sets: Sequence[Hashes]) -> None:
        import numpy as np

        known, numbers = np.unique(np.concatenate(sets) if sets else np.zeros(0, np.uint64), return_inverse=True)
        self.sizes = np.array([len(one) for one in sets], np.intp)
        starts = np.cumsum(self.sizes) - self.sizes
        self.starts = starts.tolist()
        self.numbers = np.split(numbers.astype(np.int32), starts[1:])
        self.marks = np.zeros(len(known), bool)
        self._numbers = numbers
        self._lists: tuple[Any, Any, Any] | None = None

    def earlier(self, one: int, at_least: float) -> Iterator[tuple[int, float]]:
        """The sets before this one that are at least so similar to it, with their similarity."""
        import numpy as np

        owners, first, here = self._lists = self._lists or self._inverted()
        entries = slice(self.starts[one], self.starts[one] + int(self.sizes[one]))
        places = zip(first[entries].tolist(), here[entries].tolist(), strict=True)
        found = [owners[start:stop] for start, stop in places]
        shared = np.bincount(np.concatenate(found), minlength=one)
        similarity = shared / (self.sizes[:one] + self.sizes[one] - shared)
        (alike,) = (similarity >= at_least).nonzero()
        yield from zip(alike.tolist(), similarity[alike].tolist(), strict=True)

    def among(self, one: int, others: list[int], at_least: float) -> Iterator[tuple[int, float]]:
        """The same among some others."""
        import numpy as np

        self.marks[self.numbers[one]] = True
        for start in range(0, len(others), BLOCK):
            block = others[start : start + BLOCK]
            sizes = self.sizes[block]
            numbers = np.concatenate([self.numbers[other] for other in block])
            shared = np.add.reduceat(self.marks[numbers], np.cumsum(sizes) - sizes, dtype=np.int64)
            similarity = (shared / (sizes + self.sizes[one] - shared)).tolist()
            yield from ((other, value) for other, value in zip(block, similarity, strict=True) if value >= at_least)
        self.marks[self.numbers[one]] = False

    def _inverted(self) -> tuple[Any, Any, Any]:
        """The sets that hold each shingle, list behind list, and for each entry where its list starts and it stands."""
        import numpy as np

        order = np.argsort(self._numbers, kind="stable")  # so that each list is in the order of the sets
        here = np.empty_like(order)
        here[order] = np.arange(len(order))
        counts = np.bincount(self._numbers)
        first = (np.cumsum(counts) - counts)[self._numbers]
        owners = np.repeat(np.arange(len(self.sizes), dtype=np.int32), self.sizes)[order]
        return owners, first, here


def families(count: int, pairs: Iterable[tuple[int, int] | tuple[int, int, float]]) -> list[int]:
    """For each of `count` items the smallest member of its family, where pairs join families."""
    parent = list(range(count))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for one, other, *_ in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return [root(item) for item in range(count)]
