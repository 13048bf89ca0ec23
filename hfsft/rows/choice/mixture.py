"""A mixture: of each source as many rows as let the shares of all hold; which, a hash of each row's id tells."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hfsft.hashing import unit
from hfsft.rows.batch import Row
from hfsft.rows.choice.row_counts import Counts
from hfsft.rows.choice.spool import Spool

SLACK = 1e-9  # what sums of shares are off by, as 0.7 + 0.2 + 0.1 is


@dataclass(frozen=True)
class MixedSource:
    """One source of a mixture; without a `share` it is one of those that share what is left."""

    rows: Iterator[Row]
    share: float | None
    counts: Counts


@dataclass
class _Read:
    """Where the rows of a source lie in the spool."""

    places: array[int] = field(default_factory=lambda: array("q"))
    hashes: array[float] = field(default_factory=lambda: array("d"))  # 2 for a row that cannot be used
    usable: int = 0


def mixed(parts: Sequence[MixedSource], defect: str) -> Iterator[Row]:
    """The rows of all sources, one source after the other, without those that would break the shares.

    Rows that cannot be used (something stands in their column `defect`) count for no share and are all there. Every row
    is read before the first one comes, and lies on disk meanwhile. The counts of each source say what was left out.
    """
    with Spool() as spool:
        read = [_spooled(part.rows, defect, spool) for part in parts]
        for part, found, left in zip(parts, read, _left_out(parts, read), strict=True):
            part.counts.mixture = len(left)
            part.counts.taken -= len(left)
            yield from spool.read(place for number, place in enumerate(found.places) if number not in left)


def sizes(usable: Sequence[int], shares: Sequence[float | None]) -> list[int | None]:
    """How many rows each source gives so that the mixture is as large as it can be; None for those without a share.

    What is left for these together is the last number.
    """
    rest = 1 - sum(share or 0 for share in shares)
    pool = sum(rows for rows, share in zip(usable, shares, strict=True) if share is None)
    wanted = [(rows, share) for rows, share in zip(usable, shares, strict=True) if share is not None]
    if None in shares:
        wanted.append((pool, rest))
    whole = min((rows / share for rows, share in wanted), default=0.0)
    given = [None if share is None else int(share * whole + SLACK) for share in shares]
    return [*given, int(rest * whole + SLACK) if None in shares else 0]


def _spooled(rows: Iterator[Row], defect: str, spool: Spool) -> _Read:
    read = _Read()
    for row in rows:
        read.places.append(spool.put(row))
        usable = row[defect] is None
        read.hashes.append(unit(row["id"], "mixture") if usable else 2)
        read.usable += usable
    return read


def _left_out(parts: Sequence[MixedSource], read: Sequence[_Read]) -> list[set[int]]:
    """The numbers of the rows of each source that are left out."""
    shares = [part.share for part in parts]
    *given, pooled = sizes([found.usable for found in read], shares)
    pool = sorted(
        (value, part, number)
        for part, found in enumerate(read)
        if shares[part] is None
        for number, value in enumerate(found.hashes)
        if value < 2
    )
    left = [set[int]() for _ in parts]
    for _, part, number in pool[pooled:]:
        left[part].add(number)
    for part, (found, count) in enumerate(zip(read, given, strict=True)):
        if count is not None:
            order = sorted((n for n, value in enumerate(found.hashes) if value < 2), key=found.hashes.__getitem__)
            left[part] = set(order[count:])
    return left
