"""Scores without length, where no process holds all rows: sums are exact, so that it does not matter who adds what.

Of rows this process holds nothing, of each block of some thousands a few numbers for each criterion.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING

import pyarrow as pa

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.rows.columns import adjusted_of, score_of
from hfsft.rows.features import arrow_schema, values_of
from hfsft.stages.judging.bias.length_adjusted import Fit, lengths_of, line, products, terms

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered

LENGTH = "words"
PART = {"criterion": "string", "rows": "int64", "first": "float64", "second": "float64"}


def adjusted(rows: Scattered, criteria: Sequence[str]) -> Scattered:
    """The adjusted score of each criterion."""
    scores = list(map(score_of, criteria))
    kinds = {NUMBER: "int64", LENGTH: "int64", **dict.fromkeys(scores, "float64")}
    told = rows.through(Work(path_of(counting), {"scores": scores}), kinds).kept("words of answers")
    sums = _summed(told, criteria, {})
    means = {name: [each / rows for each in both] for name, (rows, both) in sums.items() if rows}
    others = _summed(told, criteria, means) if means else {}
    fits: dict[str, Fit] = {}
    for name, (count, _) in sums.items():
        fits[name] = line(*others[name][1], means[name][0], count) if count else Fit(0.0, 0.0, 0)
    made = {NUMBER: "int64", **dict.fromkeys(map(adjusted_of, criteria), "float64")}
    return told.through(Work(path_of(adjusting), {"fits": {name: tuple(fit) for name, fit in fits.items()}}), made)


def counting(scores: Sequence[str]) -> Does:
    """The work that leaves of each row how many words its answer has, and its scores."""

    def does(table: pa.Table) -> pa.Table:
        lengths = lengths_of({name: values_of(table[name]) for name in table.column_names if name not in scores})
        return pa.table({NUMBER: table[NUMBER], LENGTH: lengths, **{name: table[name] for name in scores}})

    return does


def _summed(
    told: Scattered, criteria: Sequence[str], means: dict[str, list[float]]
) -> dict[str, tuple[int, tuple[float, float]]]:
    """For each criterion how many rows have a score, and the two sums over these, each rounded once."""
    work = Work(path_of(summing), {"criteria": list(criteria), "means": means})
    found = told.through(work, PART).collected().to_pylist()  # a few numbers for each time that the work was done
    made = {}
    for name in criteria:
        mine = [each for each in found if each["criterion"] == name]
        both = (fsum(each["first"] for each in mine), fsum(each["second"] for each in mine))
        made[name] = sum(each["rows"] for each in mine), both
    return made


def summing(criteria: Sequence[str], means: dict[str, list[float]]) -> Does:
    """The work that adds what the rows of a block come to, as numbers that have that very sum."""
    schema = arrow_schema(PART)

    def does(table: pa.Table) -> pa.Table:
        lengths, found = table[LENGTH].to_pylist(), []
        for name in criteria:
            scores = table[score_of(name)].to_pylist()
            there = [place for place, score in enumerate(scores) if score is not None]
            given = [scores[place] for place in there], [lengths[place] for place in there]
            values = products(*given, *means[name]) if name in means else terms(*given)
            first, second = map(exactly, zip(*values, strict=True)) if values else ([], [])
            count = max(len(first), len(second), 1)
            for place in range(count):
                parts = (each[place] if place < len(each) else 0.0 for each in (first, second))
                found.append((name, 0 if place else len(there), *parts))
        return pa.table([list(each) for each in zip(*found, strict=True)] or [[]] * len(PART), schema=schema)

    return does


def exactly(values: Sequence[float]) -> list[float]:
    """The few numbers whose exact sum is that of all the values: their sum, what it is rounded by, and so on."""
    found: list[float] = []
    while rest := fsum((*values, *(-each for each in found))):
        found.append(rest)
    return found


def adjusting(fits: dict[str, tuple[float, float, int]]) -> Does:
    """The work that takes the part of scores away that goes with length."""
    known = {name: Fit(*each) for name, each in fits.items()}
    schema = arrow_schema({NUMBER: "int64", **dict.fromkeys(map(adjusted_of, fits), "float64")})

    def does(table: pa.Table) -> pa.Table:
        lengths = table[LENGTH].to_pylist()
        columns = [
            [
                None if score is None else fit.adjusted(score, length)
                for score, length in zip(table[score_of(name)].to_pylist(), lengths, strict=True)
            ]
            for name, fit in known.items()
        ]
        return pa.table([table[NUMBER], *columns], schema=schema)

    return does
