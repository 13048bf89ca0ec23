"""The order in which rows are sampled: every beginning of it is a random sample, proportional over topic and score.

Rows of one topic whose scores lie in one third of all are a stratum. In each stratum rows stand in the order of a hash
of their ids; the first has a place between 0 and 1 / size by a hash of the stratum, and each further one 1 / size
behind. By these places the strata are put together, so that the first n rows hold of each stratum its share of n, give
or take one: proportional stratified sampling (Cochran 1977, "Sampling Techniques", 5.5), in which each row is as likely
as any other and which strays less than a plain random sample. A longer sample begins with the shorter one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from hfsft.hashing import unit
from hfsft.review.drawn.reviewed_rows import Candidate

BANDS = 3


def sample_order(rows: Iterable[Candidate]) -> list[Candidate]:
    """The rows in the order in which they are looked at; which these are and in what order they come changes nothing
    but their places.
    """
    rows = list(rows)
    starts = band_starts([row.score for row in rows if row.score is not None])
    strata: dict[tuple[str, int], list[tuple[float, Candidate]]] = defaultdict(list)
    for row in rows:
        band = BANDS if row.score is None else sum(row.score >= start for start in starts)
        strata[row.topic, band].append((unit("review", row.id), row))
    placed = []
    for stratum, members in strata.items():
        first = unit("review", "stratum", *stratum)
        for rank, (chance, row) in enumerate(sorted(members, key=lambda each: (each[0], each[1].id))):
            placed.append(((rank + first) / len(members), chance, row.id, row))
    return [row for *_, row in sorted(placed, key=lambda each: each[:3])]


def band_starts(scores: Sequence[float]) -> list[float]:
    """The scores with which all bands but the first begin, each of about as many rows; equal scores are of one band."""
    ordered = sorted(scores)
    return sorted({ordered[len(ordered) * part // BANDS] for part in range(1, BANDS)}) if ordered else []


def turned(rows: Sequence[Candidate], reviewer: str) -> list[Candidate]:
    """The rows from a place on that hangs on who looks at them, and then those before it: two who begin at once begin
    apart, and what lies between two places is proportional as well.
    """
    start = int(unit("review", "begins", reviewer) * len(rows))
    return [*rows[start:], *rows[:start]]
