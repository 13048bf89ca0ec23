"""The rows that evolutions are written into: a child for each variant of a row, by a template that a hash picks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from hfsft.hashing import unit
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.row import child_id


def growing(number: int, variants: int, parts: Mapping[str, int]) -> Callable[[Batch], Batch]:
    """What makes room for the rows of a round."""
    return partial(_grow, number=number, variants=variants, parts=parts)


def grows(row: Row, number: int) -> bool:
    """Whether a row has children in round `number`: it is of the round before, and no example."""
    return row["origin"] != "example" and bool(row["round"] == number - 1)


def children(row: Row, number: int, variants: range, parts: Mapping[str, int]) -> Iterator[Row]:
    """The children of a row in round `number`, for each of the variants: they hold its text until they are written.

    Each template stands in a row's order as often as it has `parts`, in places that a hash of the row's id decides; the
    variants go through that order, again and again. So each variant is of a template with the chance of its weight,
    and a row with as many variants as there are parts has each template just so often.
    """
    places = [(name, part) for name, count in parts.items() for part in range(count)]
    order = [name for name, _ in sorted(places, key=lambda place: unit(row["id"], "template", *_numbered(*place)))]
    for variant in variants:
        turn, place = divmod(variant, len(order))
        name = order[place]
        again = turn * parts[name] + order[:place].count(name)
        lineage = {"parent_id": row["id"], "origin": "evolved", "round": number, "template": name}
        yield {**row, **lineage, "id": child_id(row["id"], "evolve", name, again)}


def _numbered(name: str, part: int) -> tuple[str | int, ...]:
    return (name, part) if part else (name,)


def _grow(batch: Batch, *, number: int, variants: int, parts: Mapping[str, int]) -> Batch:
    """Every row, and behind each row of the round before its children."""
    rows: list[Row] = []
    for row in rows_of(batch):
        rows.append(row)
        if grows(row, number):
            rows += children(row, number, range(variants), parts)
    return {column: [row[column] for row in rows] for column in batch}
