"""The steps of self_instruct where no process holds all rows: this one holds the prompts that are compared.

These are people's, and those of the rows that the source wrote: some 300 bytes each beside what they say. Each that is
written is compared with all before it, so that time grows with their square: it ends long before memory does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.row import PEOPLE
from hfsft.stages.writing import self_instruct

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

NEW = "new"  # whether a row's values were made now
MADE: Mapping[str, Mapping[str, Any]] = {
    "showing": {self_instruct.DEMONSTRATIONS: ["string"], self_instruct.SHOWN: ["string"]},
    "comparing": {self_instruct.NOVELTY: "float64", f"{self_instruct.NOVELTY}_of": "string"},
}


def worked_out(rows: Scattered, way: str, how: Mapping[str, Any]) -> Scattered:
    """What is made of the rows of a round; all other rows keep what they have."""
    writes = MADE[way]
    names = [name for name in rows.kinds if name not in writes]
    told = {"called": how["called"], "rounds": how["rounds"]}
    some = rows.only(names).through(Work(path_of(compared), told), {name: rows.kinds[name] for name in names})
    table = some.collected().sort_by(NUMBER)  # see the module
    batch = {name: values_of(table[name]) for name in names}
    made = getattr(self_instruct, way)(**how)({name: values for name, values in batch.items() if name != NUMBER})
    ranks = self_instruct.ranks_of(batch, **told)
    number, texts = how["number"], batch["instruction"]
    if way == "showing":
        mine = [at for at, rank in enumerate(ranks) if rank and rank[1] == number]
    else:
        mine = [at for at, rank in enumerate(ranks) if self_instruct.looked_at(rank, number, texts[at])]
    kinds = {NUMBER: "int64", NEW: "bool", **{_new(name): kind for name, kind in writes.items()}}
    columns = [[batch[NUMBER][at] for at in mine], [True] * len(mine)]
    columns += [[made[name][at] for at in mine] for name in writes]
    there = rows.of(pa.table(columns, schema=arrow_schema(kinds)), kinds)
    kept = rows.only([NUMBER, *(name for name in writes if name in rows.kinds)])
    work = Work(path_of(keeping), {"writes": dict(writes)})
    return kept.joined(there, [NUMBER], "left").through(work, {NUMBER: "int64", **writes})


def _new(name: str) -> str:
    return f"new {name}"


def compared(called: str, rounds: int) -> Does:
    """The work that leaves rows with a prompt of people's, and those of the source."""

    def does(table: pa.Table) -> pa.Table:
        rows = {name: values_of(table[name]) for name in table.column_names}
        ranks = self_instruct.ranks_of(rows, called, rounds)
        told = zip(ranks, rows["origin"], rows["instruction"], strict=True)
        there = [rank is not None or (origin in PEOPLE and bool(text)) for rank, origin, text in told]
        return table.filter(pa.array(there, pa.bool_()))

    return does


def keeping(writes: Mapping[str, Any]) -> Does:
    """The work that gives rows what was made of them, and leaves all others what they had."""
    schema = arrow_schema({NUMBER: "int64", **writes})

    def does(table: pa.Table) -> pa.Table:
        count, columns = table.num_rows, {NUMBER: table[NUMBER]}
        rows = np.arange(count) + count * pc.fill_null(table[NEW], fill_value=False).to_numpy()
        for name in writes:
            made = table[_new(name)]
            before = table[name] if name in table.column_names else pa.chunked_array([pa.nulls(count, made.type)])
            both = pa.chunked_array([*before.cast(made.type).chunks, *made.chunks], made.type)
            columns[name] = both.take(pa.array(rows))
        return pa.table(columns, schema=schema)

    return does
