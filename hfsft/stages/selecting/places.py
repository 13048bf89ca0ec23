"""The order of a walk, where no process holds all rows: the places of rows by each measure, and by all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.filters.duplicates.order_bytes import bytes_of
from hfsft.hashing import unit
from hfsft.near import ITEM, RANK, numbered
from hfsft.rows.columns import REVIEWED
from hfsft.rows.features import arrow_schema
from hfsft.rows.limits import number_in
from hfsft.rows.row import is_approved

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

ORDER = {NUMBER: "int64", RANK: "binary"}
VALUE = {NUMBER: "int64", "value": "int64", RANK: "binary"}


def in_walk(rows: Scattered, measures: Sequence[str]) -> Scattered:
    """`NUMBER`, and in `ITEM` the place of each row along the walk, from 0 on."""
    shares = rows.only([name for name in rows.kinds if name in (NUMBER, "id", REVIEWED)])
    names = [f"share {place}" for place in range(len(measures))]
    for name, measure in zip(names, measures, strict=True):
        shares = shares.joined(_shares(rows, measure, name), [NUMBER], "left")
    return numbered(shares.through(Work(path_of(by_shares), {"names": names}), ORDER), "rows along the walk")


def by_chance(rows: Scattered) -> Scattered:
    """`NUMBER`, and in `ITEM` the place of each row where chance draws them."""
    return numbered(rows.only([NUMBER, "id"]).through(Work(path_of(drawing)), ORDER), "rows by chance")


def _shares(rows: Scattered, measure: str, name: str) -> Scattered:
    """For each row with a number the share of numbers below it, and half of those equal to it."""
    known = rows.only([NUMBER, measure]).through(Work(path_of(valued), {"measure": measure}), VALUE)
    known = known.kept(f"numbers of {measure}")
    values = known.only([NUMBER, "value"])
    order = values.joined(numbered(known.only(list(ORDER)), f"rows by {measure}"), [NUMBER])
    told = order.told(["value"], {"low": ("min", ITEM), "rows": ("count", ITEM)}).kept(f"places of {measure}")
    work = Work(path_of(sharing), {"count": known.count(), "name": name})
    return values.joined(told, ["value"]).through(work, {NUMBER: "int64", name: "float64"})


def valued(measure: str) -> Does:
    """The work that leaves rows with a number, as one that sorts as it does."""
    schema = arrow_schema(VALUE)

    def does(table: pa.Table) -> pa.Table:
        pairs = zip(table[NUMBER].to_pylist(), map(number_in, table[measure].to_pylist()), strict=True)
        numbers, known = np.array([(*each,) for each in pairs if each[1] is not None]).reshape(-1, 2).T
        bits = (np.array(known, np.float64) + 0.0).view(np.int64)
        value = np.where(bits < 0, bits ^ np.int64(2**63 - 1), bits)
        ranks = [bytes_of(each) for each in zip(value.tolist(), numbers.astype(np.int64).tolist(), strict=True)]
        return pa.table([numbers.astype(np.int64), value, ranks], schema=schema)

    return does


def sharing(count: int, name: str) -> Does:
    """The work that makes shares of places among so many."""

    def does(table: pa.Table) -> pa.Table:
        low, rows = (table[each].to_numpy() for each in ("low", "rows"))
        return pa.table({NUMBER: table[NUMBER], name: pa.array((low + (low + rows)) / (2 * count))})

    return does


def by_shares(names: Sequence[str]) -> Does:
    """The work that tells what rows are ordered by: people's word, the sum of shares, and a hash."""

    def does(table: pa.Table) -> pa.Table:
        total = np.zeros(table.num_rows)
        for name in names:
            total += pc.fill_null(table[name], 0.0).to_numpy()
        states = table[REVIEWED].to_pylist() if REVIEWED in table.column_names else [None] * table.num_rows
        told = zip(states, total.tolist(), table["id"].to_pylist(), table[NUMBER].to_pylist(), strict=True)
        ranks = [
            bytes_of((int(not is_approved(state)), -share, unit(row_id, "select"), row_id, number))
            for state, share, row_id, number in told
        ]
        return pa.table({NUMBER: table[NUMBER], RANK: pa.array(ranks, pa.binary())})

    return does


def drawing() -> Does:
    """The work that tells what chance draws rows by."""

    def does(table: pa.Table) -> pa.Table:
        pairs = zip(table["id"].to_pylist(), table[NUMBER].to_pylist(), strict=True)
        ranks = [bytes_of((unit(row_id, "random"), row_id, number)) for row_id, number in pairs]
        return pa.table({NUMBER: table[NUMBER], RANK: pa.array(ranks, pa.binary())})

    return does
