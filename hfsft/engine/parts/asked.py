"""Steps that ask models: the answers are brought into the store, then read back from there into columns, or rows.

What the answers took is kept as well, for just these rows. Rows that failed are cut out, and none of their columns is
kept: the next build asks for them again. In a forecast some answers are not known: there the row itself stands for
what would come of it, with placeholders, and `PENDING` is true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from hfsft.cache import SPENT
from hfsft.engine.executor import Done
from hfsft.engine.lookahead import Route, task_of
from hfsft.engine.outcome import ID, PARENT, children, group_task, groups
from hfsft.engine.parts import grown, made
from hfsft.engine.parts.files import Files, rows_named
from hfsft.engine.parts.grouped import KINDS, STAYS, parted, told
from hfsft.engine.parts.grown import ANOTHER, ITSELF
from hfsft.engine.parts.rows import Rows
from hfsft.engine.plan import Asked, Asker, Task
from hfsft.engine.step import BATCH, Step
from hfsft.hashing import digest
from hfsft.models.limits.usage import Spendings, spent_together
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import PENDING
from hfsft.rows.features import placeholder

if TYPE_CHECKING:
    from hfsft.engine.parts.rows import Places
    from hfsft.models.model import Turns


@dataclass(frozen=True)
class Asking:
    """A step that asks, over these rows; what was kept is read from `files`, what is new is written to `drafts`."""

    step: Step
    rows: Rows
    asker: Asker
    route: Route | None
    files: Files
    drafts: Files

    def done(self) -> Done[Rows]:
        """What becomes of the rows."""
        if self.step.sees == "group":
            return self._groups()
        return self._many() if self.step.rows == "many" else self._same()

    def _same(self) -> Done[Rows]:
        """Each row, with more columns."""
        columns = self._columns()
        held = made.held(self.rows, self.step, columns, self.files)
        missing = [each.cover.missing(self.rows.of_part(index)) for index, each in enumerate(held)]
        asked, cached = self._rows_asked([each.lineage for each in held], missing, columns)
        left, failed = self._without(asked.failures)
        writes = self._with_pending(self.step.writes, asked)

        def replay(batch: Batch) -> Batch:
            results = [self._told(row, asked) for row in rows_of(batch)]
            return {name: [result[name] for result in results] for name in writes}

        if mark := self._mark(asked):
            held = made.held(left, self.step, columns, self.files, mark)
        rows, _ = made.by_row(left, held, replay, columns, writes, self.drafts)
        return self._done(Done(rows, cached), asked, failed)

    def _many(self) -> Done[Rows]:
        """The rows that come of each."""
        names = self.rows.column_names
        columns = self._columns(*(name for name in self.step.writes if name in names))
        held = grown.held(self.rows, self.step, columns, self.files)
        asked, cached = self._rows_asked([each.lineage for each in held], [each.missing for each in held], columns)
        left, failed = self._without(asked.failures)
        stored = self._with_pending({ID: self.rows.kinds[ID], PARENT: "string", **self.step.writes}, asked)
        own = [name for name in stored if name in self.step.writes or name == PENDING or name not in names]

        def come(row: Row) -> Iterator[tuple[int, Row]]:
            if row[ID] in asked.pending:
                yield ITSELF, self._told(row, asked)
                return
            for child in children(self.step, row, self._replayed(row)):
                what = ITSELF if child[ID] == row[ID] else ANOTHER
                yield what, {**child, PENDING: bool(row.get(PENDING))}

        if asked.failures or self._mark(asked):
            held = grown.held(left, self.step, columns, self.files, self._mark(asked))
        rows, _ = grown.multiplied(left, held, come, columns, stored, own, self.drafts)
        return self._done(Done(rows, cached), asked, failed)

    def _groups(self) -> Done[Rows]:
        """The rows of each group, with more columns, or fewer of them."""
        step, columns = self.step, self._columns()
        kinds = {**step.writes, **KINDS}
        batch = {name: self.rows[name] for name in columns}
        members = groups(batch[ID], batch[step.group_by])
        lineage = made.key_of_all(self.rows, step, columns)
        whole = made.holds_all(self.rows, step, columns, kinds, self.files)
        spent = digest([self.rows.key, lineage]) + SPENT
        if whole and (note := self.files.note(spent)) is not None:
            asked, cached = Asked(spent=note["spent"]), True
        else:
            tasks = (self._group(batch, numbers) for numbers in members)
            asked, cached = self._ask(tasks, len(members), spent), False
        lost = {
            batch[ID][number]: asked.failures[batch[ID][numbers[0]]]
            for numbers in members
            if batch[ID][numbers[0]] in asked.failures
            for number in numbers
        }
        left, failed = self._without(lost)
        asked = replace(asked, failures=lost)
        writes = self._with_pending(kinds, asked)

        def replay(batch: Batch) -> Batch:
            known: list[list[int]] = []
            unknown: list[list[int]] = []
            for numbers in groups(batch[ID], batch[step.group_by]):
                (unknown if batch[ID][numbers[0]] in asked.pending else known).append(numbers)

            def of(numbers: Sequence[int]) -> Any:
                task = self._group(batch, numbers)
                return self.asker.replay(step, task.id, task.start)

            found = told(step, batch[ID], known, of)
            found[PENDING] = [False] * len(batch[ID])
            for number in (number for numbers in unknown for number in numbers):
                for name, value in {**self._unknown(), STAYS: True, PENDING: True}.items():
                    found[name][number] = value
            return found

        rows, _ = made.of_all(left, step, replay, columns, writes, self.files, self.drafts, mark=self._mark(asked))
        return self._done(parted(rows, cached), asked, failed)

    def _columns(self, *more: str) -> list[str]:
        """The columns that what is made hangs on."""
        pending = (PENDING,) if PENDING in self.rows.kinds else ()
        return self.step.given(self.rows.column_names, ID, *more, *pending)

    def _with_pending(self, kinds: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
        return {**kinds, **({PENDING: "bool"} if self._mark(asked) else {})}

    def _mark(self, asked: Asked) -> str:
        """What tells apart columns of a forecast in which some answers are not known."""
        return digest(sorted(asked.pending)) if asked.pending or PENDING in self.rows.kinds else ""

    def _tasks(self, rows: Rows, columns: Collection[str]) -> Iterator[Task]:
        route = self.route
        carried = [name for name in rows.column_names if name in columns or (route and name in route.columns)]
        for table in rows.batches(carried, BATCH):
            for row in table.to_pylist():
                yield task_of(self.step, row, route, pending=bool(row.get(PENDING)))

    def _group(self, batch: Batch, numbers: Sequence[int]) -> Task:
        rows = [{name: values[number] for name, values in batch.items()} for number in numbers]
        return group_task(self.step, rows)._replace(pending=any(row.get(PENDING) for row in rows))

    def _rows_asked(
        self, lineages: Sequence[str], missing: Sequence[Places], columns: Collection[str]
    ) -> tuple[Asked, bool]:
        """What asking came to, and whether nobody had to be asked; `missing` are the places of which nothing is kept.

        The others are done with at once, where it is known what just their answers took; else these are read once more.
        """
        rows = self.rows
        new = rows.numbers_of(missing)
        spent = self._spent(rows, lineages)
        if not len(new) and (note := self.files.note(spent)) is not None:
            return Asked(spent=note["spent"]), True
        if 0 < len(new) < len(rows) and self.files is self.drafts:
            old = rows.select(np.setdiff1d(np.arange(len(rows)), new))
            if (note := self.files.note(self._spent(old, lineages))) is not None and note["spent"] is not None:
                # Rows that are done with count where the share of those that fail is looked at.
                done = (Task(row_id, {}, _nothing) for row_id in old[ID])
                tasks = chain(done, self._tasks(rows.select(new), columns))
                return self._ask(tasks, len(rows), spent, note["spent"]), False
        return self._ask(self._tasks(rows, columns), len(rows), spent), False

    def _ask(self, tasks: Iterable[Task], total: int, spent: str, before: Spendings | None = None) -> Asked:
        """Ask, and keep what the answers took, with those of `before`."""
        asked = self.asker.ask(self.step, tasks, total)
        if asked.spent is not None:
            asked = replace(asked, spent=spent_together(before or {}, asked.spent))
        # A forecast does not know what the answers took, so that what it reads from the store is a draft too. Costs
        # are written first: where there are answers, somebody can see it.
        if not asked.pending:
            self.drafts.keep(spent, {"spent": asked.spent})
        return asked

    def _spent(self, rows: Rows, lineages: Sequence[str]) -> str:
        """Where it is kept what the answers for just these rows took, in whatever order they are."""
        places = ((lineage, np.sort(rows.of_part(index))) for index, lineage in enumerate(lineages))
        told = [[lineage, rows_named(mine, 0)] for lineage, mine in places if len(mine)]
        return digest(sorted(told)) + SPENT

    def _without(self, failures: Mapping[str, str]) -> tuple[Rows, Rows | None]:
        """The rows that did not fail, and those that did, with nothing in the columns of the step."""
        if not failures:
            return self.rows, None
        lost = np.array([row_id in failures for row_id in self.rows[ID]])
        failed = self.rows.select(np.flatnonzero(lost)).emptied(self.step.writes)
        return self.rows.select(np.flatnonzero(~lost)), failed

    def _told(self, row: Row, asked: Asked) -> Row:
        """The columns of a row: what was made of its answers, or placeholders."""
        unknown = row[ID] in asked.pending
        return {**(self._unknown() if unknown else self._replayed(row)), PENDING: unknown or bool(row.get(PENDING))}

    def _unknown(self) -> Row:
        return {name: placeholder(kind) for name, kind in self.step.writes.items()}

    def _replayed(self, row: Row) -> Any:
        return self.asker.replay(self.step, row[ID], task_of(self.step, row).start)

    def _done(self, done: Done[Rows], asked: Asked, failed: Rows | None) -> Done[Rows]:
        return replace(done, failed=failed, errors=asked.failures, calls=asked.calls, spent=asked.spent)


def _nothing() -> Turns:
    yield from ()
    return {}
