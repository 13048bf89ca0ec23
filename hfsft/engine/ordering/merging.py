"""Sorted runs of texts as one: of which run each comes next, with a few of each run in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray


def joined(table: pa.Table, by: Sequence[str]) -> list[str]:
    """Columns of text as one, which sorts as they do, the first first: `hfsft.engine.parts.rows.sorted_places`."""
    found: list[str] = pc.binary_join_element_wise(*(table[name] for name in by), "\0").to_pylist()
    return found


def owners(runs: Sequence[Iterator[list[str]]]) -> Iterator[NDArray[np.int16]]:
    """Of each text, in order, the number of its run, some at a time; of equal ones that of the first run comes first.

    Each run gives its texts in order, some at a time, and no more than these are held of it.
    """
    held = [next(run, []) for run in runs]
    while some := [number for number, texts in enumerate(held) if texts]:
        # What is not read yet comes behind the last that was read of its run: up to the least of these all is known.
        least, first = min((held[number][-1], number) for number in some)
        counts = [
            bisect_right(held[number], least) if number <= first else bisect_left(held[number], least)
            for number in some
        ]
        texts = [text for number, count in zip(some, counts, strict=True) for text in held[number][:count]]
        mine = np.repeat(np.array(some, np.int16), counts)
        yield mine[pc.sort_indices(pa.array(texts, pa.string())).to_numpy()]
        for number, count in zip(some, counts, strict=True):
            held[number] = held[number][count:] or next(runs[number], [])
