"""near_duplicate's search for rows that no process holds together: the same columns, by rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.filters.duplicates.common import NAME, Compared
from hfsft.near import FIRST, KNOWN, RANK, SAID, NearPairs, known_of, near_pairs, said_of
from hfsft.rows.features import arrow_schema
from hfsft.similarity import keys_of, sketches_of

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Scattered

NAMED = {**KNOWN, NAME: "string"}
TOLD = {NUMBER: "int64", "first": "int64", NAME: "string", RANK: "binary", "similarity": "float64"}


def searched(
    ranked: Scattered,
    said: Scattered,
    others: Sequence[tuple[int, str, Compared]],
    floor: float,
    found: Mapping[str, Any],
) -> Scattered:
    """The columns `found` of a filter's search.

    `ranked` are `NAMED` rows, `said` what they say; `others` are rows of other sets, by places and names.
    """
    if others:  # in front of all rows: each of them is preferred
        ranked = ranked.also(ranked.of(_others_known(others), NAMED))
        said = said.also(said.of(_others_said(others, floor), SAID))
    ranked = ranked.kept("rows as they are known")
    return listed(ranked, near_pairs(ranked.only(list(KNOWN)), said, floor), found)


def listed(ranked: Scattered, near: NearPairs, found: Mapping[str, Any]) -> Scattered:
    """The same of what was found among rows, which are known by a `RANK` and a `NAME`."""
    named = ranked.only({"first": NUMBER, NAME: NAME, RANK: RANK})
    alone = near.rows.only({NUMBER: NUMBER, "first": FIRST}).joined(named, ["first"])
    rows = alone.through(Work(path_of(without_similarity)), TOLD)
    pairs = near.pairs.only({NUMBER: "second", "first": "first", "similarity": "similarity"}).joined(named, ["first"])
    work = Work(path_of(listing), {"found": dict(found)})
    return rows.also(pairs.only(list(TOLD))).grouped([NUMBER], work, {NUMBER: "int64", **found})


def _others_known(others: Sequence[tuple[int, str, Compared]]) -> pa.Table:
    keys = keys_of([row.parts for _, _, row in others], [row.system for _, _, row in others])
    known = [(place, key, name) for (place, name, _), key in zip(others, keys, strict=True) if key is not None]
    ranks = [b"\0" + place.to_bytes(8, "big") for place, *_ in known]  # those of rows begin with a 1
    table = known_of([-1 - place for place, *_ in known], [key for _, key, _ in known], ranks)
    return table.append_column(NAME, pa.array([name for *_, name in known], pa.string()))


def _others_said(others: Sequence[tuple[int, str, Compared]], floor: float) -> pa.Table:
    parts = [row.parts for _, _, row in others]
    _, sketches = sketches_of(parts, floor)
    return said_of([-1 - place for place, *_ in others], [sketch or b"" for sketch in sketches], parts)


def known_rows(numbers: Sequence[int], keys: Sequence[bytes], ranks: Sequence[bytes], names: pa.Array) -> pa.Table:
    """Rows as `searched` takes them, behind those of other sets."""
    return known_of(numbers, keys, [b"\1" + rank for rank in ranks]).append_column(NAME, names)


def without_similarity() -> Callable[[pa.Table], pa.Table]:
    """The work that tells of each row which is the first that says the same, as of a pair."""

    def does(table: pa.Table) -> pa.Table:
        blank = pa.nulls(table.num_rows, pa.float64())
        return table.append_column("similarity", blank).select(list(TOLD))

    return does


def listing(found: Mapping[str, Any]) -> Callable[[pa.Table], pa.Table]:
    """The work that lists for each row those that it is alike to, the preferred first."""
    schema = arrow_schema({NUMBER: "int64", **found})

    def does(table: pa.Table) -> pa.Table:
        table = table.sort_by([(NUMBER, "ascending"), (RANK, "ascending")])
        first = [*starts(table, [NUMBER]).tolist(), table.num_rows]
        rows = [table.slice(start, end - start).to_pylist() for start, end in pairwise(first)]
        made = [_listed(each) for each in rows if each[0][NUMBER] >= 0]
        columns = list(zip(*made, strict=True)) or [()] * (len(found) + 1)
        return pa.table([pa.array(values, field.type) for values, field in zip(columns, schema, strict=False)], schema)

    return does


def _listed(told: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Of one row its number, the row that says the same, those that are nearly alike, and that of other sets."""
    number = told[0][NUMBER]
    (itself,) = (each for each in told if each["similarity"] is None)
    same = other = alike = None
    if itself["first"] != number:
        if itself["first"] >= 0:
            same = itself[NAME]
        else:
            other, alike = itself[NAME], 1.0
    near = [each for each in told if each["similarity"] is not None and each["first"] >= 0]
    theirs = [each for each in told if each["similarity"] is not None and each["first"] < 0]
    if theirs and same is None:
        best = max(theirs, key=lambda each: (each["similarity"], each["first"]))
        other, alike = best[NAME], best["similarity"]
    return number, same, [each[NAME] for each in near], [each["similarity"] for each in near], other, alike
