"""Normalised texts as sets of hashes: runs of characters (shingles), and runs of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hfsft.letters.characters import IDEOGRAPHS, WORDLESS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Places = NDArray[np.intp]
    Codes = NDArray[np.uint8] | NDArray[np.uint32]
    Number = TypeVar("Number", np.uint64, np.intp)

SHINGLE = 4  # characters
WORD = 4  # how much a word weighs in a run of words; a character of a script without spaces weighs less
IDEOGRAPH = 2
LETTER = 1
CHUNK = 1 << 16  # characters that are looked at together: so many that what is made of them stays in a core's cache
KEPT = 1 << 23  # characters of texts whose words are kept

_BASE = 0x9E3779B97F4A7C15
_BLANK, _PAD, _ZERO, _NINE = 32, 0, 48, 57


class Spans(NamedTuple):
    """Runs of words of several texts, text by text: of which text each is, and its tokens (stop excluded)."""

    text: Places
    first: Places
    stop: Places


class Runs(NamedTuple):
    """The same with their hashes."""

    text: Places
    hashes: Hashes
    first: Places
    stop: Places


class Chunks:
    """Normalised texts in groups of some ten thousand characters, to be gone through several times.

    Where they are not too many, the groups are kept with the words that they were cut into; else made each time.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.characters = sum(map(len, texts))
        self._kept = list(self._made()) if self.characters <= KEPT else None

    def __len__(self) -> int:
        """The number of texts."""
        return len(self._texts)

    def __iter__(self) -> Iterator[tuple[int, Chunk]]:
        """Each group, with the place of its first text."""
        return self._made() if self._kept is None else iter(self._kept)

    def _made(self) -> Iterator[tuple[int, Chunk]]:
        start = size = 0
        for place, text in enumerate(self._texts):
            size += len(text)
            if size >= CHUNK:
                yield start, Chunk(self._texts[start : place + 1])
                start, size = place + 1, 0
        if start < len(self._texts):
            yield start, Chunk(self._texts[start:])


