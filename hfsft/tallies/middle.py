"""The median of very many numbers, in memory that does not grow with how many there are."""

from __future__ import annotations

from collections import Counter

DIGITS = 15  # of a number, in which every one of double precision is told apart but for its last
DIFFERENT = 10_000  # numbers that are told apart


class Middle:
    """Counts of numbers. Up to `DIFFERENT` different ones the median is exact.

    Of more, numbers are rounded to as many leading digits as leave no more different ones: the median is then off by
    less than one in the last of these. One digit and an exponent make 11,000 different ones at most.
    """

    def __init__(self, most: int = DIFFERENT) -> None:
        self.most, self.low, self.high = most, float("inf"), float("-inf")
        self._counts = Counter[float]()
        self._digits: int | None = None  # None where all of them are kept

    def add(self, number: float) -> None:
        """One number more."""
        self.low, self.high = min(self.low, number), max(self.high, number)
        self._counts[self._rounded(number)] += 1
        while len(self._counts) > self.most and self._digits != 1:
            self._digits = DIGITS if self._digits is None else self._digits - 1
            counts, self._counts = self._counts, Counter()
            for each, count in counts.items():
                self._counts[self._rounded(each)] += count

    def __bool__(self) -> bool:
        return bool(self._counts)

    def median(self) -> float:
        """The middle number, or the mean of the two in the middle; there is at least one."""
        rows, passed, ordered = self._counts.total(), 0, sorted(self._counts)
        lower = None
        for number in ordered:
            passed += self._counts[number]
            if lower is None and 2 * passed >= rows:
                lower = number
            if 2 * passed > rows:
                break
        return number if lower is None or lower == number else (lower + number) / 2

    def _rounded(self, number: float) -> float:
        return number if self._digits is None else float(f"{number:.{self._digits}g}")
