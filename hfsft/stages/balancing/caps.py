"""Which rows go so that no value of a column has more of them than is allowed, for several columns at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor, inf
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.plain import digits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Mask = NDArray[np.bool_]

ROUNDING = 1e-9


class Caps(NamedTuple):
    """What one column is bound to: the most and the least rows of each value, as a number and as a share of all rows.

    `values` names those that are meant; None for all.
    """

    rows_at_most: float | None = None
    rows_at_least: float | None = None
    share_at_most: float | None = None
    share_at_least: float | None = None
    values: tuple[str, ...] | None = None


class Groups(NamedTuple):
    """A column as numbers: for each row that of its value, -1 where it has none, or none that is meant."""

    values: int  # how many different ones there are
    codes: Codes

    @classmethod
    def of(cls, values: Sequence[str | None], meant: Sequence[str] | None) -> Groups:
        """The groups of a column."""
        import numpy as np

        names = {value for value in values if value is not None and (meant is None or value in meant)}
        number = {name: place for place, name in enumerate(sorted(names))}
        codes = (-1 if value is None else number.get(value, -1) for value in values)
        return cls(len(number), np.fromiter(codes, np.int64, len(values)))

    @classmethod
    def numbered(cls, codes: Codes) -> Groups:
        """The groups of a column of any numbers, less than 0 where there is no value."""
        import numpy as np

        there = codes >= 0
        known, codes[there] = np.unique(codes[there], return_inverse=True)
        return cls(len(known), codes)

    def counts(self, stay: Mask) -> Codes:
        """How many of these rows each value has."""
        import numpy as np

        codes = self.codes[stay]
        return np.bincount(codes[codes >= 0], minlength=self.values)


def taken(caps: Sequence[Caps], groups: Sequence[Groups], ranks: Sequence[Codes]) -> Codes:
    """For each row the number of the rule that takes it, -1 where it stays: of each value the first by rank, from 0.

    All rules hold together in the end: rows go by one after the other until none takes any more. None takes a row
    whose value has no more than the least that another rule names. A share that cannot be, such as at most a fifth of
    three values, takes no row at all.
    """
    import numpy as np

    by = np.full(len(groups[0].codes), -1, np.int64)
    stay = np.ones(len(by), bool)
    least = [
        (each, group) for each, group in zip(caps, groups, strict=True) if each.rows_at_least or each.share_at_least
    ]
    while True:
        before = int(stay.sum())
        for number, (rule, group, rank) in enumerate(zip(caps, groups, ranks, strict=True)):
            most = _most(rule, group.counts(stay), int(stay.sum()))
            going = _beyond(group, rank, stay, most)
            if least:
                going = _not_needed(least, stay, going)
            stay[going], by[going] = False, number
        if int(stay.sum()) == before:
            return by


def possible(caps: Caps, counts: Codes, total: int) -> bool:
    """Whether the share that is allowed can be had by taking rows away."""
    values = int((counts > 0).sum())
    return caps.share_at_most is None or total > counts.sum() or caps.share_at_most * values >= 1 - ROUNDING


def _most(caps: Caps, counts: Codes, total: int) -> float:
    """The most rows of one value, where all have their share of what is left then."""
    most = inf if caps.rows_at_most is None else caps.rows_at_most
    if caps.share_at_most is None or not possible(caps, counts, total):
        return most
    others, share = total - int(counts.sum()), caps.share_at_most
    sizes = sorted(counts[counts > 0].tolist())
    below = 0
    for place, size in enumerate(sizes):
        # With a cap of at most `size`: what is below it stays whole, the others have the cap each.
        larger = len(sizes) - place
        if share * larger >= 1 - ROUNDING or size <= share * (others + below + larger * size) + ROUNDING:
            below += size
            continue
        cap = share * (others + below) / (1 - share * larger)
        return min(most, floor(cap + ROUNDING))
    return most


def _beyond(group: Groups, rank: Codes, stay: Mask, most: float) -> Codes:
    """The rows beyond the most of each value, the last by rank first."""
    import numpy as np

    if most == inf:
        return np.zeros(0, np.int64)
    rows = np.flatnonzero(stay & (group.codes >= 0))
    rows = rows[np.lexsort((rank[rows], group.codes[rows]))]
    codes = group.codes[rows]
    beyond = rows[np.arange(len(rows)) - np.searchsorted(codes, codes) >= most]
    return beyond[np.argsort(-rank[beyond], kind="stable")]


def _not_needed(least: Sequence[tuple[Caps, Groups]], stay: Mask, going: Codes) -> Codes:
    """Of rows that are to go, one after the other, those whose values have more rows then than they should at least."""
    import numpy as np

    have, total = [group.counts(stay) for _, group in least], int(stay.sum())
    found = []
    for row in going.tolist():
        codes = [int(group.codes[row]) for _, group in least]
        bounds = (max(caps.rows_at_least or 0, (caps.share_at_least or 0) * total) for caps, _ in least)
        if any(code >= 0 and counts[code] <= bound for code, counts, bound in zip(codes, have, bounds, strict=True)):
            continue
        found.append(row)
        total -= 1
        for code, counts in zip(codes, have, strict=True):
            if code >= 0:
                counts[code] -= 1
    return np.array(found, np.int64)


def short(caps: Caps, counts: Mapping[str, int], total: int) -> Iterator[tuple[str, str, str]]:
    """The values beyond their bounds, the rarest first: the value, what it has, and the bound."""
    for value in sorted(caps.values or counts, key=lambda each: (counts.get(each, 0), each)):
        have = counts.get(value, 0)
        share = have / total if total else 0.0
        checks: list[tuple[bool, Any, str]] = [
            (caps.rows_at_least is not None and have < caps.rows_at_least, caps.rows_at_least, "rows at least"),
            (caps.rows_at_most is not None and have > caps.rows_at_most, caps.rows_at_most, "rows at most"),
            (
                caps.share_at_least is not None and share < caps.share_at_least - ROUNDING,
                caps.share_at_least,
                "share at least",
            ),
            (
                caps.share_at_most is not None and share > caps.share_at_most + ROUNDING,
                caps.share_at_most,
                "share at most",
            ),
        ]
        for beyond, bound, said in checks:
            if beyond:
                yield value, f"{have:,} of {total:,} rows, {share:.1%}", f"{said} {digits(bound)}"
