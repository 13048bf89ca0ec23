"""How numbers spread, found in two rounds over them: first what there is, then how many lie where.

whole = Span()             # first round: each batch of numbers
whole.add(numbers)
bars = Bars(edges(whole))  # second round: the same batches
bars.add(numbers)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

BINS = 40  # of a histogram, at most
FEW = 30  # different whole numbers, up to which each gets a bar of its own


class Span:
    """The least and the largest of numbers, whether all are whole, and the different ones as long as they are few."""

    def __init__(self, few: int = FEW) -> None:
        self.few, self.count, self.whole = few, 0, True
        self.low, self.high = np.inf, -np.inf
        self.values: Numbers | None = np.empty(0)  # None where they are more than `few`

    def add(self, numbers: Numbers) -> None:
        """Some numbers more."""
        if not len(numbers):
            return
        numbers = np.asarray(numbers, float)
        self.count += len(numbers)
        self.low, self.high = float(min(self.low, numbers.min())), float(max(self.high, numbers.max()))
        self.whole = self.whole and not (numbers % 1).any()
        if self.values is not None:
            values = np.unique(np.concatenate([self.values, numbers]))
            self.values = values if len(values) <= self.few else None

    def merge(self, other: Span) -> None:
        """All that another one has seen."""
        self.count += other.count
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.whole = self.whole and other.whole
        both = None if self.values is None or other.values is None else np.union1d(self.values, other.values)
        self.values = both if both is not None and len(both) <= self.few else None


def edges(of: Span) -> Numbers:
    """Where the bars of a histogram begin, and where the last one ends: one for each where they are few whole numbers.

    There is at least one number.
    """
    bins = min(BINS, max(10, isqrt(of.count)))  # few rows make no picture of many bins
    if not of.whole:
        return np.linspace(of.low, of.high, bins + 1)
    found = np.arange(of.low - 0.5, of.high + 1, 1 if of.high - of.low < FEW else ceil((of.high - of.low) / bins))
    return found if found[-1] > of.high else np.append(found, 2 * found[-1] - found[-2])


class Bars:
    """How many numbers lie between edges."""

    def __init__(self, edges: Numbers) -> None:
        self.edges = edges
        self.counts = np.zeros(len(edges) - 1, np.int64)

    def add(self, numbers: Numbers) -> None:
        """Some numbers more."""
        self.counts += np.histogram(np.asarray(numbers, float), self.edges)[0]


class Ranked:
    """How many numbers are at least, and at most, each of some values in order."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = np.asarray(values, float)
        self.at_least = np.zeros(len(self.values), np.int64)
        self.at_most = np.zeros(len(self.values), np.int64)

    def add(self, numbers: Numbers) -> None:
        """Some numbers more."""
        ordered = np.sort(np.asarray(numbers, float))
        self.at_least += len(ordered) - np.searchsorted(ordered, self.values, "left")
        self.at_most += np.searchsorted(ordered, self.values, "right")


def bars(kept: Bars, out: Bars) -> list[dict[str, float]]:
    """Bins `{low, high, kept, removed}` of two counts between the same edges."""
    counts = zip(kept.counts.tolist(), out.counts.tolist(), strict=True)
    places = zip(kept.edges[:-1].tolist(), kept.edges[1:].tolist(), strict=True)
    return [
        {"low": round(first, 6), "high": round(last, 6), "kept": stay, "removed": removed}
        for (first, last), (stay, removed) in zip(places, counts, strict=True)
    ]
