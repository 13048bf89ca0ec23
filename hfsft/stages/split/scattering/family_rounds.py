"""The families of rows that no process holds together: the same names, by rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.components import COMPONENT, components, of_its_own
from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.near import FIRST

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.near import NearPairs

KEYED = {NUMBER: "int64", "key": "string"}
OF_DOCUMENT = "\0"  # before a document, which joins rows as a key does, and names no family


def named_families(rows: Scattered, near: NearPairs, keys: str, document: str, name: str) -> Scattered:
    """`NUMBER` and a column `name`: the smallest key of all rows in a family.

    `rows` have a column `keys`, and may have one that names the document that each rests on.
    """
    own = rows.only([NUMBER, keys]).through(Work(path_of(exploded), {"keys": keys}), KEYED)
    every = own.also(resting(rows, document)) if document in rows.kinds else own
    every = every.kept("keys of families")
    first = every.told(["key"], {"first": ("min", NUMBER)})
    pairs = every.joined(first, ["key"]).only({"one": NUMBER, "other": "first"})
    pairs = pairs.also(near.rows.only({"one": NUMBER, "other": FIRST}))
    pairs = pairs.also(near.pairs.only({"one": "first", "other": "second"}))
    least = own.told([NUMBER], {"key": ("min", "key")})
    together = least.joined(components(pairs), [NUMBER], "left")
    together = together.through(Work(path_of(of_its_own)), {**KEYED, COMPONENT: "int64"}).kept("families")
    names = together.told([COMPONENT], {name: ("min", "key")})
    return together.only([NUMBER, COMPONENT]).joined(names, [COMPONENT]).only([NUMBER, name])


def exploded(keys: str, beside: Sequence[str] = (NUMBER,)) -> Does:
    """The work that makes a row of each key of a row, with these columns beside it."""

    def does(table: pa.Table) -> pa.Table:
        lists = table[keys].combine_chunks()
        rows = table.select(list(beside)).take(pc.list_parent_indices(lists))
        return rows.append_column("key", pc.list_flatten(lists).cast(pa.string()))

    return does


def resting(rows: Scattered, document: str) -> Scattered:
    """The document of the seed of each row, as a key: that of most rows of the seed, of equally many the smallest."""
    seeds = rows.only({NUMBER: NUMBER, "seed": "seed_id", "document": document})
    there = seeds.through(Work(path_of(with_document)), {"seed": "string", "document": "string"})
    times = there.told(["seed", "document"], {"rows": ("count", "seed")})
    most = times.grouped(["seed"], Work(path_of(of_most_rows)), {"seed": "string", "key": "string"})
    return seeds.only([NUMBER, "seed"]).joined(most, ["seed"]).only(list(KEYED))


def with_document() -> Does:
    """The work that leaves the rows that name a document."""

    def does(table: pa.Table) -> pa.Table:
        named = pc.fill_null(pc.not_equal(table["document"], ""), fill_value=False)
        return pc.filter(table.select(["seed", "document"]), named)

    return does


def of_most_rows() -> Does:
    """The work that chooses a document for each seed."""

    def does(table: pa.Table) -> pa.Table:
        table = table.sort_by([("seed", "ascending"), ("rows", "descending"), ("document", "ascending")])
        table = table.take(pa.array(starts(table, ["seed"])))
        keys = [f"{OF_DOCUMENT}{document}" for document in table["document"].to_pylist()]
        return pa.table({"seed": table["seed"], "key": pa.array(keys, pa.string())})

    return does
