"""What is graded in an exam, where no process holds all rows: this one holds the few examples that are graded twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.rows.batch import rows_of
from hfsft.rows.columns import COLUMNS
from hfsft.rows.features import arrow_schema, values_of
from hfsft.stages.judging.exams.exam import graded_twice, table
from hfsft.stages.judging.exams.exam_work import items
from hfsft.stages.judging.judge import Judge

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered


def made_of_few(rows: Scattered, section: Mapping[str, Any], judges: Mapping[str, str]) -> Scattered:
    """The rows of the side table by their numbers there."""
    some = rows.through(Work(path_of(leaving)), rows.kinds).collected()  # ten of each block of some thousands
    some = some.sort_by(NUMBER)
    found = items(section, judges)({name: values_of(some[name]) for name in some.column_names if name != NUMBER})
    seen = {name: COLUMNS[name] for name in rows.kinds if name not in (NUMBER, "id", "origin")}
    kinds = {NUMBER: "int64", **table(seen, list(Judge.model_validate(section).criteria))}
    numbers = list(range(len(found["id"])))
    return rows.of(
        pa.table([numbers, *(found[name] for name in kinds if name != NUMBER)], schema=arrow_schema(kinds)), kinds
    )


def leaving() -> Does:
    """The work that leaves the examples of some rows that may be graded twice."""

    def does(rows: pa.Table) -> pa.Table:
        rows = rows.sort_by(NUMBER)
        batch = {name: values_of(rows[name]) for name in rows.column_names if name != NUMBER}
        return rows.take(pa.array(graded_twice(list(rows_of(batch))), pa.int64()))

    return does
