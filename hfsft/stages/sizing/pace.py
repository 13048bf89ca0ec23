"""How many rows the next wave asks for, so that a dataset comes to its size with hardly any row too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import NamedTuple

DEVIATIONS = 2.0  # a wave that could fill the rest stays so many standard deviations below
SPARE = 0.07  # share of all rows asked so far that may be asked in vain, to be done with it
MOST_WAVES = 100  # that are reckoned ahead
LATELY = 60  # accepted rows by which the share accepted is believed, whatever it was before
FEW = 3  # accepted rows below which it is not known whether as few as the least share are accepted
PILOT, PILOT_SHARE = 20, 0.1  # rows of a first wave, at least, and their share of the size


class Brought(NamedTuple):
    """What one wave asked for, and how many of its rows are accepted now."""

    asked: int
    accepted: int

    @property
    def share(self) -> float:
        """Accepted rows for each that was asked for."""
        return self.accepted / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class Pace:
    """The pace towards `size` rows.

    `most` is how many accepted rows one row that is asked for can come to, as where it grows others. A wave in which
    fewer than `least` (a share) of the rows asked for were accepted is the last one.
    """

    size: int
    most: float = 1.0
    least: float = 0.02

    @property
    def pilot(self) -> int:
        """Rows of the first wave: so few that a writer or a rule that is no good costs little to find out."""
        return min(ceil(self.size / self.most), max(PILOT, ceil(PILOT_SHARE * self.size / self.most)))

    def wanted(self, others: int, waves: Sequence[Brought]) -> int:
        """Rows to ask for now, 0 where nothing is missing; `others` are accepted rows that no wave brought.

        While much is missing, a wave is so small that it most likely stays below the size: what it leaves is asked for
        in the next. Once the rest is small beside all that was asked, it asks for as many as will most likely do.
        """
        missing = self.size - others - sum(wave.accepted for wave in waves)
        if missing <= 0:
            return 0
        asked = sum(wave.asked for wave in waves)
        if not asked:
            return min(self.pilot, ceil(missing / self.most))
        found = self.lately(waves)
        if not found.accepted:
            return min(ceil(missing / self.most), asked)
        if missing / found.share <= SPARE * asked:
            return ceil(missing / found.share)
        most = asked if found.accepted < LATELY else 2 * asked  # of few it is not yet known well
        return max(1, int(SPARE * asked), min(most, int(_below(missing, found))))

    def ahead(self, share: float, others: int, waves: Sequence[Brought]) -> list[Brought]:
        """The waves that would follow if this share of their rows were accepted; none after as many as `MOST_WAVES`."""
        found = list(waves)
        while len(found) < MOST_WAVES and (asked := self.wanted(others, found)):
            accepted = sum(wave.accepted for wave in found[len(waves) :])
            total = sum(wave.asked for wave in found[len(waves) :]) + asked
            found.append(Brought(asked, round(total * share) - accepted))  # fractions of rows add up
        return found[len(waves) :]

    def lately(self, waves: Sequence[Brought]) -> Brought:
        """The last waves that together asked for enough rows to go by: later ones tend to bring less than the first."""
        asked = accepted = 0
        for wave in reversed(waves):
            asked, accepted = asked + wave.asked, accepted + wave.accepted
            if accepted >= LATELY:
                break
        return Brought(asked, accepted)

    def exhausted(self, waves: Sequence[Brought]) -> bool:
        """Whether what was asked last brings too little to go on."""
        asked = accepted = 0
        for wave in reversed(waves):
            asked, accepted = asked + wave.asked, accepted + wave.accepted
            if accepted >= self.least * asked and accepted:
                return False
            # Of few rows chance decides, whether one or three were accepted.
            most = (FEW if accepted else 1) / self.least if self.least else LATELY
            if asked >= max(LATELY, most):
                return True
        return False


def _below(missing: int, found: Brought) -> float:
    """Rows that most likely come to fewer than are missing: `DEVIATIONS` standard deviations below.

    What is not known for sure is how many of n rows are accepted (n x share x (1 - share), a binomial distribution; of
    rows that come to several each n x share, Poisson's), and the share itself, which was seen in `found.asked` rows.
    """
    share = found.share
    each = share * (1 - share) if share < 1 else share * (share > 1)
    low, high = 0.0, missing / share
    for _ in range(50):
        n = (low + high) / 2
        spread = sqrt(each * n + n * n * max(each, share / found.asked) / found.asked)
        low, high = (n, high) if n * share + DEVIATIONS * spread <= missing else (low, n)
    return low