class Chunk:
    """Some normalised texts as one row of character codes, each text between two blanks."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        padded = [f" {text} " if len(text) > SHINGLE - 3 else f" {text} ".ljust(SHINGLE, chr(_PAD)) for text in texts]
        joined = "".join(padded)
        encoded = joined.encode("ascii") if joined.isascii() else joined.encode("utf-32-le", "surrogatepass")
        self.codes: Codes = np.frombuffer(encoded, np.uint8 if len(encoded) == len(joined) else "<u4")
        self.starts = np.concatenate([[0], np.cumsum([len(text) for text in padded], dtype=np.intp)])
        self._tokens: tuple[Places, Places, Places | None, Places, Places] | None = None
        self._runs: dict[int, Runs] = {}
        self._sums: Hashes | None = None

    def __len__(self) -> int:
        """The number of texts."""
        return len(self.starts) - 1

    def bags(self) -> tuple[Hashes, Places]:
        """The hashes of the runs of 4 characters, text by text, one for each time that a run stands, and their ends.

        Those of one text are all different, and in no order that says anything.
        """
        import numpy as np

        # A polynomial of four characters, from those of each two that stand side by side.
        codes = self.codes.astype(np.uint64)
        pairs = codes[:-1] * np.uint64(_BASE)
        pairs += codes[1:]
        hashes = pairs[:-2] * np.uint64(_BASE * _BASE % (1 << 64))
        hashes += pairs[2:]
        hashes ^= hashes >> np.uint64(32)
        lengths = np.diff(self.starts) - SHINGLE + 1
        inside = np.ones(len(hashes), bool)
        for place in range(1, SHINGLE):
            inside[self.starts[1:-1] - place] = False  # a run that begins in one text and ends in the next
        hashes, ends = hashes[inside], np.cumsum(lengths)
        start = 0
        for end in ends.tolist():
            hashes[start:end].sort()
            start = end
        return _told_apart(hashes, ends - lengths), ends

    def shingles(self) -> list[Hashes]:
        """For each text the sorted 64-bit hashes of its runs of 4 characters, one for each time that a run stands."""
        hashes, ends = self.bags()
        starts = [0, *ends.tolist()]
        found = [hashes[start:end] for start, end in pairwise(starts)]
        for each in found:
            each.sort()
        return found

    def runs(self, weight: int) -> Runs:
        """The shortest runs of words from each word on that weigh so much; of a lighter text the whole."""
        if weight not in self._runs:
            self._runs[weight] = self._runs_of(weight)
        return self._runs[weight]

    def _runs_of(self, weight: int) -> Runs:
        begins, ends, *_ = self._tokens = self._tokens or self._cut()
        text, first, stop = self.spans(weight)
        return Runs(text, self._hashed(begins[first], ends[stop - 1]), first, stop)

    def spans(self, weight: int) -> Spans:
        """The same runs, where their hashes are not asked for."""
        import numpy as np

        begins, _, weights, firsts, owner = self._tokens = self._tokens or self._cut()
        first = np.arange(len(begins))
        if weights is None:
            stop = first + -(-weight // WORD)
        else:
            total = np.concatenate([[0], np.cumsum(weights)])
            stop = np.searchsorted(total, total[:-1] + weight)
        last = firsts[owner + 1]
        light = (first == firsts[owner]) & (stop > last)
        stop = np.where(light, last, stop)
        (first,) = (stop <= last).nonzero()
        return Spans(owner[first], first, stop[first])

    def numbered(self, runs: Runs | Spans) -> tuple[Places, Hashes]:
        """Which of some runs have a number in them, and for each of these a hash that is the same for all numbers."""
        import numpy as np

        begins, ends, *_ = self._tokens = self._tokens or self._cut()
        number = self.with_digits()
        if not number.any():
            return np.zeros(0, np.intp), np.zeros(0, np.uint64)
        numbers = np.concatenate([[0], np.cumsum(number)])
        (some,) = (numbers[runs.stop] > numbers[runs.first]).nonzero()
        words = np.where(number, np.uint64(_BASE), self._hashed(begins, ends))
        powers, inverse = _powers(1 << max(len(self.codes), 1).bit_length())
        sums = np.zeros(len(words) + 1, np.uint64)
        np.cumsum(mixed(words) * powers[: len(words)], out=sums[1:])
        first, stop = runs.first[some], runs.stop[some]
        return some, mixed((sums[stop] - sums[first]) * inverse[first])

    def with_digits(self) -> NDArray[np.bool_]:
        """Which words have a digit in them."""
        import numpy as np

        begins, ends, *_ = self._tokens = self._tokens or self._cut()
        (digits,) = ((self.codes >= _ZERO) & (self.codes <= _NINE)).nonzero()
        found: NDArray[np.bool_] = np.searchsorted(digits, ends) > np.searchsorted(digits, begins)
        return found

    def tokens(self) -> tuple[Places, Places]:
        """The text of each word, and for each text (and behind the last) where its words begin among all."""
        self._tokens = self._tokens or self._cut()
        return self._tokens[4], self._tokens[3]

    def _cut(self) -> tuple[Places, Places, Places | None, Places, Places]:
        """Where words begin and end, their weights, the first word of each text, the text of each word.

        None for weights says that all are words between blanks.
        """
        import numpy as np

        blank = (self.codes == _BLANK) | (self.codes == _PAD)
        begin = ~blank
        if self.codes.itemsize == 1 or not len(self.codes) or self.codes.max() < WORDLESS[0][0]:
            end = blank.copy()
            end[1:] &= ~blank[:-1]
            begin[1:] &= blank[:-1]
            (begins,), (ends,) = begin.nonzero(), end[1:].nonzero()
            firsts = np.searchsorted(begins, self.starts)
            owner = np.repeat(np.arange(len(firsts) - 1), np.diff(firsts))
            return begins, ends + 1, None, firsts, owner
        char = np.where(blank, 0, WORD)
        char[_within(self.codes, WORDLESS)] = LETTER
        char[_within(self.codes, IDEOGRAPHS)] = IDEOGRAPH
        unspaced = (char > 0) & (char < WORD)
        begin[1:] &= blank[:-1] | unspaced[1:] | unspaced[:-1]
        (begins,) = begin.nonzero()
        (borders,) = (begin | blank).nonzero()
        ends = borders[np.searchsorted(borders, begins, "right")]  # there is one: texts end with a blank
        owner = np.searchsorted(self.starts, begins, "right") - 1
        return begins, ends, char[begins], np.searchsorted(begins, self.starts), owner

    def _hashed(self, begins: Places, ends: Places) -> Hashes:
        """Hashes of the characters between: a polynomial, from sums up to each character."""
        import numpy as np

        powers, inverse = _powers(1 << max(len(self.codes), 1).bit_length())
        if self._sums is None:
            self._sums = np.zeros(len(self.codes) + 1, np.uint64)
            letters = _letters()[self.codes] if self.codes.itemsize == 1 else mixed(self.codes.astype(np.uint64))
            np.cumsum(letters * powers[: len(self.codes)], out=self._sums[1:])
        return mixed((self._sums[ends] - self._sums[begins]) * inverse[begins])


def shingles(text: str) -> Hashes:
    """Sorted 64-bit hashes of the runs of 4 characters in a normalised text; of a shorter text one.

    A run that stands there again has another hash each time, so that texts of a few words in other numbers and orders
    are told apart.
    """
    return Chunk([text]).shingles()[0]


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The different values, sorted; faster than `numpy.unique`, which builds a table of few."""
    import numpy as np

    ordered: NDArray[Number] = np.sort(values)
    new = np.concatenate([np.ones(min(len(ordered), 1), bool), ordered[1:] != ordered[:-1]])
    found: NDArray[Number] = ordered[new]
    return found


