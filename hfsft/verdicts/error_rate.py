"""How many rows of a set are wrong, by a random sample that people looked at.

The interval is that of Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in the case of
the binomial": it holds the true share in at least 95 of 100 samples, however small the sample or the share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from hfsft.verdicts.all_verdicts import ByReviewer
from hfsft.verdicts.deciding import decided

SAMPLE, OVERLAP = "sample", "overlap"
RANDOM = (SAMPLE, OVERLAP)
"""Why rows were shown that were drawn at random; any other was shown because something about it stood out."""
CONFIDENCE = 0.95
MOST = 1_000_000
"""Rows beyond which nobody is told to look."""


@dataclass(frozen=True)
class ErrorRate:
    """The share of wrong rows in a random sample, and between which it lies in the set; no rows looked at: 0 to 1."""

    looked_at: int = 0
    wrong: int = 0
    rate: float | None = None
    low: float = 0.0
    high: float = 1.0

    def more(self, at_most: float) -> int | None:
        """How many more rows to look at until the upper end of the interval is at most that, if the share stays.

        0 where it is. None where no sample would do, as the share itself is not below the bound, or so close to it that
        more than a million rows had to be looked at.
        """
        share = self.wrong / self.looked_at if self.looked_at else 0.0
        return self._more(at_most, lambda rows: ceil(share * rows - 1e-9)) if share < at_most else None

    def more_if_right(self, at_most: float) -> int | None:
        """The same if none of those rows is wrong: how many are the least that could do; None beyond a million."""
        return self._more(at_most, lambda _: self.wrong)

    def _more(self, at_most: float, wrong: Callable[[int], int]) -> int | None:
        """How many more rows, where so many would be wrong of so many looked at."""
        if self.high <= at_most:
            return 0

        def fits(rows: int) -> bool:
            return exact_interval(wrong(rows), rows)[1] <= at_most

        low, high = self.looked_at, max(2 * self.looked_at, 16)
        while not fits(high):
            low, high = high, 2 * high
            if low > MOST:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if fits(middle) else (middle, high)
        return high - self.looked_at


def error_rate(rows: Iterable[ByReviewer]) -> ErrorRate:
    """The error rate by the verdicts of rows, of each what its reviewers say.

    Rows count that were drawn at random and that somebody accepted, rejected or edited; wrong are those that fall or
    have another text, see `decided`.
    """
    found = [decided(row) for row in rows if any(each.drawn in RANDOM for each in row.values())]
    return rate_of([decision.wrong for decision in found if decision is not None])


def rate_of(wrong: Sequence[bool]) -> ErrorRate:
    """The error rate by what was drawn at random, of each whether it is wrong."""
    if not wrong:
        return ErrorRate()
    low, high = exact_interval(sum(wrong), len(wrong))
    return ErrorRate(len(wrong), sum(wrong), sum(wrong) / len(wrong), low, high)


def exact_interval(wrong: int, rows: int) -> tuple[float, float]:
    """The ends of the 95% interval of a share, by the method of Clopper and Pearson."""
    from scipy.stats import binomtest

    found = binomtest(wrong, rows).proportion_ci(confidence_level=CONFIDENCE, method="exact")
    return float(found.low), float(found.high)
