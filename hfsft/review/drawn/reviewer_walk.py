"""The walk of one reviewer: the rows that they are shown, in their order, each with what it counts for.

First comes the overlap, the beginning of the sample that everybody is shown; then the rest of the sample, from a place
of this reviewer's own; then rows that deserve eyes. Of all but the overlap a row that somebody else has judged needs
nobody more, unless those who did disagree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hfsft.review.drawn.eyes import KINDS, EyesRow, of_kind, taken_in_turn
from hfsft.review.drawn.kinds_shown import DISPUTED
from hfsft.review.drawn.reviewed_rows import Candidate, ReviewedRows
from hfsft.review.drawn.sample_order import sample_order, turned
from hfsft.verdicts.error_rate import OVERLAP, SAMPLE

ROWS, SHARED, EYES = 100, 0.1, 0.3
"""Rows of the sample, the share of it that everybody is shown, and rows beside it as a share of it."""


@dataclass(frozen=True)
class WantedSample:
    """Which rows are to be looked at."""

    rows: int = ROWS
    overlap: float = SHARED
    eyes: float = EYES
    only: tuple[str, ...] = ()


class Stop(NamedTuple):
    """One row of a walk."""

    row: Candidate
    drawn: str
    why: str = ""


@dataclass(frozen=True)
class Draw:
    """What is drawn of the rows of a build, whoever looks at them."""

    shared: Sequence[Candidate]  # the beginning of the sample, which everybody is shown
    sample: Sequence[Candidate]  # the rest of it
    eyes: Sequence[EyesRow]
    kinds: dict[str, int] = field(default_factory=dict)  # how many rows there are of each kind that was looked for

    @property
    def sampled(self) -> set[str]:
        """The ids of the whole sample."""
        return {row.id for row in (*self.shared, *self.sample)}

    def walk(self, reviewer: str) -> list[Stop]:
        """The rows in the order of one reviewer."""
        shared = [Stop(row, OVERLAP) for row in self.shared]
        rest = [Stop(row, SAMPLE) for row in turned(self.sample, reviewer)]
        return [*shared, *rest, *(Stop(row, kind, why) for row, kind, why in self.eyes)]


def draw(rows: ReviewedRows, wanted: WantedSample, disputed: Sequence[str] = ()) -> Draw:
    """What is looked at of these rows; `disputed` are ids of those whose reviewers disagree.

    With `only` kinds nothing is sampled: of each kind in turn the rows that deserve it most, `rows` of them in all.
    """
    found = [rows.by_id[row_id] for row_id in disputed if row_id in rows.by_id]
    marked = [EyesRow(row, DISPUTED, "its reviewers disagree") for row in found]
    if wanted.only:
        kinds = {kind: marked if kind == DISPUTED else of_kind(rows, kind, thorough=True) for kind in wanted.only}
        eyes = taken_in_turn(list(kinds.values()), wanted.rows)
        return Draw((), (), eyes, {kind: len(each) for kind, each in kinds.items()})
    frame = [row for row in rows.candidates if row.reached and not row.by_people]
    sample = sample_order(frame)[: wanted.rows]
    shared = math.ceil(wanted.overlap * len(sample))
    drawn = Draw(sample[:shared], sample[shared:], ())
    count = round(wanted.eyes * wanted.rows)
    if not count and not marked:
        return drawn
    kinds = {kind: of_kind(rows, kind) for kind in KINDS} if count else {}
    sampled = drawn.sampled
    eyes = taken_in_turn(list(kinds.values()), count, {*sampled, *(each.row.id for each in marked)})
    marked = [each for each in marked if each.row.id not in {row.id for row in drawn.shared}]
    return Draw(drawn.shared, drawn.sample, [*marked, *eyes], {kind: len(each) for kind, each in kinds.items()})
