"""The rows that evolutions are written into: a child for each variant of a row, by a template that a hash picks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from hfsft.hashing import unit
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.row import child_id


def growing(number: int, variants: int, names: Sequence[str]) -> Callable[[Batch], Batch]:
    """What makes room for the rows of a round."""
    return partial(_grow, number=number, variants=variants, names=names)


def grows(row: Row, number: int) -> bool:
    """Whether a row has children in round `number`: it is of the round before, and no example."""
    return row["origin"] != "example" and bool(row["round"] == number - 1)


def children(row: Row, number: int, variants: range, names: Sequence[str]) -> Iterator[Row]:
    """The children of a row in round `number`, for each of the variants: they hold its text until they are written.

    Which template makes a variant is decided by a hash of the row's id; where there are more variants than templates,
    they come again in the same order.
    """
    order = sorted(names, key=lambda name: unit(row["id"], "template", name))
    for variant in variants:
        name, again = order[variant % len(order)], variant // len(order)
        lineage = {"parent_id": row["id"], "origin": "evolved", "round": number, "template": name}
        yield {**row, **lineage, "id": child_id(row["id"], "evolve", name, again)}


def _grow(batch: Batch, *, number: int, variants: int, names: Sequence[str]) -> Batch:
    """Every row, and behind each row of the round before its children."""
    rows: list[Row] = []
    for row in rows_of(batch):
        rows.append(row)
        if grows(row, number):
            rows += children(row, number, range(variants), names)
    return {column: [row[column] for row in rows] for column in batch}
