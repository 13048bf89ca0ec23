"""The side of the split, train, validation or test, of each row in this build and in the builds before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import isclose
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hfsft.engine.ordering.spilled import Spilled
from hfsft.engine.resources import Resource
from hfsft.hashing import digest
from hfsft.rows.batch import Batch
from hfsft.rows.columns import SIDES, Side
from hfsft.stages.selecting.twin import BOTH, CHOSEN, RANDOM, SELECTED
from hfsft.stages.split.draw import HELD, Stood, drawn, most_seen, strata
from hfsft.stages.split.row_families import KEYS, keys_of

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered


class Stand(NamedTuple):
    """The side of a key, and the one that it ever stood on before, of several the one that models see most of."""

    side: Side
    was: Side | None = None


@dataclass(frozen=True)
class Sides:
    """The sides that builds gave so far, by the keys of rows; those of rows that are gone stay.

    `asked` is the recipe's `split` that they were given for, `moved` how many rows of the last build came from one side
    to another (that is, `(from, to)`), in it or in any build before.
    """

    asked: Mapping[str, Any] = field(default_factory=dict)
    stands: Mapping[str, Stand] = field(default_factory=dict)
    moved: Mapping[tuple[Side, Side], int] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Side]:
        """The side of each key."""
        return {key: stand.side for key, stand in self.stands.items()}

    def regarded(self, asked: Mapping[str, Any]) -> dict[str, Stood]:
        """What a build that asks this is to keep: the side of each key where the same is asked.

        Where `test` is asked for beside what was held out, or is given a part of that, what was trained on is trained
        on still, and what was held out is held out, for validation or for test. Where anything else is asked, nothing
        is kept.
        """
        if asked == self.asked:
            return dict(self.known)
        (held, test), (was_held, was_test) = (_shares(each) for each in (asked, self.asked))
        others = ({name: each[name] for name in each if name not in SIDES} for each in (asked, self.asked))
        if next(others) != next(others) or not (isclose(held, was_held) or isclose(held + test, was_held + was_test)):
            return {}
        fixed = ("train", "test") if test else ("train",)
        return {key: side if side in fixed else HELD for key, side in self.known.items()}

    def joined(self, others: Sides, asked: Mapping[str, Any]) -> Sides:
        """These sides and those that somebody else gave, where both were asked the same; of a key that has two sides
        the one that models see more of. Else those for what is `asked` now, of both these.
        """
        if not others.stands or (self.asked != others.asked and self.stands and others.asked != asked):
            return self
        if not self.stands or self.asked != others.asked:
            return others
        stands = dict(self.stands)
        for key, stand in others.stands.items():
            mine = stands.setdefault(key, stand)
            if mine.side != stand.side and most_seen((mine.side, stand.side)) == stand.side:
                stands[key] = Stand(stand.side, mine.side)
        return Sides(self.asked, stands)

    def after(self, asked: Mapping[str, Any], batches: Iterable[Batch]) -> Sides:
        """These sides and those of a build's rows, whose keys are made where a batch has none."""
        stands, moved = growing(self.stands.items()), Counter[tuple[Side, Side]]()
        given, by = {side: Stand(side) for side in SIDES}, column_of(asked.get("by"))
        known = ((batch[KEYS] if KEYS in batch else keys_of(batch, by), batch["split"]) for batch in batches)
        for keys, side in chain.from_iterable(zip(*each, strict=True) for each in known):
            came: list[Side] = []
            for key in keys:
                old = self.stands.get(key, given[side])
                if old == given[side]:
                    stands[key] = old
                    continue
                before = [each for each in (old.was, old.side) if each and each != side]
                stands[key] = Stand(side, most_seen(before) if before else None)
                came += [was] if (was := stands[key].was) else []
            if came:
                moved[most_seen(came), side] += 1
        return Sides(asked, stands, moved)


def growing(stands: Iterable[tuple[str, Stand]] = ()) -> Spilled[Stand]:
    """Stands by key, of which a disk holds those that are too many for memory."""
    return Spilled(_told, _stand, stands)


def _told(stand: Stand) -> str:
    return " ".join(filter(None, stand))


def _stand(told: str) -> Stand:
    return Stand(*cast("list[Side]", told.split()))


def _shares(asked: Mapping[str, Any]) -> tuple[float, float]:
    return float(asked.get("validation") or 0), float(asked.get("test") or 0)


def column_of(by: str | None) -> str | None:
    """The column by which families are joined, of what a recipe says: a source is known by what it is called."""
    return "from_source" if by == "source" else by


NONE = Sides()
TOPIC = "topic"  # the column by which sides are stratified, unless a recipe names another


class Known:
    """The sides that builds before gave to keys, as a resource of the steps that give them now."""

    def __init__(self, known: Mapping[str, Stood]) -> None:
        self.known = known

    def identity(self) -> str:
        """A hash of the side of each key; empty where none is known."""
        return digest(sorted(self.known.items())) if self.known else ""

    def load(self) -> Mapping[str, Stood]:
        """The side of each key."""
        return self.known


def giving(known: Resource, share: float, stratify: str = TOPIC, test: float = 0.0) -> Giving:
    """What gives all rows their sides, of each value in the column `stratify` about as many each."""
    return Giving(known.load, share, stratify, test)


@dataclass(frozen=True)
class Giving:
    """Gives all rows their `split`; `known` tells the sides that builds before gave."""

    known: Callable[[], Mapping[str, Stood]]
    share: float
    stratify: str
    test: float

    def __call__(self, batch: Batch) -> Batch:
        """The sides of rows that this process has."""
        return give_sides(batch, self.share, self.known(), self.stratify, self.test)

    def spread(self, rows: Scattered) -> Scattered:
        """The same of scattered rows, which have their keys."""
        from hfsft.stages.split.scattering.side_rounds import given_sides

        return given_sides(rows, KEYS, self.known(), (self.share, self.test), self.stratify)


def give_sides(
    batch: Batch, share: float, known: Mapping[str, Stood], stratify: str = TOPIC, test: float = 0.0
) -> Batch:
    """The `split` of each row; a family of which rows stood on several sides stands where models see most of it."""
    known_by: Sequence[Sequence[str]] = batch[KEYS] if KEYS in batch else keys_of(batch)
    stood = stands_of(batch["family"], known_by, known)
    families, topics, sides = batch["family"], strata(batch[stratify]), dict[str, Side]()
    # The rows of a selection meet the share by themselves, and so do those of its twin beside them.
    for those in ((SELECTED, BOTH), (BOTH, RANDOM)) if batch.get(CHOSEN) else ():
        places = [place for place, how in enumerate(batch[CHOSEN]) if how in those]
        of = ([families[place] for place in places], [topics[place] for place in places])
        sides |= drawn(*of, share, test, {**stood, **sides})
    sides = sides or drawn(families, topics, share, test, stood)
    return {"split": [sides[family] for family in families]}


def stands_of(
    families: Sequence[str], known_by: Sequence[Sequence[str]], known: Mapping[str, Stood]
) -> dict[str, Stood]:
    """The side of each family of which any row is known."""
    found: dict[str, Stood] = {}
    for family, keys in zip(families, known_by, strict=True):
        for key in keys:
            if (side := known.get(key)) and (other := found.setdefault(family, side)) != side:
                found[family] = most_seen((side, other))
    return found
