"""The draw: which families are held out, so that the shares of rows are met whatever their sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hfsft.engine.spread.scattered import starts
from hfsft.hashing import unit
from hfsft.rows.columns import Side
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from hfsft.engine.adding import Numbers

Stood = Side | Literal["held"]
"""The side of a family, as far as it is settled: one that is `held` out is of validation or test."""
HELD: Stood = "held"
SEEN: tuple[Stood, ...] = ("train", "validation", HELD, "test")
"""Sides by how much a model has seen of what stands there, the most first."""
FREE = {"family": "string", "group": "string", "size": "int64", "drawn": "float64", "place": "float64"}
"""Families that are on no side yet: what the draw needs to know of each."""
POOL = ""  # the group of the families of all topics that are too small to give one
NOTHING = 0.5  # rows: where no more are wanted, no family brings their number any nearer
AT_ONCE = 10_000  # families that are walked along as Python's numbers


class Group(NamedTuple):
    """What the families of one topic have, or those of the pool: numbers of rows, but for the last."""

    total: int
    held: int  # held out already
    free: int  # on no side yet
    families: int  # on no side yet


def drawn(
    families: Sequence[str],
    topics: Sequence[str | None],
    validation: float,
    test: float,
    known: Mapping[str, Stood],
) -> dict[str, Side]:
    """The side of each family, of rows whose families and topics are given; `known` keep theirs.

    First it is drawn which are held out at all, for both shares together, then which of these are for `test`: each
    total is met within one family, and that of each topic nearly so.
    """
    share = validation + test
    held = held_out(families, topics, share, {family: side != "train" for family, side in known.items()})
    settled = {family: side == "test" for family, side in known.items() if side in ("validation", "test")}
    among = [place for place, family in enumerate(families) if family in held]
    if not test:
        tested = {family for family in held if settled.get(family)}
    elif not validation:
        tested = {family for family in held if settled.get(family, True)}
    else:
        of = ([families[place] for place in among], [topics[place] for place in among])
        tested = held_out(*of, test / share, settled)
    found: dict[str, Side] = {}
    for family in families:
        found[family] = "train" if family not in held else "test" if family in tested else "validation"
    return found


def held_out(
    families: Sequence[str], topics: Sequence[str | None], share: float, known: Mapping[str, bool]
) -> set[str]:
    """The families to hold out, of rows whose families and topics are given; `known` are on their side already.

    In each topic the families stand in the order of a hash of their names, those held out already before the others,
    and each has a place from 0 to 1 by the rows before it: those below `share` are what the topic is to give. Families
    of all topics are taken by their places, those left out that would bring the number of rows no nearer to what is
    asked, so that the total is met within one family and each topic nearly so. A chance does not hang on a family's
    size. At least one of two families is held out, and at least one trained on, if `known` leaves the choice.
    """
    size = Counter(families)
    held = {family for family in size if known.get(family)}
    free = [family for family in size if family not in known]
    if not share or not free:
        return held
    topic = _topics(families, topics)
    many = Counter(topic.values())
    group = {family: group_of(topic, many[topic], share) for family, topic in topic.items()}
    sums: dict[str, list[int]] = {name: [0, 0, 0, 0] for name in group.values()}
    for family, rows in size.items():
        of = sums[group[family]]
        of[0] += rows
        of[1] += rows * (family in held)
    for family in free:
        of = sums[group[family]]
        of[2] += size[family]
        of[3] += 1
    groups = {name: Group(*each) for name, each in sums.items()}
    found = taken(_free(free, group, size), groups, share, len(size), len(held))
    assert found is not None, "all families are given"
    return held | set(found.to_pylist())


def group_of(topic: str, families: int, share: float) -> str:
    """What the families of a topic are drawn with: each other, or together with other topics where they are so few that
    none of them would be held out.
    """
    return POOL if share * families < 1 else f"={topic}"


def hashes_of(family: str) -> tuple[float, float]:
    """By what the families of a group are ordered, and where between the rows before it and behind each one lies."""
    return unit(family, "split"), unit(family, "place")


def taken(free: pa.Table, groups: Mapping[str, Group], share: float, families: int, held: int) -> pa.Array | None:
    """The families to hold out beside those that are: of `families` that there are in all groups, `held` are.

    `free` are families on no side yet, of each group those with the smallest hashes. None where which are held out
    hangs on some that are not given.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = share * sum(each.total for each in groups.values()) - sum(each.held for each in groups.values())
    free = free.sort_by([(name, "ascending") for name in ("group", "drawn", "family")]).combine_chunks()
    size, within = free["size"].to_numpy(), free["place"].to_numpy()
    place, border = np.zeros(len(free)), np.inf  # of the first family that is not given
    first = starts(free, ["group"])
    stretches = dict(zip(free["group"].take(first).to_pylist(), pairwise([*first.tolist(), len(free)]), strict=True))
    for name, (total, before, rows, _) in groups.items():
        start, stop = stretches.get(name, (0, 0))
        given = size[start:stop]
        chosen, left = _nearest(given, share * total - before)
        order = start + np.argsort(~chosen, kind="stable")
        behind = before + np.cumsum(size[order])
        place[order] = (behind - size[order] + within[order] * size[order]) / total
        if given.sum() < rows:
            if left > NOTHING:
                return None
            border = min(border, (before + given.sum()) / total)
    known = np.flatnonzero(place < border)
    at = pa.table({"place": place[known], "family": free["family"].take(known)})
    known = known[pc.sort_indices(at, [("place", "ascending"), ("family", "ascending")]).to_numpy()]
    chosen, left = _nearest(size[known], wanted)
    alone = families > 1 and held + chosen.sum() in (0, families)
    if border < np.inf and (left > NOTHING or alone):
        return None
    if alone and len(known):
        at_most = np.argmin(size[known])
        chosen[at_most] = not chosen[at_most]
    return free["family"].take(known[chosen]).combine_chunks()


def _nearest(sizes: Numbers, wanted: float) -> tuple[NDArray[np.bool_], float]:
    """Which of families in their order bring the number of rows nearer to what is wanted, and what is wanted then."""
    import numpy as np

    chosen = np.zeros(len(sizes), bool)
    for start in range(0, len(sizes), AT_ONCE):
        for at, size in enumerate(sizes[start : start + AT_ONCE].tolist(), start):
            if abs(wanted - size) < abs(wanted):
                wanted -= size
                chosen[at] = True
        if wanted <= NOTHING:
            break
    return chosen, wanted


def _free(families: Sequence[str], group: Mapping[str, str], size: Mapping[str, int]) -> pa.Table:
    import pyarrow as pa

    hashes = list(map(hashes_of, families))
    columns = [families, [group[each] for each in families], [size[each] for each in families]]
    return pa.table([*columns, *map(list, zip(*hashes, strict=True))], schema=arrow_schema(FREE))


def most_seen(sides: Iterable[Any]) -> Any:
    """Of several sides the one that models see most of."""
    return min(sides, key=SEEN.index)


def strata(values: Iterable[Any]) -> list[str | None]:
    """The values of a column as texts."""
    return [None if value is None else str(value) for value in values]


def _topics(families: Sequence[str], topics: Sequence[str | None]) -> dict[str, str]:
    """The commonest topic of each family."""
    best: dict[str, tuple[int, str]] = {}
    for (family, topic), rows in Counter(zip(families, (topic or "" for topic in topics), strict=True)).items():
        found = -rows, topic
        best[family] = min(found, best.get(family, found))
    return {family: topic for family, (_, topic) in best.items()}