def counted(hashes: Hashes, borders: Sequence[int]) -> list[Hashes]:
    """The hashes between each two borders, sorted and all different: the second of two that are equal is another, and
    so on. They are changed where they stand.
    """
    import numpy as np

    found = [hashes[start:end] for start, end in pairwise(borders)]
    for each in found:
        each.sort()
    _told_apart(hashes, np.array(borders[:-1], np.intp))
    for each in found:
        each.sort()
    return found


def _told_apart(hashes: Hashes, starts: Places) -> Hashes:
    """Hashes, sorted from each start on, with another in the place of each that stands there again."""
    import numpy as np

    same = np.zeros(len(hashes), bool)
    np.equal(hashes[1:], hashes[:-1], out=same[1:])
    same[starts[starts < len(hashes)]] = False
    (again,) = same.nonzero()
    if len(again):
        # How often a hash stood before: the places from the first of those that follow on one another.
        begins = np.concatenate([[True], again[1:] != again[:-1] + 1])
        first = np.flatnonzero(begins)
        number = np.arange(len(again)) - first[np.cumsum(begins) - 1] + 1
        hashes[again] += number.astype(np.uint64) * np.uint64(_BASE)
    return hashes


def mixed(hashes: Hashes) -> Hashes:
    """Each bit of the result depends on every bit: MurmurHash3's last step, of 64 bits."""
    import numpy as np

    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(factor)
    return hashes ^ (hashes >> np.uint64(33))


@lru_cache(1)
def _letters() -> Hashes:
    """Of each ASCII character what `mixed` makes of it."""
    import numpy as np

    return mixed(np.arange(128, dtype=np.uint64))


@lru_cache(2)
def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The powers of the base and of its inverse, modulo 2**64."""
    import numpy as np

    def of(base: int) -> Hashes:
        factors = np.full(count, base, np.uint64)
        factors[0] = 1
        return np.cumprod(factors)

    return of(_BASE), of(pow(_BASE, -1, 1 << 64))


def _within(codes: Codes, ranges: tuple[tuple[int, int], ...]) -> NDArray[np.bool_]:
    import numpy as np

    borders = np.array(list(chain.from_iterable((first, last + 1) for first, last in ranges)), np.uint32)
    inside: NDArray[np.bool_] = np.searchsorted(borders, codes, "right") % 2 == 1
    return inside
