"""Which items belong together where pairs join them, directly or through others, when no process holds the pairs.

Rounds of large stars and small stars: Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii 2014, "Connected Components
in MapReduce and Beyond" (Symposium on Cloud Computing), section 3.2: in each round every item is joined with the
smallest of its neighbours, first for the neighbours that are larger than it, then for those that are smaller, until
each component is a star around its smallest item. They take about the square of the logarithm of the number of items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.errors import InternalError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hfsft.engine.spread.scattered import Does, Scattered

FEW_PAIRS = 4_000_000  # pairs that this process joins itself: some 300 MB at most
MOST_ROUNDS = 60  # no graph of 64-bit numbers needs half as many
COMPONENT = "hfsft:component"
FOUND = {NUMBER: "int64", COMPONENT: "int64"}
_PAIR = {"one": "int64", "other": "int64"}


def components(pairs: Scattered, few: int = FEW_PAIRS) -> Scattered:
    """For each item of a pair the smallest item of its component: `NUMBER` and `COMPONENT`, a row for each item.

    `pairs` have the columns `one` and `other`, in any order, any pair any number of times. The rows that come of it
    are kept under names that begin with `components`.
    """
    apart = pairs.through(Work(path_of(ordered)), _PAIR).distinct().kept("components of pairs")
    if apart.count() <= few:
        return pairs.of(joined_here(apart.collected()), FOUND)  # so few are no burden
    for number in range(MOST_ROUNDS):
        stars = apart.also(apart.only({"one": "other", "other": "one"}))
        large = stars.grouped(["one"], Work(path_of(large_star)), _PAIR).distinct()
        apart = large.grouped(["one"], Work(path_of(small_star)), _PAIR).distinct().kept(f"components, round {number}")
        if _all_stars(apart):
            centres = apart.only({"one": "other"}).distinct().only({NUMBER: "one", COMPONENT: "one"})
            return apart.only({NUMBER: "one", COMPONENT: "other"}).also(centres)
    raise InternalError(f"components were not found in {MOST_ROUNDS} rounds")


def of_its_own() -> Does:
    """Rows that no pair joins with another are components of their own."""

    def does(table: pa.Table) -> pa.Table:
        place = table.column_names.index(COMPONENT)
        return table.set_column(place, COMPONENT, pc.coalesce(table[COMPONENT], table[NUMBER]))

    return does


def _all_stars(pairs: Scattered) -> bool:
    """Whether each item that is not a centre is joined with one item alone, and that is a centre."""
    most = pairs.told(["one"], {"times": ("count", "other")})
    if most.through(Work(path_of(above_one)), {"times": "int64"}).count():
        return False
    return not pairs.joined(pairs.only({"one": "other", "beyond": "one"}), ["one"]).count()


def ordered() -> Does:
    """The larger item first, without those that are joined with themselves."""

    def does(table: pa.Table) -> pa.Table:
        one, other = _numbers(table)
        return _pairs(np.maximum(one, other), np.minimum(one, other))

    return does


def large_star() -> Does:
    """Each larger neighbour of an item joined with the smallest of its neighbours and itself."""

    def does(table: pa.Table) -> pa.Table:
        one, other, least = _with_least(table)
        larger = other > one
        return _pairs(other[larger], least[larger])

    return does


def small_star() -> Does:
    """Each smaller neighbour of an item, and itself, joined with the smallest of these."""

    def does(table: pa.Table) -> pa.Table:
        one, other, least = _with_least(table)
        return _pairs(np.concatenate([other, one]), np.concatenate([least, least]))

    return does


def above_one() -> Does:
    """The items that are joined with more than one."""

    def does(table: pa.Table) -> pa.Table:
        times = table["times"].to_numpy()
        return pa.table({"times": times[times > 1]})

    return does


def _with_least(table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The columns of pairs in groups by `one`, and for each pair the smallest item of its group."""
    one, other = _numbers(table)
    first = starts(table, ["one"])
    if not len(first):
        return one, other, other
    least = np.minimum(np.minimum.reduceat(other, first), one[first])
    return one, other, np.repeat(least, np.diff(np.append(first, len(one))))


def _numbers(table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return table["one"].to_numpy(), table["other"].to_numpy()


def _pairs(one: NDArray[np.int64], other: NDArray[np.int64]) -> pa.Table:
    """Pairs of two different items, each once."""
    apart = one != other
    found = np.unique(np.stack([one[apart], other[apart]], axis=1), axis=0)
    return pa.table({"one": found[:, 0], "other": found[:, 1]})


def joined_here(pairs: pa.Table) -> pa.Table:
    """The components of pairs that this process has: each item takes the smallest label of its neighbours, and labels
    are followed to their end, until nothing changes.
    """
    ones, others = _numbers(pairs)
    items, places = np.unique(np.concatenate([ones, others]), return_inverse=True)
    one, other = places[: len(ones)], places[len(ones) :]
    label = np.arange(len(items))
    while True:
        least = np.minimum(label[one], label[other])
        new = label.copy()
        for ends in (one, other, label[one], label[other]):
            np.minimum.at(new, ends, least)
        while not np.array_equal(new, new[new]):
            new = new[new]
        if np.array_equal(new, label):
            return pa.table({NUMBER: items, COMPONENT: items[label]})
        label = new
