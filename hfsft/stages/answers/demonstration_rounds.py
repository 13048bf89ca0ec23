"""Demonstrations where no process holds all rows: families by rounds, then each row beside the examples there are.

Whoever picks holds of each example that can be shown its id and, where they are picked by likeness, what it asks: some
200 bytes beside that, and for the ring 16 times 100. What examples say comes to the rows that they are shown to.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Resource, Work, path_of
from hfsft.engine.spread.components import COMPONENT, components, of_its_own
from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.near import FIRST, KNOWN, SAID, known_of, near_pairs, said_of
from hfsft.rows.batch import rows_of
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.views import answered
from hfsft.similarity import keys_of, sketches_of
from hfsft.stages.answers.demonstrations import (
    FAMILY,
    SHOWN,
    TURNS,
    Shelf,
    as_json,
    asked_in,
    can_be_shown,
    turns_shown,
)

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

KEYED = {NUMBER: "int64", "key": "string"}
ROW = {NUMBER: "int64", "id": "string", "asks": "bool", "question": "string", "setting": "string"}
EXAMPLE = {"other": "int64", "of": "string", "turns": "string"}
PICKED = {NUMBER: "int64", "place": "int64", "other": "int64"}
MADE = {NUMBER: "int64", SHOWN: ["string"], TURNS: "string"}


def shown(rows: Scattered, count: int, by: str) -> Scattered:
    """Of each row without an answer the ids and the turns of its demonstrations."""
    told = rows.through(Work(path_of(telling)), {**ROW, "turns": "string"}).kept("rows that ask or can be shown")
    thin = told.only(list(ROW)).joined(_families(rows), [NUMBER], "left")
    thin = thin.through(Work(path_of(of_its_own)), {**ROW, COMPONENT: "int64"}).kept("rows in their families")
    sides = [thin.through(Work(path_of(that_ask), {"ask": ask}), thin.kinds) for ask in (False, True)]
    examples = sides[0].collected().sort_by(NUMBER)  # those that can be shown, see the module
    picking_ = Work(path_of(picking), {"count": count, "by": by})
    picked = sides[1].through(picking_, PICKED, [rows.shared("examples", examples)])
    said = told.only({"other": NUMBER, "of": "id", "turns": "turns"}).through(Work(path_of(that_show)), EXAMPLE)
    return picked.joined(said, ["other"], "left").grouped([NUMBER], Work(path_of(together)), MADE)


def telling() -> Does:
    """The work that leaves rows that ask, and examples that can be shown, with the turns of these."""
    schema = arrow_schema({**ROW, "turns": "string"})

    def does(table: pa.Table) -> pa.Table:
        batch = {name: values_of(table[name]) for name in table.column_names}
        found = []
        for row, asked in zip(rows_of(batch), asked_in(batch), strict=True):
            asks = not answered(row)
            if asks or can_be_shown(row):
                turns = None if asks else as_json(turns_shown(row))
                found.append((row[NUMBER], row["id"], asks, *asked, turns))
        return pa.table([list(each) for each in zip(*found, strict=True)] or [[]] * len(schema), schema=schema)

    return does


def _families(rows: Scattered) -> Scattered:
    """The component of rows that are joined with others: by what they grew from, or by what they ask."""
    known, said = (rows.through(Work(path_of(each)), kinds) for each, kinds in ((knowing, KNOWN), (saying, SAID)))
    near = near_pairs(known, said, FAMILY, by_content=True)
    names = [name for name in rows.kinds if name in (NUMBER, "seed_id", "family_key", "documents")]
    every = rows.only(names).through(Work(path_of(lineage)), KEYED).kept("what rows grew from")
    first = every.told(["key"], {"other": ("min", NUMBER)})
    pairs = every.joined(first, ["key"]).only({"one": NUMBER, "other": "other"})
    pairs = pairs.also(near.rows.only({"one": NUMBER, "other": FIRST}))
    return components(pairs.also(near.pairs.only({"one": "first", "other": "second"})))


def knowing() -> Does:
    """The work that tells what rows are known by that ask anything."""

    def does(table: pa.Table) -> pa.Table:
        numbers, asked = _asked(table)
        told = [(number, key) for number, key in zip(numbers, keys_of(asked), strict=True) if key is not None]
        return known_of([number for number, _ in told], [key for _, key in told])

    return does


def saying() -> Does:
    """The work that tells what these rows ask."""

    def does(table: pa.Table) -> pa.Table:
        numbers, asked = _asked(table)
        told = zip(numbers, *sketches_of(asked, FAMILY), asked, strict=True)
        there = [(number, sketch or b"", each) for number, key, sketch, each in told if key is not None]
        return said_of(
            [number for number, *_ in there], [sketch for _, sketch, _ in there], [each for *_, each in there]
        )

    return does


def _asked(table: pa.Table) -> tuple[list[int], list[tuple[str, str]]]:
    batch = {name: values_of(table[name]) for name in table.column_names}
    return batch[NUMBER], asked_in(batch)


def lineage() -> Does:
    """The work that makes a row of each thing that a row grew from, or rests on."""

    def does(table: pa.Table) -> pa.Table:
        found = [
            (row[NUMBER], key)
            for row in table.to_pylist()
            for key in (row["seed_id"], row.get("family_key"), *(row.get("documents") or ()))
            if key is not None
        ]
        return pa.table([[number for number, _ in found], [key for _, key in found]], schema=arrow_schema(KEYED))

    return does


def that_ask(ask: bool) -> Does:
    """The work that leaves rows that ask, or those that do not."""
    return lambda table: table.filter(table["asks"] if ask else pc.invert(table["asks"]))


def that_show() -> Does:
    """The work that leaves examples."""
    return lambda table: table.filter(table["turns"].is_valid())


def picking(examples: Resource, count: int, by: str) -> Does:
    """The work that picks for each row; one for which nothing is picked has a row without an example too."""
    known = examples.load()
    asked = list(zip(known["question"].to_pylist(), known["setting"].to_pylist(), strict=True))
    shelf = Shelf(known["id"].to_pylist(), known[COMPONENT].to_pylist(), asked)
    numbers = known[NUMBER].to_pylist()

    def does(table: pa.Table) -> pa.Table:
        found: list[tuple[Any, ...]] = []
        for row in table.to_pylist():
            picked = shelf.picked(by, row["id"], row[COMPONENT], (row["question"], row["setting"]), count)
            found.append((row[NUMBER], -1, None))
            found += [(row[NUMBER], place, numbers[each]) for place, each in enumerate(picked)]
        return pa.table([list(each) for each in zip(*found, strict=True)] or [[]] * 3, schema=arrow_schema(PICKED))

    return does


def together() -> Does:
    """The work that puts what a row is shown together."""

    def does(table: pa.Table) -> pa.Table:
        table = table.sort_by([(NUMBER, "ascending"), ("place", "ascending")])
        rows, first = table.to_pylist(), [*starts(table, [NUMBER]).tolist(), table.num_rows]
        found = []
        for start, end in pairwise(first):
            picked = rows[start + 1 : end]
            turns = [turn for each in picked for turn in json.loads(each["turns"])]
            found.append((rows[start][NUMBER], [each["of"] for each in picked], as_json(turns)))
        return pa.table([list(each) for each in zip(*found, strict=True)] or [[]] * 3, schema=arrow_schema(MADE))

    return does
