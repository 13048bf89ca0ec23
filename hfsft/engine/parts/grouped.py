"""What steps say of the rows of each group, as columns of all rows: read back for groups that are as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hfsft.engine.executor import Done
from hfsft.engine.outcome import ID, groups, of_group
from hfsft.engine.parts.rows import Rows
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch

if TYPE_CHECKING:
    from hfsft.engine.adding import Before, Columns

STAYS, INSTEAD = "hfsft:stays", "hfsft:instead"  # whether a row stays, and if not, the row that does instead
KINDS = {STAYS: "bool", INSTEAD: "string"}

Of = Callable[[Sequence[int]], Any]
"""What the step's function makes of the rows of a group, by their numbers."""


class Grouped:
    """A step that sees groups, as a function over all rows to which rows can be added."""

    def __init__(self, step: Step, *beside: Batch) -> None:
        self._step, self._beside = step, beside

    def __call__(self, batch: Batch) -> Batch:
        """What the step says of each row."""
        return self._made(batch, [])

    def add(self, batch: Columns, before: Before) -> Batch:
        """Only groups to which rows came, or of which rows are gone, are looked at again."""
        size = Counter(map(_named, before.rows[self._step.group_by], before.rows[ID]))
        number, old = before.number, before.rows[self._step.group_by]
        same = []
        for members in groups(batch[ID], batch[self._step.group_by]):
            then = number[members]
            if (then >= 0).all() and size[_named(old[then[0]], batch[ID][members[0]])] == len(members):
                same.append(members)
        names = [*self._step.writes, *KINDS]
        made = self._made({name: batch[name] for name in batch.column_names}, same)
        for members in same:
            for place, then_place in zip(members, number[members].tolist(), strict=True):
                for name in names:
                    made[name][place] = before.rows[name][then_place]
        return made

    def _made(self, batch: Batch, known: list[list[int]]) -> Batch:
        done = {members[0] for members in known}
        given = self._step.given(batch, ID)

        def of(members: Sequence[int]) -> Any:
            return self._step.function({name: [batch[name][each] for each in members] for name in given}, *self._beside)

        wanted = [each for each in groups(batch[ID], batch[self._step.group_by]) if each[0] not in done]
        return told(self._step, batch[ID], wanted, of)


def told(step: Step, ids: Sequence[str], members: Sequence[Sequence[int]], of: Of) -> Batch:
    """What a step says of each row of these groups, as columns of all rows."""
    found: Batch = {name: [None] * len(ids) for name in (*step.writes, *KINDS)}
    for numbers in members:
        for number, row in zip(numbers, of_group(step, [ids[each] for each in numbers], of(numbers)), strict=True):
            found[STAYS][number], found[INSTEAD][number] = row.columns is not None, row.instead
            for name, value in (row.columns or {}).items():
                found[name][number] = value
    return found


def parted(rows: Rows, cached: bool) -> Done[Rows]:
    """Rows of which is known whether they stay, as those that do and those that do not."""
    stays = rows.table([STAYS])[STAYS].to_numpy()
    left = rows.without(KINDS)
    if stays.all():
        return Done(left, cached)
    over = np.flatnonzero(~stays)
    instead = rows.select(over)
    return Done(
        left.select(np.flatnonzero(stays)),
        cached,
        passed_over=left.select(over),
        instead=dict(zip(instead[ID], instead[INSTEAD], strict=True)),
    )


def _named(value: Any, row_id: str) -> Any:
    """What a group is known by."""
    return (value,) if value is not None else row_id
