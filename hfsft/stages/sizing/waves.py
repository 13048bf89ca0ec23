"""What brings another wave of rows into a build until it has the size that its recipe asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor
from typing import TYPE_CHECKING, Any, Literal

from hfsft.engine.step import Step
from hfsft.rows.columns import REVIEWED, WAVE, WRITTEN_BY
from hfsft.rows.row import peoples
from hfsft.stages.sizing.pace import Brought, Pace

if TYPE_CHECKING:
    from hfsft.engine.executor import Rows

Ended = Literal["size", "budget", "exhausted", "people"]
Combination = tuple[Any, ...]

CAUTION = 0.95  # share of what a budget has left that is planned with: what a request takes at most is set aside for it
EVOLVE = "evolve"


@dataclass(frozen=True)
class Grower:
    """What brings rows by their numbers: 0, 1, 2 and so on without end. `share` is its part of each wave."""

    name: str
    share: float
    first: int  # rows that the first pass has of it


@dataclass(frozen=True)
class NextWave:
    """The rows of one wave: of each grower those from one number to another; `accepted` counts combinations so far.

    `carried` are columns that all of them have in common, as what sections say of the rows accepted so far.
    """

    wave: int
    numbers: Mapping[str, tuple[int, int]]
    accepted: Mapping[Combination, int]
    carried: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Waves:
    """Called with the rows that a wave left, it gives the source of the next wave, or None at the end.

    What it decides follows from these rows alone, and from what the budget has left: a build that was killed decides
    the same again. `source` makes the step that brings the rows of a wave; `pays_for` says how many times as much as
    was spent so far the budget has left, None where nothing bounds it; `attributes` are the columns of a combination;
    `carry` makes, of the columns of the rows so far, what each row of the next wave brings along. Where people's rows
    are to be a share of `people` at least, no wave is asked for whose rows would be too many beside them.
    """

    pace: Pace
    growers: Sequence[Grower]
    attributes: Sequence[str]
    source: Callable[[NextWave], Step]
    pays_for: Callable[[], float | None] = lambda: None
    tell: Callable[[str], None] = lambda _: None
    carry: Callable[[Callable[[str], Sequence[Any]]], Mapping[str, Any]] = lambda _: {}
    people: float = 0.0
    reviewed: bool = False  # whether rows say what people say of them
    ended: Ended | None = None
    asked: list[int] = field(init=False)  # rows that each wave asked for, the first pass among them
    brought: list[Brought] = field(default_factory=list)
    sources: list[Step] = field(default_factory=list)  # of the waves behind the first
    last: bool = False  # whether the wave that was asked for last is the last one, as the budget pays for no more
    others: int = 0  # accepted rows that no wave brought

    def __post_init__(self) -> None:
        self.asked = [sum(grower.first for grower in self.growers)]
        self._next = {grower.name: grower.first for grower in self.growers}

    def __call__(self, rows: Rows) -> Step | None:
        """The source of the next wave."""
        self._count(rows)
        asked, accepted = sum(self.asked), sum(wave.accepted for wave in self.brought)
        beside = self._most(rows)
        wanted = replace(self.pace, size=min(self.pace.size, beside)).wanted(self.others, self.brought)
        share = self.pays_for() if asked else None
        most = wanted if share is None else int(CAUTION * share * asked)
        if not wanted:
            self.ended = "size" if beside >= self.pace.size else "people"
        elif not most:
            self.ended = "budget"
        elif self.pace.exhausted(self.brought):
            self.ended = "exhausted"
        elif self.last:
            self.ended = "budget"
        else:
            self.ended = None
        if self.ended:
            return None
        # A wave that the budget makes smaller is the last: with more to spend it asks for the same rows and for others,
        # and none of its answers is lost. What a further wave would be asked for hangs on this one.
        self.last, wanted = most < wanted, min(most, wanted)
        so_far = f"{self.others + accepted:,} of {self.pace.size:,} rows so far"
        self.tell(f"wave {len(self.asked) + 1}: {so_far}, {wanted:,} more {'is' if wanted == 1 else 'are'} asked for")
        self.asked.append(wanted)
        carried = self.carry(lambda column: rows[column][:])
        step = self.source(NextWave(len(self.asked), self._numbers(wanted), self._combinations(rows), carried))
        self.sources.append(step)
        return step

    def _count(self, rows: Rows) -> None:
        """What each wave brought of the rows that are left."""
        names = {grower.name for grower in self.growers}
        columns = (rows[name][:] for name in (WAVE, WRITTEN_BY, "origin"))
        waves = Counter(wave or 1 for wave, name, origin in zip(*columns, strict=True) if _grown(name, origin) in names)
        self.brought = [Brought(asked, waves[number]) for number, asked in enumerate(self.asked, 1)]
        self.others = len(rows) - sum(waves.values())

    def _most(self, rows: Rows) -> int:
        """As many rows as may stay beside those of people."""
        origins = rows["origin"][:]
        states = rows[REVIEWED][:] if self.reviewed else [None] * len(origins)
        people = sum(each is not None for each in map(peoples, origins, states))
        return floor(people / self.people + 1e-9) if self.people else self.pace.size

    def _combinations(self, rows: Rows) -> dict[Combination, int]:
        """How many rows there are of each combination, but for rows of sources whose templates read no attribute."""
        if not self.attributes:
            return {}
        columns = (rows[name][:] for name in (WRITTEN_BY, *self.attributes))
        return dict(Counter(tuple(given[1:]) for given in zip(*columns, strict=True) if None not in given))

    def _numbers(self, wanted: int) -> dict[str, tuple[int, int]]:
        """The next numbers of each grower, `wanted` in all: each has its share of all rows so far within one row."""
        found = {}
        total, before = sum(self._next.values()) + wanted, dict(self._next)
        shares = sum(grower.share for grower in self.growers)
        due = {grower.name: total * grower.share / shares - before[grower.name] for grower in self.growers}
        most = sum(max(0.0, each) for each in due.values())
        parts = {name: max(0.0, each) * wanted / most for name, each in due.items()}
        given = {name: floor(part) for name, part in parts.items()}
        for name in sorted(parts, key=lambda name: (given[name] - parts[name], name))[: wanted - sum(given.values())]:
            given[name] += 1
        for name, count in given.items():
            if count:
                found[name] = (before[name], before[name] + count)
                self._next[name] += count
        return found


def _grown(written_by: str | None, origin: str) -> str | None:
    """Who brought a row: what wrote it, or what it grew from; else the evolution of people's rows."""
    return written_by or (EVOLVE if origin == "evolved" else None)
