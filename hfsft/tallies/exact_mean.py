"""The mean of very many numbers, to the last bit as `statistics.fmean` gives it, though none of them is held."""

from __future__ import annotations

from math import fsum


class ExactMean:
    """Numbers that are added one by one; `count` says how many. Their sum is held as numbers that do not overlap, a
    few, whose own sum it is without any error (Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic", 2.4).
    """

    def __init__(self) -> None:
        self.count = 0
        self._parts: list[float] = []

    def add(self, value: float) -> None:
        """One more number."""
        self.count += 1
        left, value = 0, float(value)
        for part in self._parts:
            large, small = (value, part) if abs(value) >= abs(part) else (part, value)
            value = large + small
            if lost := small - (value - large):
                self._parts[left] = lost
                left += 1
        self._parts[left:] = [value]

    @property
    def mean(self) -> float | None:
        """The mean; None where nothing was added."""
        return fsum(self._parts) / self.count if self.count else None
