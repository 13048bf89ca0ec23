"""The step that lets go of rows of models, where people's are to be a share of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import floor
from typing import TYPE_CHECKING

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.rows.batch import Batch
from hfsft.rows.columns import RANKING, REVIEWED, ranked_by
from hfsft.rows.row import peoples

if TYPE_CHECKING:
    from hfsft.errors import Place

BEYOND = "beyond_people"


def keeping_share(share: float, place: Place, reviewed: Sequence[str] = ()) -> list[Step]:
    """Two steps: one that marks the rows of models beyond the wanted share of people's, one that takes them out.

    What people accepted, as the column in `reviewed` says, if there is one, counts as theirs.
    """
    step = Step(
        "guards.people",
        sees="all",
        reads=("id", "origin"),
        optional=(*RANKING, *reviewed),
        writes={BEYOND: "string"},
        role="verdict",
        about="Whether people's rows would be too few with this one.",
        identity={"at_least": share},
        work=Work("hfsft.stages.guards.people:marking", {"share": share}),
        place=place,
    )
    return [step, compare("guards.share", Bound("people", BEYOND, absent=True), place)]


def marking(share: float) -> Callable[[Batch], Batch]:
    """What marks rows."""
    return partial(_mark, share=share)


def _mark(batch: Batch, *, share: float) -> Batch:
    scores = batch.get(ranked_by(batch)) or [None] * len(batch["id"])
    states = batch.get(REVIEWED) or [None] * len(scores)
    theirs = [each is not None for each in map(peoples, batch["origin"], states)]
    people = sum(theirs)
    models = sorted(
        (place for place, mine in enumerate(theirs) if not mine),
        key=lambda place: (-(scores[place] or 0.0), batch["id"][place]),
    )
    room = floor(people / share + 1e-9) - people
    beyond = set(models[room:])
    return {BEYOND: [f"a share of {share:g}" if place in beyond else None for place in range(len(batch["id"]))]}
