"""The draw: which families are held out, so that the shares of rows are met whatever their sizes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from hfsft.engine.ledger import Side
from hfsft.hashing import unit

Stood = Side | Literal["held"]
"""The side of a family, as far as it is settled: one that is `held` out is of validation or test."""
HELD: Stood = "held"


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
    free = {family for family in size if family not in known}
    if not share or not free:
        return held
    wanted = share * len(families) - sum(size[family] for family in held)
    order = [family for _, family in sorted(_places(families, topics, share, size, held, free))]
    held |= set(_nearest(order, size, wanted))
    if len(size) > 1 and free and len(held) in (0, len(size)):
        held ^= {min(free, key=lambda family: (size[family], order.index(family)))}
    return held


def _places(
    families: Sequence[str],
    topics: Sequence[str | None],
    share: float,
    size: Mapping[str, int],
    held: Collection[str],
    free: Collection[str],
) -> Iterator[tuple[float, str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for family, topic in _topics(families, topics).items():
        members[topic].append(family)
    groups, pool = [], []
    for found in members.values():
        # A topic too small to give a family of its own gives its share together with others.
        if share * len(found) < 1:
            pool += found
        else:
            groups.append(found)
    for group in (*groups, pool):
        total = sum(size[family] for family in group)
        before = sum(size[family] for family in group if family in held)
        drawn = sorted((each for each in group if each in free), key=lambda each: (unit(each, "split"), each))
        taken = set(_nearest(drawn, size, share * total - before))
        for family in sorted(drawn, key=lambda each: each not in taken):
            yield (before + unit(family, "place") * size[family]) / total, family
            before += size[family]


def _nearest(families: Iterable[str], size: Mapping[str, int], wanted: float) -> Iterator[str]:
    """Of families in their order those that bring the number of rows nearer to what is wanted."""
    for family in families:
        if abs(wanted - size[family]) < abs(wanted):
            wanted -= size[family]
            yield family


def _topics(families: Sequence[str], topics: Sequence[str | None]) -> dict[str, str]:
    """The commonest topic of each family."""
    best: dict[str, tuple[int, str]] = {}
    for (family, topic), rows in Counter(zip(families, (topic or "" for topic in topics), strict=True)).items():
        found = -rows, topic
        best[family] = min(found, best.get(family, found))
    return {family: topic for family, (_, topic) in best.items()}
