"""The places of rows in the order in which they stay, where no process holds all of them.

In turn over combinations is an order too: by how many rows of its combination stand before a row, then by its score.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.filters.duplicates.order_bytes import bytes_of
from hfsft.near import ITEM, RANK, numbered
from hfsft.rows.columns import REVIEWED, ranked_by
from hfsft.rows.features import arrow_schema
from hfsft.rows.row import peoples

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

TURN = {NUMBER: "int64", "combination": "string", "best": "binary", RANK: "binary"}


def ranked(rows: Scattered, attributes: Sequence[str], name: str) -> Scattered:
    """`NUMBER` and a column `name`, the place of each row from 1 on."""
    known = [each for each in attributes if each in rows.kinds]
    told = rows.through(Work(path_of(telling), {"attributes": known}), {**TURN, "theirs": "bool"})
    told = told.kept("what rows are ordered by")
    order = numbered(told.only([NUMBER, RANK]), "rows by combination")
    if known:
        order = _in_turn(told, order.kept("order by combination"))
    return order.through(Work(path_of(placing), {"name": name}), {NUMBER: "int64", name: "int64"})


def telling(attributes: Sequence[str]) -> Does:
    """The work that tells of which combination a row is, and by what it is ordered: people's rows first, then those of
    a combination together.
    """
    schema = arrow_schema({**TURN, "theirs": "bool"})

    def does(table: pa.Table) -> pa.Table:
        rows, count = table.to_pydict(), table.num_rows
        scores, states = (rows.get(name) or [None] * count for name in (ranked_by(rows), REVIEWED))
        told = map(json.dumps, zip(*(rows[name] for name in attributes), strict=True)) if attributes else [""] * count
        found = []
        values = zip(rows[NUMBER], rows["id"], rows["origin"], states, scores, told, strict=True)
        for number, row_id, origin, state, score, combination in values:
            theirs = peoples(origin, state)
            best = (-score if score is not None else 0.0, row_id, number)
            first = (0, theirs) if theirs is not None else (1, combination)
            found.append((number, combination, bytes_of(best), bytes_of((*first, *best)), theirs is not None))
        columns = list(zip(*found, strict=True)) or [()] * len(schema)
        return pa.table([list(each) for each in columns], schema=schema)

    return does


def _in_turn(told: Scattered, order: Scattered) -> Scattered:
    """The rows in the order in which they stay, by their order where those of a combination stand together."""
    there = told.joined(order, [NUMBER])
    first = there.told(["combination", "theirs"], {"first": ("min", ITEM), "rows": ("count", ITEM)})
    first = first.kept("sizes of combinations")
    people = first.through(Work(path_of(sized)), {"combination": "string", "before": "int64"})
    first = first.only(["combination", "theirs", "first"]).joined(people, ["combination"], "left")
    turns = there.joined(first, ["combination", "theirs"])
    return numbered(turns.through(Work(path_of(taking_turns)), {NUMBER: "int64", RANK: "binary"}), "rows in turn")


def sized() -> Does:
    """The work that tells how many rows of people a combination has."""

    def does(table: pa.Table) -> pa.Table:
        table = table.filter(table["theirs"])
        return pa.table({"combination": table["combination"], "before": table["rows"]})

    return does


def taking_turns() -> Does:
    """The work that tells of each row how many of its combination stand before it, and then what it is worth."""

    def does(table: pa.Table) -> pa.Table:
        place = table[ITEM].to_numpy() - table["first"].to_numpy()
        turn = (place + pc.fill_null(table["before"], 0).to_numpy()).tolist()
        theirs = table["theirs"].to_pylist()
        numbers, best = table[ITEM].to_pylist(), table["best"].to_pylist()
        ranks = [
            b"\0" + number.to_bytes(8, "big") if person else b"\1" + so_far.to_bytes(8, "big") + rest
            for person, number, so_far, rest in zip(theirs, numbers, turn, best, strict=True)
        ]
        return pa.table({NUMBER: table[NUMBER], RANK: pa.array(ranks, pa.binary())})

    return does


def placing(name: str) -> Does:
    """The work that counts places from 1 on."""

    def does(table: pa.Table) -> pa.Table:
        return pa.table({NUMBER: table[NUMBER], name: pa.array(table[ITEM].to_numpy() + np.int64(1))})

    return does
