"""The stretches of a run, and where the judge drifted, where no process holds all rows.

This process holds of each row that carries a control (one in twenty, if nothing else is said) its number, the anchor
and the anchor's scores: 8 bytes each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hfsft.engine.resources import Resource, Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.rows.columns import PENDING
from hfsft.rows.features import arrow_schema
from hfsft.stages.judging.anchors import Anchor
from hfsft.stages.judging.exams.controls import CONTROL, STRETCH_OF, Control, control_of, lost_in
from hfsft.stages.judging.exams.drift import STRETCH
from hfsft.stages.judging.rubric import Rubric
from hfsft.stages.judging.score_columns import UNSCORED

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

FIRST = "first row"


def watched(
    rows: Scattered, rubric: Rubric, control: Control, anchors: Sequence[Anchor], scores: Sequence[str]
) -> Scattered:
    """The rows with their stretches, and without scores in those that drifted."""
    names = [NUMBER, CONTROL, *map(control_of, rubric.criteria)]
    carrying = rows.only(names).through(Work(path_of(having), {"name": CONTROL}), {n: rows.kinds[n] for n in names})
    controls = carrying.collected().sort_by(NUMBER)  # see the module
    borders = _borders(controls[NUMBER].to_numpy())
    why: dict[int, str] = {}
    if PENDING not in rows.kinds or not _any(rows.only([NUMBER, PENDING])):
        numbers = stretches_of(controls[NUMBER].to_numpy(), borders).tolist()
        found = controls.append_column(STRETCH_OF, pa.array(numbers)).to_pylist()
        why = lost_in(found, rubric, control, anchors)
    needs = [rows.shared("borders of stretches", pa.table({FIRST: borders}))]
    kinds = {NUMBER: "int64", STRETCH_OF: "int32", **dict.fromkeys(scores, "float64"), UNSCORED: "string"}
    work = Work(path_of(telling), {"scores": list(scores), "why": [list(each) for each in why.items()]})
    return rows.only([NUMBER, *scores]).through(work, kinds, needs)


def _any(rows: Scattered) -> bool:
    return rows.through(Work(path_of(having), {"name": PENDING}), rows.kinds).count() > 0


def having(name: str) -> Does:
    """The work that leaves rows in which there is something, and that is not False."""

    def does(table: pa.Table) -> pa.Table:
        there = [value is not None and value is not False for value in table[name].to_pylist()]
        return table.filter(pa.array(there, pa.bool_()))

    return does


def _borders(controls: np.ndarray) -> np.ndarray:
    """The numbers of the last row of each stretch but the last one, by those of the rows that carry a control."""
    last = max(len(controls) // STRETCH - 1, 0)
    return controls[STRETCH - 1 :: STRETCH][:last]


def stretches_of(numbers: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """The stretch of each of these rows."""
    return np.searchsorted(borders, numbers, side="left")


def telling(borders: Resource, scores: Sequence[str], why: Sequence[Sequence[str | int]]) -> Does:
    """The work that tells of each row its stretch, and leaves it its scores where the judge did not drift."""
    known, said = borders.load()[FIRST].to_numpy(), {int(stretch): str(reason) for stretch, reason in why}
    schema = arrow_schema({STRETCH_OF: "int32", UNSCORED: "string"})

    def does(table: pa.Table) -> pa.Table:
        numbers = stretches_of(table[NUMBER].to_numpy(), known)
        lost = np.isin(numbers, list(said))
        rows = pa.array(np.arange(len(numbers)), mask=lost)
        reasons = pa.array([said.get(number) for number in numbers.tolist()], schema.field(UNSCORED).type)
        kept = {name: table[name].take(rows) for name in scores}
        stretch = pa.array(numbers, schema.field(STRETCH_OF).type)
        return pa.table({NUMBER: table[NUMBER], STRETCH_OF: stretch, **kept, UNSCORED: reasons})

    return does
