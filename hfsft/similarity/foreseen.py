"""What a search for pairs among very many items would take, told by a sample of them.

Of two items each number of their sketches is the same with the chance that they are alike (Broder 1997, "On the
resemblance and containment of documents"), so two share a band of r numbers with that chance to the power of r. Of a
sample, C(k, r) / C(n, r) says it without a bias, where k of n numbers are the same. With that an item of N meets N
times as many others in a band: until they are more than `FULL`, from where on it meets `NEAR` and `BEST` of them.

Of pairs that are close enough to be counted nobody knows by a sample from the head of a file whether all of it is full
of them, or they stand beside one another: here they grow with N, so that what is told is rather too much.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hfsft.similarity.lexical.candidates import (
    BEST,
    DOUBT,
    FULL,
    HELD,
    MOST,
    NEAR,
    WHOLE,
    Bands,
    SketchTable,
    bands_for,
)
from hfsft.similarity.lexical.measure import share_of
from hfsft.similarity.lexical.packed import put_together
from hfsft.similarity.lexical.shingles import Chunk, distinct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hfsft.similarity.lexical.sketches import Sketches

MOST_SAMPLED = 2000  # items: each is compared with each
_BLOCK = 16
_PROBED = 100_000  # pairs whose sketches are compared to see how long that takes
_COUNTED = 500  # pairs that are counted exactly for it
_NUMBERS = 16  # of 8 bytes, that are held for an item while bands are gone through
_HELD_BYTES = 36  # of a pair that is held: its number and its share, sorted and copied once


class Foreseen(NamedTuple):
    """What a search among so many items would take, in one process of this machine."""

    items: int
    compared: float  # pairs of sketches
    counted: float  # pairs of texts, exactly
    crowded: float  # the share of items that meet too many others in a band to meet all of them
    seconds: float
    bytes: float  # of memory


def foreseen(sketches: Sequence[bytes | None], texts: Sequence[str], at_least: float, items: int) -> Foreseen:
    """What the search takes among `items`, of which some have these sketches and about these texts."""
    import numpy as np

    bands = bands_for(at_least, WHOLE)
    some = [place for place, sketch in enumerate(sketches) if sketch][:MOST_SAMPLED]
    items = round(items * len(some) / max(1, len(sketches[:MOST_SAMPLED])))
    if len(some) < 2:
        return Foreseen(items, 0, 0, 0, 0, 0)
    made = [sketches[place] for place in some]
    data, ends = put_together(made)
    size = -(-bands.numbers * bands.width // 4)
    starts = np.concatenate([[0], ends[:-1]])
    table = np.ascontiguousarray(data[starts[:, None] + np.arange(size)]).view(f"<u{bands.width}")[:, : bands.numbers]
    together, once, close = (shares * items for shares in _meetings(table, bands, at_least))
    crowded = together > FULL
    met = np.where(crowded, 2 * (NEAR + BEST) / np.maximum(together, 1), 1)
    compared = float((met * once).mean()) / 2 * items
    near = close / 2
    counted = float(np.minimum(near, MOST + BEST).mean()) * items
    held = float(np.minimum(near, 2 * HELD).mean()) * items
    pair, count, band = _costs(SketchTable(table, bands, at_least), [texts[place] for place in some])
    seconds = items * bands.bands * band + compared * pair + counted * count
    each = sum(map(sys.getsizeof, made)) / len(made) + bands.numbers * bands.width + 8 * _NUMBERS
    return Foreseen(items, compared, counted, float(crowded.mean()), seconds, items * each + held * _HELD_BYTES)


def _meetings(table: Sketches, bands: Bands, at_least: float) -> list[NDArray[np.float64]]:
    """For each item of a sample the share of the others that are in one band with it, that are in any, and that are
    close enough by their sketches to be counted.
    """
    import numpy as np

    count, numbers = table.shape
    doubt = DOUBT * np.sqrt(at_least * (1 - at_least) / numbers)
    together = np.ones(numbers + 1)  # C(k, r) / C(n, r) for each k
    for place in range(bands.rows):
        together *= np.clip(np.arange(numbers + 1) - place, 0, None) / (numbers - place)
    once = 1 - (1 - together) ** bands.bands
    close = np.where(np.arange(numbers + 1) >= (at_least - doubt) * numbers, once, 0)
    found = [np.zeros(count) for _ in range(3)]
    for start in range(0, count, _BLOCK):
        same = (table[start : start + _BLOCK, None] == table[None]).sum(axis=2, dtype=np.int32)
        same[np.arange(len(same)), start + np.arange(len(same))] = 0
        for shares, chances in zip(found, (together, once, close), strict=True):
            shares[start : start + _BLOCK] = chances[same].sum(axis=1) / (count - 1)
    return found


def _costs(table: SketchTable, texts: Sequence[str]) -> tuple[float, float, float]:
    """Seconds that this machine takes to compare two sketches, to count two texts, and to lay an item into a band."""
    import numpy as np

    random, count = np.random.default_rng(0), len(table.sketches)
    first, second = random.integers(0, count, _PROBED), random.integers(0, count, _PROBED)

    def compare() -> None:
        distinct(first * count + second)
        table.close(first, second)

    def count_pairs() -> None:
        sets = Chunk(texts[: _COUNTED + 1]).shingles()
        for one, other in pairwise(sets):
            share_of(one, other)

    keys = random.integers(0, 1 << 62, _PROBED).astype(np.uint64)
    pairs = max(1, min(_COUNTED, len(texts) - 1))
    return _timed(compare) / _PROBED, _timed(count_pairs) / pairs, 2 * _timed(lambda: np.argsort(keys)) / _PROBED


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
