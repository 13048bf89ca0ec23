"""Which rows go to balance, where no process holds what they say: values become numbers, by rounds.

Which go is decided in this process, as each row that goes changes what the others are measured by. It holds of each row
that has a value a number of 8 bytes for itself, for each rule, and for each column that rows are ranked by; the
arithmetic takes up to as much again and 40 bytes. 100 million rows with one rule are some 8 GB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfsft.engine.resources import Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.filters.duplicates.order_bytes import bytes_of
from hfsft.near import ITEM, RANK, numbered
from hfsft.rows.columns import REVIEWED, ranked_by
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.row import is_approved
from hfsft.stages.balancing.balance import UNBALANCED, as_texts, place_of, sections_of, told_of
from hfsft.stages.balancing.caps import Groups, taken

if TYPE_CHECKING:
    from hfsft.engine.spread.scattered import Does, Scattered, Told

GOES = {NUMBER: "int64", UNBALANCED: "string"}


def decided(rows: Scattered, rules: Sequence[Mapping[str, Any]]) -> Scattered:
    """The rows that go, and for which value."""
    sections = sections_of(rules)
    ranked = [each.by or ranked_by(rows.kinds) for each in sections]
    by = list(dict.fromkeys(ranked))
    values = {f"value {place}": each.counted for place, each in enumerate(sections)}
    ranks = {f"rank {place}": name for place, name in enumerate(by)}
    kinds = {NUMBER: "int64", **dict.fromkeys(values, "string"), **dict.fromkeys(ranks, "binary")}
    work = Work(path_of(telling), {"rules": [dict(rule) for rule in rules], "values": values, "ranks": ranks})
    told = rows.through(work, kinds).kept("values and ranks")
    sizes = [_sizes(told, value) for value in values]
    groups, orders = _numbers(told, list(values), list(ranks), sizes)
    count = told.count()
    going = taken([each.caps for each in sections], groups, [orders[by.index(name)] for name in ranked])
    found = rows.of(pa.table([[], []], schema=arrow_schema(GOES)), GOES)
    for place, (section, value, size) in enumerate(zip(sections, values, sizes, strict=True)):
        numbers = np.flatnonzero(going == place)
        if len(numbers):
            gone = rows.of(pa.table({NUMBER: numbers}), {NUMBER: "int64"}).joined(told.only([NUMBER, value]), [NUMBER])
            named = gone.joined(size.only({value: value, "size": f"size {value}"}), [value])
            work = Work(path_of(naming), {"counted": section.counted, "value": value, "count": count})
            found = found.also(named.through(work, GOES))
    return found


def _sizes(told: Scattered, value: str) -> Scattered:
    """For each value a number that stands for it, and how many rows have it."""
    known = told.only([NUMBER, value])
    known = known.through(Work(path_of(there), {"value": value}), known.kinds)
    tells: Mapping[str, tuple[Told, str]] = {f"code {value}": ("min", NUMBER), f"size {value}": ("count", NUMBER)}
    return known.told([value], tells).kept(f"rows of each {value}")


def _numbers(
    told: Scattered, values: Sequence[str], ranks: Sequence[str], sizes: Sequence[Scattered]
) -> tuple[list[Groups], list[Any]]:
    """The values of rows as numbers, and their places by each rank; of rows without any value nothing is told."""
    thin = told.only([NUMBER, *values])
    for rank in ranks:
        order = numbered(told.only({NUMBER: NUMBER, RANK: rank}), f"rows by {rank}")
        thin = thin.joined(order.only({NUMBER: NUMBER, rank: ITEM}), [NUMBER])
    codes = [f"code {value}" for value in values]
    for value, code, size in zip(values, codes, sizes, strict=True):
        thin = thin.joined(size.only([value, code]), [value], "left")
    names = [NUMBER, *codes, *ranks]
    table = thin.through(Work(path_of(with_any), {"names": names, "codes": codes}), dict.fromkeys(names, "int64"))
    here, count = table.collected(), told.count()  # see the module: 8 bytes for each number
    places = here[NUMBER].to_numpy()
    groups, orders = [], []
    for code in codes:
        known = np.full(count, -1, np.int64)
        known[places] = pc.fill_null(here[code], -1).to_numpy()
        groups.append(Groups.numbered(known))
    for rank in ranks:
        place = np.full(count, count, np.int64)
        place[places] = here[rank].to_numpy()
        orders.append(place)
    return groups, orders


def telling(rules: Sequence[Mapping[str, Any]], values: Mapping[str, str], ranks: Mapping[str, str]) -> Does:
    """The work that tells the values of rows that are meant, and what they are ranked by."""
    meant = [each.values for each in sections_of(rules)]
    schema = arrow_schema({NUMBER: "int64", **dict.fromkeys(values, "string"), **dict.fromkeys(ranks, "binary")})

    def does(table: pa.Table) -> pa.Table:
        count = table.num_rows
        rows = {name: values_of(table[name]) for name in table.column_names}
        empty: list[Any] = [None] * count
        columns: list[Any] = [rows[NUMBER]]
        for name, only in zip(values.values(), meant, strict=True):
            found = as_texts(rows.get(name) or empty)
            columns.append([value if only is None or value in only else None for value in found])
        theirs = list(map(is_approved, rows.get(REVIEWED) or empty))
        for name in ranks.values():
            told = zip(rows.get(name) or empty, theirs, rows["id"], rows[NUMBER], strict=True)
            columns.append([bytes_of((*place_of(*each), number)) for *each, number in told])
        return pa.table(columns, schema=schema)

    return does


def there(value: str) -> Does:
    """The work that leaves rows with a value."""
    return lambda table: table.filter(table[value].is_valid())


def with_any(names: Sequence[str], codes: Sequence[str]) -> Does:
    """The work that leaves numbers of rows that have a value of any rule."""

    def does(table: pa.Table) -> pa.Table:
        known = np.zeros(table.num_rows, bool)
        for code in codes:
            known |= table[code].is_valid().to_numpy()
        return pc.filter(table.select(list(names)), pa.array(known))

    return does


def naming(counted: str, value: str, count: int) -> Does:
    """The work that says for which value rows go."""

    def does(table: pa.Table) -> pa.Table:
        told = zip(table[value].to_pylist(), table["size"].to_pylist(), strict=True)
        said = [told_of(counted, each, size, count) for each, size in told]
        return pa.table({NUMBER: table[NUMBER], UNBALANCED: pa.array(said, pa.string())})

    return does
