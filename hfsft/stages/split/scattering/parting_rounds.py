"""Rows that would join sides, where no process holds all rows: the same ones, by rounds.

Which rows are alike is only asked where a family has rows of several sides. The rows of one such family come to one
process, with their keys and pairs: some 300 bytes a row and 16 a pair. This process holds the sides that builds before
gave, and nothing of the rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from hfsft.documents.corpus import DOCUMENT
from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.near import FIRST
from hfsft.near.blocks import in_groups, put_below
from hfsft.rows.columns import OF
from hfsft.rows.features import arrow_schema
from hfsft.stages.split.apart import JOINS, KnownRow, Parted, parted
from hfsft.stages.split.draw import SEEN, Stood
from hfsft.stages.split.row_families import KEYS
from hfsft.stages.split.scattering.family_rounds import resting
from hfsft.stages.split.scattering.side_rounds import known_keys

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.near import NearPairs

PAIR = {NUMBER: "int64", "other": "int64"}
GIVEN = {"family": "string", NUMBER: "int64", "id": "string", KEYS: ["string"], "origin": "string"}
GIVEN |= {"other": "int64", "key": "string", "side": "int64"}  # of a pair, and of a key that is known
MADE = {NUMBER: "int64", "named": "string", JOINS: "string", f"{JOINS}{OF}": "string"}
WRITES = {NUMBER: "int64", "family": "string", JOINS: "string", f"{JOINS}{OF}": "string"}


def parted_families(rows: Scattered, known: Mapping[str, Stood], near: Callable[[Scattered], NearPairs]) -> Scattered:
    """`NUMBER` and what `Parting` writes; `near` tells which rows are alike."""
    named = rows.only([NUMBER, "family"])
    if not known:
        return named.through(Work(path_of(untouched)), WRITES)
    keys = known_keys(rows, KEYS, known).kept("keys that are known")
    sides = keys.told(["family"], {"least": ("min", "side"), "most": ("max", "side")})
    torn = sides.through(Work(path_of(of_several)), {"family": "string"}).kept("families of several sides")
    if not torn.count():
        return named.through(Work(path_of(untouched)), WRITES)
    mine = rows.only(["family", NUMBER, "id", KEYS, "origin"]).joined(torn, ["family"]).kept("rows of these families")
    found = near(rows)
    pairs = found.rows.only({NUMBER: NUMBER, "other": FIRST}).also(
        found.pairs.only({NUMBER: "first", "other": "second"})
    )
    if DOCUMENT in rows.kinds:
        rests = resting(rows, DOCUMENT).kept("documents of rows")
        first = rests.told(["key"], {"other": ("min", NUMBER)})
        pairs = pairs.also(rests.joined(first, ["key"]).only(list(PAIR)))
    pairs = pairs.joined(mine.only([NUMBER, "family"]), [NUMBER])  # a pair is of one family
    given = mine.through(Work(path_of(among)), GIVEN)
    given = given.also(pairs.through(Work(path_of(among)), GIVEN))
    given = given.also(keys.joined(torn, ["family"]).through(Work(path_of(among)), GIVEN))
    made = given.grouped(["family"], Work(path_of(parting)), MADE).kept("rows of these families, parted")
    return named.joined(made, [NUMBER], "left").through(Work(path_of(named_anew)), WRITES)


def untouched() -> Does:
    """Rows whose families stay as they are."""
    return lambda table: put_below([table], arrow_schema(WRITES))


def of_several() -> Does:
    """What leaves the families of several sides."""
    return lambda table: table.filter(pc.not_equal(table["least"], table["most"])).select(["family"])


def among() -> Does:
    """Rows, pairs, or keys that are known, each beside the others."""
    return lambda table: put_below([table], arrow_schema(GIVEN))


def parting() -> Does:
    """What tells what becomes of each row of a family, of which it has rows, pairs and known keys."""

    def does(table: pa.Table) -> pa.Table:
        numbers: list[int] = []
        found: list[Parted] = []
        for _, family in in_groups(table, ["family"]):
            known = family.filter(family["side"].is_valid())
            sides = dict(zip(known["key"].to_pylist(), map(SEEN.__getitem__, known["side"].to_pylist()), strict=True))
            near: dict[int, list[int]] = defaultdict(list)
            pairs = family.filter(pc.and_(family["other"].is_valid(), pc.not_equal(family["other"], family[NUMBER])))
            for one, other in zip(pairs[NUMBER].to_pylist(), pairs["other"].to_pylist(), strict=True):
                near[one].append(other)
                near[other].append(one)
            rows = family.filter(family["id"].is_valid())
            numbered, ids, keys, origins = (rows[name].to_pylist() for name in (NUMBER, "id", KEYS, "origin"))
            columns = zip(numbered, ids, keys, origins, (near[number] for number in numbered), strict=True)
            mine = list(map(KnownRow._make, columns))
            for number, came in parted(mine, sides):
                numbers.append(number)
                found.append(came)
        told = [list(each) for each in zip(*found, strict=True)] or [[], [], []]
        return pa.table([numbers, *told], schema=arrow_schema(MADE))

    return does


def named_anew() -> Does:
    """Rows with the family that they have now, where it was divided."""

    def does(table: pa.Table) -> pa.Table:
        family = pc.coalesce(table["named"], table["family"])
        return table.select([name for name in WRITES if name != "family"]).append_column("family", family)

    return does
