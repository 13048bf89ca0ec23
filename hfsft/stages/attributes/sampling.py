"""Which combination of attributes each written row gets, so that the shares of all hold at every count of rows.

A combination that is wanted in a share p of the rows is drawn, among the first n, floor(n p) or ceil(n p) times,
whatever n is. That such an order exists is Tijdeman's theorem (Tijdeman 1980, "The chairman assignment problem",
Discrete Mathematics 32; each state of a union is to give the chairman in fair turns). The j-th draw of a combination
then has a first place, floor((j - 1) / p) + 1, and a last, ceil(j / p); whatever is drawn within these bounds, the rest
can be drawn within theirs as long as for every place t no more draws are due by t than places are left to it (Steiner
and Yeomans 1993, "Level schedules for mixed-model, just-in-time processes", Management Science 39). Of those that may
be drawn, that one is whose values, and pairs of values, are most below their shares, by the sum of it: so the shares of
each attribute, and of each two, hold too while there are still fewer rows than combinations (Welling 2009, "Herding
dynamical weights to learn", whose sums stay bounded). A hash decides where two are equal, so that nothing depends on
the order in which a recipe lists its values.

Where there are more than `FLAT` combinations they are not listed: each attribute's values are drawn by the same rule
among the rows that share the values drawn before it. Each value then has, among these rows, floor or ceil of its share;
a combination of m attributes is off by less than 1 + p_m + p_m p_(m-1) + ... < m rows, p_i being the share of its i-th
value behind those before it; in words, less than a row for each attribute.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations as pairs_of
from itertools import islice
from typing import TYPE_CHECKING, Any

from hfsft.hashing import digest, unit
from hfsft.stages.attributes.shares import AttributeShares, Combination, whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLAT = 4_096
"""Most combinations that are listed."""
AHEAD = 50_000
"""Places that are looked ahead: what has to be drawn within more of them is not drawn before."""
NEVER = 2**62
EVEN = 9  # digits behind which two sums of what is lacking count as equal: they are sums of numbers of double precision


class FairTurns:
    """Draws one of several at a time, so that each is drawn floor or ceil of its share of all draws, at any time."""

    def __init__(self, shares: Sequence[Fraction]) -> None:
        import numpy as np

        self.weights = whole(shares)
        self.total = sum(self.weights)
        self.count = 0  # draws so far
        self._drawn = [0] * len(shares)
        self._first = np.ones(len(shares), dtype=np.int64)  # the first place in which each may be drawn next
        self._last = np.array([self._due(each, 1) for each in range(len(shares))], dtype=np.int64)
        self._left = np.zeros(1, dtype=np.int64)  # by place: how many places up to it are not taken by draws due by it
        self._extend(AHEAD)

    def may(self) -> NDArray[np.bool_]:
        """Which may be drawn next; one at least may."""
        import numpy as np

        place = self.count + 1
        tight = np.flatnonzero(self._left[place : int(self._last.max())] == 0)
        last = place + int(tight[0]) if len(tight) else len(self._left) - 1
        found: NDArray[np.bool_] = (self._first <= place) & (self._last <= last)
        return found

    def draw(self, which: int) -> None:
        """Draw one that may be drawn."""
        self.count += 1
        self._left[self.count : self._last[which]] -= 1
        self._drawn[which] += 1
        times = self._drawn[which]
        self._first[which] = min(NEVER, times * self.total // self.weights[which] + 1)
        self._last[which] = self._due(which, times + 1)
        if self.count + AHEAD // 2 > len(self._left):
            self._extend(self.count + AHEAD)

    def _due(self, which: int, times: int) -> int:
        """The last place in which something may be drawn for that time."""
        return min(NEVER, -(-times * self.total // self.weights[which]))

    def _extend(self, to: int) -> None:
        """Work out what is left up to a place, of draws that are still to be made."""
        import numpy as np

        known = len(self._left)
        due = np.zeros(to + 1, dtype=np.int64)
        for which, weight in enumerate(self.weights):
            first, last = self._drawn[which] + 1, to * weight // self.total
            if to * weight < NEVER:  # no two draws of one are due in one place
                due[-(-np.arange(first, last + 1, dtype=np.int64) * self.total // weight)] += 1
            else:
                for times in range(first, last + 1):
                    due[self._due(which, times)] += 1
        left = np.arange(to + 1) - self.count - np.cumsum(due)
        left[:known] = self._left
        self._left = left


class Sampler:
    """The combinations of the slots of one source, whose name is `key`."""

    def __init__(self, distribution: AttributeShares, key: str) -> None:
        self._all, self._key = distribution, key

    def slots(self, start: int, stop: int, have: Mapping[Combination, int] | None = None) -> list[Combination]:
        """The combinations of the slots from `start` to before `stop`.

        Those of the first rows where `have` is empty; else of a wave that follows rows of which so many of each
        combination were accepted: at each slot the one that these and the slots before it leave most below its shares.
        """
        have = {combination: count for combination, count in (have or {}).items() if count}
        drawn = self._draws.drawn(have)
        return list(islice(drawn, 0 if have else start, stop - start if have else stop))

    @property
    def _draws(self) -> _Listed | _Nested:
        return (_Listed if self._all.count <= FLAT else _Nested)(self._all, self._key)


class _Listed:
    """Draws of all combinations."""

    def __init__(self, distribution: AttributeShares, key: str) -> None:
        import numpy as np

        shares = distribution.combinations()
        self.all = sorted(shares, key=lambda each: (unit(digest(each), "attributes", key), each))
        self.shares = [shares[each] for each in self.all]
        names = len(distribution.names)
        codes: list[dict[str, int]] = [{} for _ in range(names)]
        self.values = np.array(
            [[code.setdefault(v, len(code)) for code, v in zip(codes, each, strict=True)] for each in self.all]
        )
        # How much is wanted of what each combination is part of: its values, its pairs of values, and itself.
        wanted: Counter[Any] = Counter()
        parts = [list(_parts(each)) for each in self.all]
        for inside, share in zip(parts, self.shares, strict=True):
            for part in inside:
                wanted[part] += share  # type: ignore[assignment]  # a counter of fractions
        self.wanted = np.array([float(sum(wanted[part] for part in inside)) for inside in parts])
        self.alone = names > 2  # whether a combination is another part than its values and pairs

    def drawn(self, have: Mapping[Combination, int] | None = None) -> Iterator[Combination]:
        import numpy as np

        has = np.zeros(len(self.all), dtype=np.int64)  # of what each combination is part of, all that there is
        places, count = {each: place for place, each in enumerate(self.all)}, 0
        for combination, rows in (have or {}).items():
            if combination in places:
                has += rows * self._shared(places[combination])
                count += rows
        turns = None if have else FairTurns(self.shares)
        while True:
            count += 1
            lacking = np.round(count * self.wanted - has, EVEN)
            if turns:
                lacking[~turns.may()] = -np.inf
            which = int(lacking.argmax())
            if turns:
                turns.draw(which)
            has += self._shared(which)
            yield self.all[which]

    def _shared(self, which: int) -> NDArray[np.int64]:
        """How many parts each combination has in common with one of them."""
        same = (self.values == self.values[which]).sum(axis=1)
        found: NDArray[np.int64] = same + same * (same - 1) // 2
        if self.alone:
            found[which] += 1
        return found


class _Nested:
    """Draws of one attribute after the other, of more combinations than are listed."""

    def __init__(self, distribution: AttributeShares, key: str) -> None:
        self._all, self._key = distribution, key
        self._order = distribution.order
        self._turns: dict[tuple[str, ...], FairTurns] = {}
        self._lacking: defaultdict[Any, float] = defaultdict(float)  # by value, and by pair of values

    def drawn(self, have: Mapping[Combination, int] | None = None) -> Iterator[Combination]:
        back = sorted(range(len(self._order)), key=self._order.__getitem__)
        for combination, rows in sorted((have or {}).items()):
            if len(combination) == len(back):
                self._take([combination[place] for place in back], rows)
        while True:
            behind: list[str] = []
            for _ in self._all.drawn:
                behind.append(self._next(behind, free=bool(have)))
            self._take(behind, 1)
            yield tuple(behind[place] for place in self._order)

    def _next(self, behind: list[str], free: bool) -> str:
        shares = self._all.shares_behind(behind)
        values = sorted(shares, key=lambda value: (unit(digest([*behind, value]), "attributes", self._key), value))
        level = len(behind)
        turns = None
        if not free:
            prefix = tuple(behind)
            if prefix not in self._turns:
                self._turns[prefix] = FairTurns([shares[value] for value in values])
            turns = self._turns[prefix]
        may = turns.may() if turns else [True] * len(values)

        def lacks(place: int) -> float:
            value = values[place]
            found = sum(self._lacking[part] for part in _keys(level, value, behind))
            return round(found + float(shares[value]) * (1 + level), EVEN)

        which = max((place for place in range(len(values)) if may[place]), key=lambda place: (lacks(place), -place))
        if turns:
            turns.draw(which)
        return values[which]

    def _take(self, drawn: Sequence[str], rows: int) -> None:
        """Count rows with these values: what was to be expected of each value, and what came."""
        for level, value in enumerate(drawn):
            behind = list(drawn[:level])
            try:
                shares = self._all.shares_behind(behind)
            except KeyError:  # a value that people wrote, and no recipe
                return
            for each, share in shares.items():
                for part in _keys(level, each, behind):
                    self._lacking[part] += rows * float(share)
            for part in _keys(level, value, behind):
                self._lacking[part] -= rows


def _keys(level: int, value: str, behind: Sequence[str]) -> Iterator[Any]:
    yield level, value
    yield from ((level, value, before, other) for before, other in enumerate(behind))


def _parts(combination: Combination) -> Iterator[Any]:
    """What a combination is part of: each of its values, each two of them, and, of more than two, all."""
    placed = list(enumerate(combination))
    yield from placed
    yield from pairs_of(placed, 2)
    if len(combination) > 2:
        yield combination
