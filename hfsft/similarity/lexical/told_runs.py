"""What packed sketches tell of many items: a table of MinHash numbers, and which texts may have a template in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.lexical.candidates import WHOLE, bands_for
from hfsft.similarity.lexical.counts import LEAST
from hfsft.similarity.lexical.packed import MANY, PackedSketches
from hfsft.similarity.lexical.shingles import distinct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.packed import Short
    from hfsft.similarity.lexical.shingles import Hashes, Places
    from hfsft.similarity.lexical.sketches import Sketches

_RUNS = 1 << 24  # runs that are sorted at once
_FIRST = 18  # bits of a run, by which most that stand in few texts are told


class ToldRuns(NamedTuple):
    """Runs, item by item, and where those of each item end."""

    runs: Short
    ends: Places

    def items(self, places: Places) -> Places:
        """The items of the runs at some places."""
        import numpy as np

        found: Places = np.searchsorted(self.ends, places, "right")
        return found


class Told(NamedTuple):
    """What sketches tell of the texts of one part: runs of words, and runs with a number."""

    words: ToldRuns
    numbered: ToldRuns
    long: NDArray[np.bool_]  # for each item whether nothing is told of its text, since it is long

    def common(self, of: Places, count: int) -> NDArray[np.bool_]:
        """Which of so many texts may have a run of words that is common, `of` being the text of each item."""
        import numpy as np

        found = np.zeros(count, bool)
        found[of[self.long]] = True
        runs = self.words.runs
        bits = (len(runs) // _RUNS).bit_length()  # all runs, by their first bits: so many are looked at together
        for part in range(1 << bits):
            (some,) = (runs >> np.uint32(32 - bits) == part).nonzero() if bits else (np.arange(len(runs)),)
            mine = runs[some] if bits else runs
            often = _maybe_often(mine)
            texts = of[self.words.items(some[often])]
            both = distinct(mine[often].astype(np.uint64) << np.uint64(32) | texts.astype(np.uint64))
            run = (both >> np.uint64(32)).astype(np.uint32)
            borders = np.concatenate([[0], np.flatnonzero(run[1:] != run[:-1]) + 1, [len(run)]])
            times = np.diff(borders)
            found[(both[np.repeat(times >= LEAST, times)] & np.uint64(0xFFFFFFFF)).astype(np.intp)] = True
        return found

    def with_numbers(self, of: Places, known: Hashes, count: int) -> NDArray[np.bool_]:
        """Which texts may have a run in common with these, whatever the number in it."""
        import numpy as np

        found = np.zeros(count, bool)
        runs = self.numbered.runs
        if len(known) and len(runs):
            (same,) = np.isin(runs, (known >> np.uint64(32)).astype(np.uint32)).nonzero()
            found[of[self.numbered.items(same)]] = True
        return found


def _maybe_often(runs: Short) -> Places:
    """Where runs stand that may be in enough texts: nearly all are in one alone, and need no closer look."""
    import numpy as np

    ordered = np.sort(runs)
    first = np.zeros(1 << _FIRST, bool)
    often = ordered[LEAST - 1 :] == ordered[: max(len(ordered) - LEAST + 1, 0)]
    first[ordered[LEAST - 1 :][often] >> np.uint32(32 - _FIRST)] = True
    found: Places = first[runs >> np.uint32(32 - _FIRST)].nonzero()[0]
    return found


def unpacked(
    sketches: Iterable[PackedSketches], shown: NDArray[np.bool_], at_least: float
) -> tuple[Sketches, list[Told]]:
    """The sketches of items as a table, and what they tell of each part, `shown` being which parts each item has.

    They come in groups of items, so that never all are in memory.
    """
    import numpy as np

    bands, (count, parts) = bands_for(at_least, WHOLE), shown.shape
    size = -(-bands.numbers * bands.width // 4)
    table = np.empty((count, bands.numbers), f"<u{bands.width}")
    counts = np.zeros((parts, 2, count), np.intp)
    long = np.zeros((parts, count), bool)
    runs: list[list[Short]] = [[np.zeros(0, "<u4")] for _ in range(2 * parts)]
    first = 0
    for data, ends in sketches:
        some = slice(first, first + len(ends))
        there = shown[some]
        at = np.concatenate([[0], ends[:-1]]).astype(np.intp)
        table[some] = data[at[:, None] + np.arange(size)].view(table.dtype)[:, : bands.numbers]
        at += size
        for part in range(parts):
            both = data[at[there[:, part]]]
            told = np.zeros((2, len(ends)), np.intp)
            told[:, there[:, part]] = both & np.uint32(0xFFFF), both >> np.uint32(16)
            long[part, some] = told[0] == MANY
            counts[part, :, some] = np.where(long[part, some], 0, told)
            at += there[:, part]
        for part in range(parts):
            for kind in range(2):
                number = counts[part, kind, some]
                where = np.repeat(at - np.cumsum(number) + number, number)
                where += np.arange(len(where))
                runs[2 * part + kind].append(data[where])
                at += number
        first += len(ends)
    of = [
        ToldRuns(np.concatenate(each), np.cumsum(number))
        for each, number in zip(runs, counts.reshape(2 * parts, count), strict=True)
    ]
    return table, [Told(of[2 * part], of[2 * part + 1], long[part]) for part in range(parts)]
