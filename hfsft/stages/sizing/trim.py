"""The step behind all rules that lets go of rows beyond the size that a recipe asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING, Any

from hfsft.engine.resources import Work
from hfsft.engine.spread.two_ways import TwoWays
from hfsft.engine.step import Bound, Step, compare
from hfsft.rows.batch import Batch
from hfsft.rows.columns import RANKING, REVIEWED, ranked_by
from hfsft.rows.row import peoples

if TYPE_CHECKING:
    from hfsft.errors import Place

SIZE, RANK = "size", "size_rank"


def trimming(
    size: int, attributes: Sequence[str], place: Place | None = None, reviewed: Sequence[str] = ()
) -> list[Step]:
    """Two steps: one that ranks the rows, one that keeps the first `size` of them.

    First stand rows of people (examples, then seeds, then what they edited, then what they accepted, as the column in
    `reviewed` says, if there is one), then the others in turn over the combinations of `attributes` (names of columns),
    the thinnest first; within one the best score first, then the smallest id.
    """
    step = Step(
        f"{SIZE}.rank",
        sees="all",
        reads=("id", "origin"),
        optional=(*attributes, *RANKING, *reviewed),
        writes={RANK: "int64"},
        role="measure",
        about="Place of the row among those that passed every rule; those behind the wanted size are let go.",
        work=Work("hfsft.stages.sizing.trim:ranking", {"attributes": list(attributes)}),
        place=place,
    )
    return [step, compare(SIZE, Bound(SIZE, RANK, at_most=size), place)]


def ranking(attributes: Sequence[str]) -> TwoWays:
    """What ranks rows."""
    rounds = Work("hfsft.stages.sizing.trim_rounds:ranked", {"attributes": list(attributes), "name": RANK})
    return TwoWays(partial(_rank, attributes=attributes), rounds)


def _rank(batch: Batch, *, attributes: Sequence[str]) -> Batch:
    count = len(batch["id"])
    empty: list[Any] = [None] * count
    theirs = list(map(peoples, batch["origin"], batch.get(REVIEWED, empty)))
    scores = batch.get(ranked_by(batch), empty)
    columns = [batch[name] for name in attributes if name in batch]
    combinations = list(zip(*columns, strict=True)) if columns else [()] * count

    def best(row: int) -> tuple[float, str]:
        return -scores[row] if scores[row] is not None else 0.0, batch["id"][row]

    people = sorted(
        (row for row in range(count) if theirs[row] is not None),
        key=lambda row: (theirs[row] or 0, *best(row)),
    )
    taken: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for row in people:
        taken[combinations[row]] += 1
    waiting: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in sorted(set(range(count)) - set(people), key=best, reverse=True):
        waiting[combinations[row]].append(row)
    heap = [(taken[each], *best(rows[-1]), rows) for each, rows in waiting.items()]
    heapify(heap)
    order = people
    while heap:
        so_far, _, _, rows = heap[0]
        order.append(rows.pop())
        if rows:
            heapreplace(heap, (so_far + 1, *best(rows[-1]), rows))
        else:
            heappop(heap)
    ranks = [0] * count
    for rank, row in enumerate(order, 1):
        ranks[row] = rank
    return {RANK: ranks}
