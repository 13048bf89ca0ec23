"""The step that lets go of rows of models, where people's are to be a share of all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import floor
from typing import TYPE_CHECKING

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Bound, Step, compare
from hfsft.rows.batch import Batch
from hfsft.rows.columns import RANKING, REVIEWED, ranked_by
from hfsft.rows.row import peoples

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered
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


def marking(share: float) -> TwoWays:
    """What marks rows."""
    return TwoWays(partial(_mark, share=share), Work(path_of(marked), {"share": share}))


def _room(people: int, share: float) -> int:
    """How many rows of models may stand beside so many of people."""
    return floor(people / share + 1e-9) - people


def _mark(batch: Batch, *, share: float) -> Batch:
    scores = batch.get(ranked_by(batch)) or [None] * len(batch["id"])
    states = batch.get(REVIEWED) or [None] * len(scores)
    theirs = [each is not None for each in map(peoples, batch["origin"], states)]
    models = sorted(
        (place for place, mine in enumerate(theirs) if not mine),
        key=lambda place: (-(scores[place] or 0.0), batch["id"][place]),
    )
    beyond = set(models[_room(sum(theirs), share) :])
    return {BEYOND: [_said(share) if place in beyond else None for place in range(len(batch["id"]))]}


def _said(share: float) -> str:
    return f"a share of {share:g}"


def marked(rows: Scattered, share: float) -> Scattered:
    """The same of scattered rows: those of models are put in order by rounds, people's are only counted."""
    from hfsft.near import RANK, numbered

    models = rows.through(Work(path_of(ranking)), {NUMBER: "int64", RANK: "binary"}).kept("rows of models")
    room = _room(rows.only([NUMBER]).count() - models.count(), share)
    work = Work(path_of(beyond), {"room": room, "said": _said(share)})
    return numbered(models, "rows of models").through(work, {NUMBER: "int64", BEYOND: "string"})


def ranking() -> Does:
    """The work that tells of rows of models by what they are ordered: the best score first, then the smallest id."""
    import pyarrow as pa

    from hfsft.filters.duplicates.order_bytes import bytes_of
    from hfsft.near import RANK

    def does(table: pa.Table) -> pa.Table:
        rows = table.to_pydict()
        scores, states = (rows.get(name) or [None] * table.num_rows for name in (ranked_by(rows), REVIEWED))
        told = zip(rows["origin"], states, scores, rows["id"], rows[NUMBER], strict=True)
        found = [
            (number, bytes_of((-(score or 0.0), row_id, number)))
            for origin, state, score, row_id, number in told
            if peoples(origin, state) is None
        ]
        kinds = pa.schema({NUMBER: pa.int64(), RANK: pa.binary()})
        return pa.table([[number for number, _ in found], [rank for _, rank in found]], schema=kinds)

    return does


def beyond(room: int, said: str) -> Does:
    """The work that marks the rows for which there is no room."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from hfsft.near import ITEM

    def does(table: pa.Table) -> pa.Table:
        numbers = table.filter(pc.greater_equal(table[ITEM], room))[NUMBER]
        return pa.table({NUMBER: numbers, BEYOND: pa.array([said] * len(numbers), pa.string())})

    return does
