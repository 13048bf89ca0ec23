"""What of a text is its own: the rest that no template covers.

A run of about five words that stands in 10 different texts or more is *template*; a text's *rest* are the words that
no such run covers, each with its neighbours. A run with a number that takes many values there is none, however often
each of them stands. A text whose every run is that common, as in a set made from a few lists of words, has for its
rest what it shares with the fewest others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.similarity.lexical.counts import RUN, common, count_of, covered
from hfsft.similarity.lexical.shingles import WORD, counted, distinct
from hfsft.similarity.lexical.slots import Slots, words_around

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.counts import Counts
    from hfsft.similarity.lexical.shingles import Chunk, Chunks, Hashes, Places

    CountedRuns = tuple[Hashes, Counts]

COMMON = 10  # different texts with one run, from which it is template
REST = 4 * WORD  # so long are the runs that rests are compared by: long enough to tell orders of words apart
VALUES = 4  # times that a run is rarer than it is with any other number in it, from where the number is the text's own
TWICE = 2  # a text without a run of its own: runs so many times as common as its rarest are template


class Rests(NamedTuple):
    """For each text of a chunk whether a template covers any of it, and the hashes of its rest, sorted.

    Where there is no template at all, rests are not worked out, as nobody needs them.
    """

    templated: NDArray[np.bool_]
    sets: list[Hashes]


class Templates:
    """The common runs of all texts, with the number of texts that each stands in."""

    def __init__(self, texts: Chunks) -> None:
        import numpy as np

        none = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        (words,) = common(texts, words_in) if len(texts) >= COMMON else [none]
        numbered, around = common(texts, numbers_in, words_around) if is_template(words) else (none, none)
        self._know(words, numbered, around)
        for _, chunk in texts if len(self.runs) else ():
            self.slots.look(chunk, self.runs, self.counts)
        self.slots.settle()

    def _know(self, words: CountedRuns, numbered: CountedRuns, around: CountedRuns) -> None:
        if not is_template(words):
            words = numbered = around = words[0][:0], words[1][:0]
        self.runs, self.counts = words
        self.numbered, self.sums = numbered
        self.slots = Slots(around)

    @classmethod
    def counted(cls, words: CountedRuns, numbered: CountedRuns, around: CountedRuns) -> Templates:
        """Those of texts whose runs were counted elsewhere; the texts are yet to be taken in by `slots`."""
        made = cls.__new__(cls)
        made._know(words, numbered, around)
        return made

    def as_arrays(self) -> list[NDArray[Any]]:
        """All that is known, for `of_arrays`."""
        slots = self.slots
        known = [self.runs, self.counts, self.numbered, self.sums, slots.around, slots.totals]
        return [*known, slots.next, slots.last]

    @classmethod
    def of_arrays(cls, arrays: Sequence[NDArray[Any]]) -> Templates:
        """The same templates."""
        runs, counts, numbered, sums, around, totals, after, before = arrays
        made = cls.counted((runs, counts), (numbered, sums), (around, totals))
        made.slots.next, made.slots.last = after, before
        return made

    def likely(self, chunk: Chunk) -> Places:
        """The texts of a chunk that a template may cover: all others have no run that is so common."""
        runs = chunk.runs(RUN)
        return distinct(runs.text[count_of(runs.hashes, self.runs, self.counts) >= COMMON])

    def likely_in(self, chunks: Chunks) -> Places:
        """Those of all chunks, by their places among all texts; none where nothing is template."""
        import numpy as np

        found = [start + self.likely(chunk) for start, chunk in (chunks if len(self.runs) else ())]
        return np.concatenate([np.zeros(0, np.intp), *found])

    def rests(self, chunk: Chunk) -> Rests:
        """What the templates leave of each text."""
        import numpy as np

        owner, firsts = chunk.tokens()
        texts = len(firsts) - 1
        templated = np.zeros(texts, bool)
        empty = np.zeros(0, np.uint64)
        if not len(self.runs):
            return Rests(templated, [empty] * texts)
        runs = chunk.runs(RUN)
        counts = count_of(runs.hashes, self.runs, self.counts)
        some, hashes = chunk.numbered(runs)
        counts[some[counts[some] * VALUES < count_of(hashes, self.numbered, self.sums)]] = 1
        rarest = np.full(texts, np.iinfo(np.int64).max)
        np.minimum.at(rarest, runs.text, counts)
        least = np.where(rarest < COMMON, COMMON, TWICE * np.minimum(rarest, np.iinfo(np.int64).max // TWICE))
        shared = counts >= least[runs.text]
        bare = ~covered(runs.first[shared], runs.stop[shared], len(owner))
        most = np.zeros(texts, np.int64)
        np.maximum.at(most, runs.text, counts)
        bare &= ~(self.slots.slips(chunk, bare, most) & (rarest < COMMON)[owner])
        own = np.concatenate([[0], np.cumsum(bare)])
        templated[runs.text[shared]] = True
        short = chunk.runs(REST)
        kept = own[short.stop] > own[short.first]
        text, hashes = short.text[kept], short.hashes[kept]
        borders = np.searchsorted(text, np.arange(texts + 1)).tolist()
        return Rests(templated, counted(hashes, borders))


def is_template(words: CountedRuns) -> bool:
    """Whether any of some runs is so common."""
    return bool((words[1] >= COMMON).any())


def words_in(chunk: Chunk) -> tuple[Places, Hashes]:
    """The runs of five words."""
    runs = chunk.runs(RUN)
    return runs.text, runs.hashes


def numbers_in(chunk: Chunk) -> tuple[Places, Hashes]:
    """The runs with a number in them, whichever it is."""
    spans = chunk.spans(RUN)
    some, hashes = chunk.numbered(spans)
    return spans.text[some], hashes
