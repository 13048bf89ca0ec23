"""The values that are met most often, in memory that does not grow with the number of different ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

AT_ONCE = 8192  # values that are counted before it is looked whether they are too many


class Frequent(Generic[T]):
    """Counts of values. Up to `most` different ones they are exact, which `exact` says.

    Of more, those are kept that are surely met often: any that more than one in `most` of all values is. What is kept
    is then counted too low, by no more than that share of all (Misra and Gries 1982; merged and cut as in Agarwal and
    others, "Mergeable Summaries", 2012).
    """

    def __init__(self, most: int) -> None:
        self.most, self.exact, self.total = most, True, 0
        self.counts: Counter[T] = Counter()

    def update(self, values: Iterable[T]) -> None:
        """Count these values too."""
        left = iter(values)
        while some := list(islice(left, AT_ONCE)):
            self.counts.update(some)
            self.total += len(some)
            if len(self.counts) > 2 * self.most:
                self._cut()

    def merge(self, other: Frequent[T]) -> None:
        """Count what another one has counted."""
        self.counts.update(other.counts)
        self.total += other.total
        self.exact = self.exact and other.exact
        if len(self.counts) > 2 * self.most:
            self._cut()

    def _cut(self) -> None:
        less = sorted(self.counts.values(), reverse=True)[self.most]
        self.counts = Counter({value: count - less for value, count in self.counts.items() if count > less})
        self.exact = False


def frequent(read: Callable[[], Iterable[T]], most: int) -> Frequent[T]:
    """Counts of the values that `read` goes over. Where they are too many different ones for all to be counted, it is
    called once more, so that the counts of those that are kept are exact.
    """
    found = Frequent[T](most)
    found.update(read())
    if not found.exact:
        kept, found.counts = set(found.counts), Counter()
        left = (value for value in read() if value in kept)
        while some := list(islice(left, AT_ONCE)):
            found.counts.update(some)
    return found
