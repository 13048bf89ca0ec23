"""How far two measures of the same rows go up and down together, by the order of their values alone.

Spearman 1904, "The Proof and Measurement of Association between Two Things": the correlation of the ranks, where equal
values share the mean of theirs. The interval is that of Fisher's z with the variance 1.06 / (n - 3) of Fieller,
Hartley and Pearson 1957, "Tests for Rank Correlation Coefficients. I". One value that is far off moves nothing, and a
judge that gives whole numbers has as many equal values as it likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atanh, sqrt, tanh
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST = 10  # rows, below which a correlation says nothing: its interval is nearly all that there is
_Z95 = NormalDist().inv_cdf(0.975)
_WHOLE = 1 - 1e-9  # Fisher's z of a correlation of 1 has no end


class Correlation(NamedTuple):
    """A rank correlation from -1 to 1, its interval of 95 %, and the number of rows that it is of."""

    rho: float
    low: float
    high: float
    rows: int

    def surely(self, doubt: float) -> bool:
        """Whether chance alone gives one as far from 0, on either side, in no larger a share of cases than `doubt`."""
        return abs(_z(self.rho)) >= NormalDist().inv_cdf(1 - doubt / 2) * _spread(self.rows)


def spearman(one: Sequence[float], other: Sequence[float]) -> Correlation | None:
    """The rank correlation of two measures; None of too few rows, and where one of them is the same for all."""
    if len(one) < FEWEST:
        return None
    rho = _pearson(_ranks(one), _ranks(other))
    return None if rho is None else _told(rho, len(one), len(one))


def at_equal(one: Sequence[float], other: Sequence[float], held: Sequence[float]) -> Correlation | None:
    """The same among rows that are alike in a third measure, which is held: the partial rank correlation.

    Kendall 1942, "Partial Rank Correlation", with the formula of Pearson's partial correlation over ranks: what both
    owe to the third measure is taken off each of them. None also where the third says all of one of them.
    """
    if len(one) < FEWEST:
        return None
    ranks = _ranks(one), _ranks(other), _ranks(held)
    both, first, second = (_pearson(ranks[a], ranks[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    if both is None:
        return None
    if first is None or second is None:  # nothing to hold: all rows are alike in it
        return _told(both, len(one), len(one))
    left = (1 - first**2) * (1 - second**2)
    return None if left < 1e-9 else _told((both - first * second) / sqrt(left), len(one), len(one) - 1)


def _told(rho: float, rows: int, free: int) -> Correlation:
    rho = max(-1.0, min(1.0, rho))
    reach = _Z95 * _spread(free)
    return Correlation(rho, min(rho, tanh(_z(rho) - reach)), max(rho, tanh(_z(rho) + reach)), rows)


def _z(rho: float) -> float:
    return atanh(max(-_WHOLE, min(_WHOLE, rho)))


def _spread(rows: int) -> float:
    return sqrt(1.06 / (rows - 3))


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """The ranks of values from 1, equal ones with the mean of theirs, less the mean of all ranks."""
    import numpy as np

    # Two measures that differ by less than their last digits are equal: how they were added up is no order.
    _, places, counts = np.unique(
        np.round(np.asarray(values, dtype=np.float64), 9), return_inverse=True, return_counts=True
    )
    ends = np.cumsum(counts)
    ranks: NDArray[np.float64] = (ends - (counts - 1) / 2)[places] - (len(values) + 1) / 2
    return ranks


def _pearson(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """The correlation of two measures whose mean is 0; None where one of them does not vary."""
    size = float(one @ one) * float(other @ other)
    return float(one @ other) / sqrt(size) if size > 0 else None
