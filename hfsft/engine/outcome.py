"""What becomes of rows by a step's function, as `Step` tells it, whoever holds the rows: every executor asks here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from hfsft.engine.plan import Task
from hfsft.engine.step import Step
from hfsft.errors import InternalError
from hfsft.rows.batch import Row, rows_of
from hfsft.rows.row import child_id

ID, PARENT = "id", "parent_id"
NOT_CHOSEN = "not_chosen"  # what the ledger calls it that others of a row's group stay


def groups(ids: Sequence[str], values: Sequence[Any]) -> list[list[int]]:
    """The numbers of the rows of each group, in the order of their ids; a row without a value is a group of its own."""
    members: dict[Any, list[int]] = {}
    for number, value in enumerate(values):
        members.setdefault((value,) if value is not None else number, []).append(number)
    return [sorted(numbers, key=ids.__getitem__) for numbers in members.values()]


def group_task(step: Step, rows: Sequence[Row]) -> Task:
    """What a step asks for a group; the task is called by the first of its rows."""
    asked = [{name: row[name] for name in step.given(row, ID)} for row in rows]
    return Task(rows[0][ID], {"rows": asked}, partial(step.function, asked))


def children(step: Step, row: Row, made: Any) -> list[Row]:
    """The rows that a step makes of the answers for `row`: an id, `writes`, and a parent where they are new."""
    if not isinstance(made, list):
        raise InternalError(f"step {step.name} makes many rows, and returned no list")
    found = []
    for place, values in enumerate(made):
        _check(step, values)
        new = values.get(ID) != row[ID]
        own = {ID: values.get(ID) or child_id(row[ID], step.name, place)}
        written = {name: values.get(name, row.get(name)) for name in step.writes}
        found.append({**written, **own, **({PARENT: row[ID]} if new else {})})
    return found


class GroupMember(NamedTuple):
    """What a step says of one row of a group: its columns, or, where it does not stay, the row that does instead."""

    columns: Row | None
    instead: str | None


def of_group(step: Step, ids: Sequence[str], made: Any) -> list[GroupMember]:
    """What a step says of each row of a group, from what its function made: a batch, or rows of answers."""
    rows: Iterable[Row]
    if isinstance(made, Mapping):
        named = made if step.rows == "fewer" else {ID: list(ids), **made}
        rows = list(rows_of(dict(named)))
    else:
        rows = list(made)
    by_id: dict[str, Row] = {}
    for row in rows:
        _check(step, row)
        if row.get(ID) not in ids or row[ID] in by_id:
            raise InternalError(f"step {step.name} returned a row {row.get(ID)!r}, which is not in the group, or twice")
        by_id[row[ID]] = {name: row.get(name) for name in step.writes}
    if not by_id or (step.rows == "same" and len(by_id) < len(ids)):
        raise InternalError(f"step {step.name} was given {len(ids)} rows of a group and returned {len(by_id)}")
    first = next(iter(by_id))
    return [GroupMember(by_id[each], None) if each in by_id else GroupMember(None, first) for each in ids]


def _check(step: Step, row: Row) -> None:
    strange = sorted(set(row) - {ID, PARENT, *step.writes})
    if strange:
        raise InternalError(f"step {step.name} returned {', '.join(strange)}, which it does not write")
