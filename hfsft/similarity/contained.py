"""Which of many items stand in a text: whole, most of them, or lightly edited. Texts stream past an index of the items.

Of the normal form of a text (`normalise`) words are compared and no signs, so that lines wrapped in another way, marks,
case, Markdown and spacing make no difference; of a script without spaces a sign is a part of a word. An item is looked
for in three ways, of which the first that finds it is told:

- `exact`: the text has the words of the item, and no others.
- `ngrams`: the text holds at least such a share of the item's runs of 8 words (13 in GPT-3, Brown et al. 2020, appendix
  C; 8 and half of the item in Tulu 3, Lambert et al. 2024, section 3.2); of an item of 5 to 8 words the whole. What
  stands in more than 100 items is no mark of any, and does not count.
- `near`: in the part of the text where two of the rarest runs of three words of the item stand, there is at least such
  a share of its runs of 4 characters, as where some words or numbers of it were changed.

Items are searched by hashes of 64 bits; what two words differ in is never looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import TYPE_CHECKING, Literal, NamedTuple

from hfsft.letters.characters import IDEOGRAPHS, WORDLESS, signs
from hfsft.letters.late_patterns import at_first_use
from hfsft.similarity.lexical.shingles import IDEOGRAPH, LETTER, WORD, mixed, shingles
from hfsft.similarity.normalise import normalise, split_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Places = NDArray[np.intp]
    Shares = NDArray[np.float64]

Level = Literal["exact", "ngrams", "near", "meaning"]
"""How an item was found; `meaning` is what vectors tell, and no words."""
LEVELS: tuple[Level, ...] = ("exact", "ngrams", "near")

RARE = 3  # words of the runs that an item is found by which was edited
MARKS = 8  # rarest of these that are kept of an item
HITS = 2  # of them that stand in a text where the item is looked for
SHORT = 5  # words that an item has at least which is looked for within texts
LEAST = 3  # words that an item has at least which is looked for at all
COMMON = 100  # items in which a run may stand
SLACK = 0.2  # of the item's length, by which the part of the text is longer on both sides
_BASE = 0x9E3779B97F4A7C15
_IDEOGRAPH, _WORDLESS = at_first_use(f"[{signs(IDEOGRAPHS)}]"), at_first_use(f"[{signs(WORDLESS)}]")


class Hit(NamedTuple):
    """An item that stands in a text: its number, how it was found, and how much of it, from 0 to 1."""

    item: int
    level: Level
    share: float


class _Tokens:
    """The words of several texts, one behind the other, as numbers, 0 for one that no item has."""

    def __init__(self, words: Sequence[Sequence[str]], known: dict[str, int]) -> None:
        import numpy as np

        every = chain.from_iterable(words)
        counts = np.fromiter(map(len, words), np.intp, len(words))
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        total = int(self.starts[-1])
        self.numbers = np.fromiter(map(known.get, every, repeat(0)), np.uint64, total)
        self.owners = np.repeat(np.arange(len(words)), counts)
        self.powers, self._inverse = _powers(total)
        self.sums = np.zeros(total + 1, np.uint64)
        np.cumsum(mixed(self.numbers) * self.powers[:total], out=self.sums[1:])
        self._unknown = np.concatenate([[0], np.cumsum(self.numbers == 0)])

    def weighed(self, weights: NDArray[np.int64]) -> None:
        """Take what each word counts."""
        import numpy as np

        self.total = np.concatenate([[0], np.cumsum(weights)])

    def runs(self, weight: int) -> tuple[Places, Places]:
        """Where the shortest runs begin and end that weigh so much, within one text, and of words that items have."""
        import numpy as np

        stop = np.searchsorted(self.total, self.total[:-1] + weight)
        first = np.arange(len(stop))
        inside = stop <= self.starts[self.owners + 1]
        first, stop = first[inside], stop[inside]
        whole = self._unknown[stop] == self._unknown[first]
        return first[whole], stop[whole]

    def hashed(self, first: Places, stop: Places) -> Hashes:
        """Hashes of the words between."""
        found: Hashes = mixed((self.sums[stop] - self.sums[first]) * self._inverse[first])
        return found

    def whole(self) -> Hashes:
        """The hash of each text."""
        return self.hashed(self.starts[:-1].clip(max=max(len(self.numbers) - 1, 0)), self.starts[1:])


class _Lists:
    """Hash -> the items that have it, as arrays."""

    def __init__(self, hashes: Hashes, items: Places, most: int = COMMON) -> None:
        import numpy as np

        order = np.lexsort((items, hashes))
        hashes, items = hashes[order], items[order]
        new = np.ones(len(hashes), bool)
        new[1:] = (hashes[1:] != hashes[:-1]) | (items[1:] != items[:-1])
        hashes, items = hashes[new], items[new]
        self.hashes, counts = np.unique(hashes, return_counts=True)
        few = counts <= most
        self.items = items[np.repeat(few, counts)]
        self.hashes, self.counts = self.hashes[few], counts[few]
        self.starts = np.cumsum(self.counts) - self.counts

    def found(self, hashes: Hashes) -> tuple[Places, Places]:
        """Which of some hashes are there, and where."""
        import numpy as np

        if not len(self.hashes) or not len(hashes):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        (some,) = (self.hashes[at] == hashes).nonzero()
        return some, at[some]

    def spread(self, which: Places, at: Places) -> tuple[Places, Places]:
        """Each of `which` with each item of the list at the same place."""
        import numpy as np

        counts = self.counts[at]
        ends = np.cumsum(counts)
        inside = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        return np.repeat(which, counts), self.items[np.repeat(self.starts[at], counts) + inside]


class Contained:
    """Items, to be found in texts. One of less than three words is looked for nowhere, of less than five as a whole."""

    def __init__(
        self,
        items: Sequence[str],
        *,
        words: int = 8,
        share: float = 0.5,
        near: float | None = 0.8,
        levels: Sequence[Level] = LEVELS,
    ) -> None:
        import numpy as np

        self._share, self._near, self._words = share, near if "near" in levels else None, words
        self._levels = tuple(levels)
        said = [split_words(normalise(item)) for item in items]
        self._known = {word: number for number, word in enumerate(dict.fromkeys(chain.from_iterable(said)), 1)}
        self._weights = np.array([WORD, *map(_weight, self._known)], np.int64)
        tokens = self._tokens(said)
        self._said = said
        self._sizes = np.diff(tokens.total[tokens.starts]) // WORD
        whole = tokens.whole()
        some = self._sizes >= LEAST
        self._exact = _Lists(whole[some], np.flatnonzero(some), len(items) or 1)
        first, stop = tokens.runs(words * WORD)
        self._runs = _Lists(tokens.hashed(first, stop), tokens.owners[first])
        self._count = np.bincount(self._runs.items, minlength=len(items))
        first, stop = tokens.runs(SHORT * WORD)
        short = (self._sizes[tokens.owners[first]] < words) & (first == tokens.starts[tokens.owners[first]])
        self._anchors = _Lists(tokens.hashed(first[short], stop[short]), tokens.owners[first[short]])
        self._whole = whole
        self._marks = self._rarest(tokens)
        self._shingles: dict[int, Hashes] = {}

    def __len__(self) -> int:
        """How many items there are."""
        return len(self._said)

    def sought(self, item: int) -> bool:
        """Whether an item is long enough to be looked for within texts."""
        return bool(self._sizes[item] >= SHORT)

    def _tokens(self, said: Sequence[Sequence[str]]) -> _Tokens:
        tokens = _Tokens(said, self._known)
        tokens.weighed(self._weights[tokens.numbers.astype(int)])
        return tokens

    def _rarest(self, tokens: _Tokens) -> _Lists:
        """The rarest short runs of each item, by which it is found where it was edited."""
        import numpy as np

        first, stop = tokens.runs(RARE * WORD)
        long = self._sizes[tokens.owners[first]] >= (SHORT if self._near is not None else np.inf)
        hashes, owners = tokens.hashed(first[long], stop[long]), tokens.owners[first[long]]
        _, number, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        order = np.lexsort((hashes, counts[number], owners))
        owners, hashes = owners[order], hashes[order]
        at = np.arange(len(owners)) - np.searchsorted(owners, owners)
        return _Lists(hashes[at < MARKS], owners[at < MARKS])

    def search(self, texts: Sequence[str]) -> list[Hit | None]:
        """For each text the item that stands in it most plainly; None where none does."""
        said = [split_words(normalise(text)) if text else [] for text in texts]
        tokens = self._tokens(said)
        best: dict[int, Hit] = {}
        finds = {"exact": self._exactly, "ngrams": self._by_runs, "near": self._nearly}
        for level in LEVELS:
            for text, hit in finds[level](tokens, said) if level in self._levels else ():
                known = best.get(text)
                if known is None or (known.level == hit.level and (-hit.share, hit.item) < (-known.share, known.item)):
                    best[text] = hit
        return [best.get(place) for place in range(len(texts))]

    def _exactly(self, tokens: _Tokens, _: Sequence[Sequence[str]]) -> Iterator[tuple[int, Hit]]:
        import numpy as np

        (texts,) = (np.diff(tokens.starts) > 0).nonzero()
        if len(texts):
            some, at = self._exact.found(tokens.whole()[texts])
            for text, item in zip(*self._exact.spread(texts[some], at), strict=True):
                yield int(text), Hit(int(item), "exact", 1.0)

    def _by_runs(self, tokens: _Tokens, _: Sequence[Sequence[str]]) -> Iterator[tuple[int, Hit]]:
        import numpy as np

        first, stop = tokens.runs(self._words * WORD)
        some, at = self._runs.found(tokens.hashed(first, stop))
        if len(some):
            # A run that stands there twice counts once.
            pairs = np.unique(np.stack([tokens.owners[first[some]], at], axis=1), axis=0)
            texts, items = self._runs.spread(pairs[:, 0], pairs[:, 1])
            keys, counts = np.unique(texts.astype(np.int64) * len(self) + items, return_counts=True)
            shares = counts / self._count[keys % len(self)]
            for key, share in zip(keys[shares >= self._share].tolist(), shares[shares >= self._share], strict=True):
                yield key // len(self), Hit(key % len(self), "ngrams", float(share))
        first, stop = tokens.runs(SHORT * WORD)
        some, at = self._anchors.found(tokens.hashed(first, stop))
        for begin, item in zip(*self._anchors.spread(first[some], at), strict=True):
            end = begin + len(self._said[item])
            text = tokens.owners[begin]
            inside = end <= tokens.starts[text + 1]
            if inside and tokens.hashed(np.array([begin]), np.array([end]))[0] == self._whole[item]:
                yield int(text), Hit(int(item), "ngrams", 1.0)

    def _nearly(self, tokens: _Tokens, said: Sequence[Sequence[str]]) -> Iterator[tuple[int, Hit]]:
        if self._near is None:
            return
        first, stop = tokens.runs(RARE * WORD)
        some, at = self._marks.found(tokens.hashed(first, stop))
        if not len(some):
            return
        marks, items = self._marks.spread(some, at)
        places: dict[tuple[int, int], list[int]] = defaultdict(list)
        for begin, item in zip(first[marks].tolist(), items.tolist(), strict=True):
            places[int(tokens.owners[begin]), item].append(begin)
        for (text, item), begins in places.items():
            if len(begins) >= HITS:
                share = self._alike(said[text], [begin - int(tokens.starts[text]) for begin in begins], item)
                if share >= self._near:
                    yield text, Hit(item, "near", share)

    def _alike(self, words: Sequence[str], begins: Sequence[int], item: int) -> float:
        """The share of an item's runs of characters in the part of a text where marks of it begin."""
        import numpy as np

        own_words = self._said[item]
        ahead = [
            begin - next((at for at in range(len(own_words)) if own_words[at : at + 2] == words[begin : begin + 2]), 0)
            for begin in begins
        ]
        start, slack = sorted(ahead)[len(ahead) // 2], int(SLACK * len(own_words)) + 1
        part = words[max(0, start - slack) : start + len(own_words) + slack]
        if item not in self._shingles:
            self._shingles[item] = shingles(" ".join(own_words))
        own = self._shingles[item]
        there = np.isin(own, shingles(" ".join(part)), assume_unique=True).sum()
        return float(there / len(own)) if len(own) else 0.0


def _weight(word: str) -> int:
    """What a word counts: a sign of a script without spaces is a part of a word."""
    if len(word) > 1 or word.isascii():
        return WORD
    return IDEOGRAPH if _IDEOGRAPH.match(word) else LETTER if _WORDLESS.match(word) else WORD


def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The powers of the base and of its inverse, modulo 2**64, at least so many."""
    return _made_powers(1 << max(count, 1).bit_length())


@lru_cache(2)
def _made_powers(count: int) -> tuple[Hashes, Hashes]:
    import numpy as np

    def of(base: int) -> Hashes:
        factors = np.full(count, base, np.uint64)
        factors[0] = 1
        return np.cumprod(factors)

    return of(_BASE), of(pow(_BASE, -1, 1 << 64))
