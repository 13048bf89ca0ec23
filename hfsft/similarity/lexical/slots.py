"""Whether words that stand between template are what was filled in, or a slip of who typed.

Behind "What is the capital of" stands another word in nearly every text: a slot. Behind "how do I return a" stands
"lamp" in nine texts of ten, and "lmap" in one: a slip, which makes no other question. So near copies of one text,
however many there are, are not taken for a template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfsft.similarity.lexical.counts import RUN, count_of, covered, found_in
from hfsft.similarity.lexical.shingles import WORD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.counts import Counts
    from hfsft.similarity.lexical.shingles import Chunk, Hashes, Places

AROUND = 4 * WORD  # the words beside a place that say what usually stands there
USUAL = 0.5  # share of the texts with these words that go on (or began) alike, from where others are slips


class Slots:
    """For each common run of four words the texts with it, and those of them with the commonest next (and last) word.

    That a text ends or begins there counts as a word. `around` are those runs, with the number of texts of each.
    """

    def __init__(self, around: tuple[Hashes, Counts]) -> None:
        import numpy as np

        self.around, self.totals = around
        self.next, self.last = np.zeros_like(self.totals), np.zeros_like(self.totals)
        self.ends, self.begins = np.zeros_like(self.totals), np.zeros_like(self.totals)

    def look(self, chunk: Chunk, runs: Hashes, counts: Counts) -> None:
        """Take in some texts; `runs` are the common runs of five words, with their counts."""
        import numpy as np

        if not len(self.around):
            return
        before, after = _beside(chunk)
        found = chunk.runs(RUN)
        times = count_of(found.hashes, runs, counts)
        for best, hashes in ((self.next, after[found.first]), (self.last, before[found.stop])):
            known, at = found_in(self.around, hashes)
            np.maximum.at(best, at[known], times[known])
        _, firsts = chunk.tokens()
        filled = firsts[1:] > firsts[:-1]
        for best, hashes in ((self.ends, before[firsts[1:]][filled]), (self.begins, after[firsts[:-1]][filled])):
            known, at = found_in(self.around, hashes)
            np.add.at(best, at[known], 1)

    def settle(self) -> None:
        """All texts were taken in."""
        import numpy as np

        np.maximum(self.next, self.ends, out=self.next)
        np.maximum(self.last, self.begins, out=self.last)

    def slips(self, chunk: Chunk, bare: NDArray[np.bool_], most: Counts) -> NDArray[np.bool_]:
        """Which words of `bare`, those that no template covers, stand where another word usually does.

        A number is never a slip. What stands on both sides must say so; at an edge of the text, where there is but one
        side, that one, if it stands in nearly as many texts as any run of this one (`most`, for each text): then it
        is one text that was copied, not the head of a template with questions behind it.
        """
        import numpy as np

        owner, firsts = chunk.tokens()
        found = np.zeros(len(owner), bool)
        if not len(owner) or not len(self.around):
            return found
        edge = np.concatenate([[True], (owner[1:] != owner[:-1])])
        (starts,) = (bare & (edge | ~np.concatenate([[False], bare[:-1]]))).nonzero()
        last = np.concatenate([edge[1:], [True]])
        (stops,) = (bare & (last | ~np.concatenate([bare[1:], [False]]))).nonzero()
        stops += 1
        before, after = _beside(chunk)
        inside = starts > firsts[owner[starts]]
        follows = stops < firsts[owner[starts] + 1]
        left, usual_left, texts_left = self._usual(np.where(inside, before[starts], 0), self.next)
        right, usual_right, texts_right = self._usual(np.where(follows, after[stops], 0), self.last)
        one_side = np.where(left, usual_left, usual_right) & (
            np.maximum(texts_left, texts_right) * 2 >= most[owner[starts]]
        )
        slip = (usual_left & usual_right) | ((left ^ right) & one_side)
        digits = np.concatenate([[0], np.cumsum(chunk.with_digits())])
        slip &= digits[stops] == digits[starts]
        return covered(starts[slip], stops[slip], len(owner))

    def _usual(self, hashes: Hashes, best: Counts) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Counts]:
        """Which runs are known, beside which of these one thing usually stands, and in how many texts each does."""
        import numpy as np

        known, at = found_in(self.around, hashes)
        return known, known & (best[at] >= USUAL * self.totals[at]), np.where(known, self.totals[at], 0)


def words_around(chunk: Chunk) -> tuple[Places, Hashes]:
    """The runs of four words."""
    runs = chunk.runs(AROUND)
    return runs.text, runs.hashes


def _beside(chunk: Chunk) -> tuple[Hashes, Hashes]:
    """For each word (and behind the last) the run of four words that ends before it, and the one that begins with it.

    0 where there is none.
    """
    import numpy as np

    owner, _ = chunk.tokens()
    runs = chunk.runs(AROUND)
    before, after = np.zeros(len(owner) + 1, np.uint64), np.zeros(len(owner) + 1, np.uint64)
    after[runs.first] = runs.hashes
    before[runs.stop] = runs.hashes  # of several that end there the shortest, which comes last
    return before, after
