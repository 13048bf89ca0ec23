"""A row that a step has asked for need not wait for the others: the way from there to the next step that asks.

A way holds only steps that look at one row alone; one that compares rows ends it. What is asked on the way is what the
next step would ask: it finds the answers when its own turn comes, and no result hangs on whether a row went ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from hfsft.plan.plan import Task
from hfsft.plan.step import Row, Step


@dataclass(frozen=True)
class Way:
    """The steps from one that asks to the next."""

    between: tuple[Step, ...]
    step: Step  # the next that asks

    @property
    def columns(self) -> set[str]:
        """The columns that a row may need on the way."""
        return {name for step in (*self.between, self.step) for name in ("id", *step.reads, *step.optional)}

    def follow(self, row: Row, made: Row) -> tuple[Step, Task] | None:
        """What `row`, with the columns just `made`, is asked next; None where a filter takes it out."""
        row = {**row, **made}
        for step in self.between:
            if step.kind == "keep":
                assert step.bound is not None
                if not step.bound.keeps(row[step.bound.column]):
                    return None
            else:
                assert step.fn is not None
                measured = step.fn({name: [row[name]] for name in step.sees(row)})
                row.update({name: measured[name][0] for name in step.writes})
        assert self.step.fn is not None
        asked = {name: row[name] for name in self.step.sees(row, "id")}
        return self.step, Task(row["id"], asked, partial(self.step.fn, asked))


def way_from(steps: Sequence[Step]) -> Way | None:
    """The way through `steps`, which follow on one that asks; None where it does not lead to another one."""
    for place, step in enumerate(steps):
        if step.kind == "ask":
            return Way(tuple(steps[:place]), step)
        if step.kind not in ("map", "keep"):
            return None
    return None
