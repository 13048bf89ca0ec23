"""Steps that ask models, of which the answers come into the store, and from there into a file of each part.

Where rows failed, nothing is noted of what the step came to: the next build asks for them again. What the answers took
is noted all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfsft.cache import PART, SPENT
from hfsft.engine.executor import Done
from hfsft.engine.lookahead import Route, task_of
from hfsft.engine.on_daft.beside import FAILED, PASSED_OVER, added, parted, widened
from hfsft.engine.on_daft.parquet_parts import STAYED, ParquetPart, PartRows, Which
from hfsft.engine.on_daft.part_files import PartFiles
from hfsft.engine.on_daft.row_groups import PartWriter
from hfsft.engine.outcome import ID, PARENT, children, group_task, groups
from hfsft.engine.parts.files import Files
from hfsft.engine.parts.grouped import INSTEAD, STAYS, told
from hfsft.engine.plan import Asked, Asker, Task
from hfsft.engine.step import Step
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class AskingParts:
    """A step that asks, over these rows."""

    step: Step
    rows: PartRows
    asker: Asker
    route: Route | None
    files: PartFiles
    notes: Files

    def done(self) -> Done[PartRows]:
        """What becomes of the rows."""
        key = digest([self.rows.key, self.step.fingerprint("")])
        came, note = self.files.came(key), self.notes.note(key + SPENT)
        if came is not None and note is not None:
            return replace(self._done(came.parts, {}, cached=True), spent=note["spent"])
        asked, errors = self._groups_asked(key) if self.step.sees == "group" else self._rows_asked(key)
        made = digest([key, sorted(errors)]) if errors else key
        if self.step.sees == "group":
            parts = self._groups(made, errors)
        else:
            make = self._grown if self.step.rows == "many" else self._wider
            parts = [make(part, digest([made, number]) + PART, errors) for number, part in enumerate(self.rows.parts)]
        if not errors:
            self.files.keep(key, parts)
        return replace(self._done(parts, errors, cached=False), calls=asked.calls, spent=asked.spent)

    def _done(self, parts: Sequence[ParquetPart], errors: Mapping[str, str], *, cached: bool) -> Done[PartRows]:
        rows, step = self.rows, self.step
        if step.rows != "many":
            return parted(rows.of(parts, rows.kinds), step, cached, errors)
        failed = None
        if errors:
            key = digest([rows.key, step.fingerprint(""), sorted(errors), "failed"])
            nothing: Batch = {name: [None] * len(rows) for name in step.writes}
            out = [FAILED if row_id in errors else STAYED for row_id in rows[ID]]
            kinds = {**rows.kinds, **step.writes}
            failed = rows.of(added(rows, key, nothing, step.writes, out), kinds, Which(FAILED, out=True))
        return Done(rows.of(parts, self._grown_kinds()).without(step.drops), cached, failed=failed, errors=errors)

    def _grown_kinds(self) -> dict[str, Any]:
        return {**self.rows.kinds, PARENT: "string", **self.step.writes}

    def _rows_asked(self, key: str) -> tuple[Asked, Mapping[str, str]]:
        """What asking for each row came to, and why rows failed, by id."""
        asked = self._ask(self._tasks(), len(self.rows), key)
        return asked, asked.failures

    def _tasks(self) -> Iterator[Task]:
        route, step = self.route, self.step
        columns = {*step.given(self.rows.kinds, ID), *(route.columns if route else ())}
        for table in self.rows.tables([name for name in self.rows.kinds if name in columns]):
            for row in table.to_pylist():
                yield task_of(step, row, route)

    def _groups_asked(self, key: str) -> tuple[Asked, Mapping[str, str]]:
        """The same for each group; with one all its rows fail."""
        batch, members = self._members()
        asked = self._ask((_group(self.step, batch, numbers) for numbers in members), len(members), key)
        first = {numbers[0]: batch[ID][numbers[0]] for numbers in members}
        return asked, {
            batch[ID][number]: asked.failures[first[numbers[0]]]
            for numbers in members
            if first[numbers[0]] in asked.failures
            for number in numbers
        }

    def _members(self) -> tuple[Batch, list[list[int]]]:
        batch = {name: self.rows[name] for name in self.step.given(self.rows.kinds, ID)}
        return batch, groups(batch[ID], batch[self.step.group_by])

    def _ask(self, tasks: Iterable[Task], total: int, key: str) -> Asked:
        asked = self.asker.ask(self.step, tasks, total)
        if asked.pending:
            raise InternalError(f"step {self.step.name} was asked for answers that are not known")
        self.notes.keep(key + SPENT, {"spent": asked.spent})
        return asked

    def _wider(self, part: ParquetPart, file: str, errors: Mapping[str, str]) -> ParquetPart:
        """Each row, with more columns."""
        step, rows = self.step, self.rows
        nothing = dict.fromkeys(step.writes)

        def make(table: pa.Table) -> tuple[Batch, Sequence[int]]:
            made = [nothing if row[ID] in errors else self._replayed(row) for row in table.to_pylist()]
            out = [FAILED if row_id in errors else STAYED for row_id in table[ID].to_pylist()]
            return {name: [row[name] for row in made] for name in step.writes}, out

        return widened(rows, part, file, step.writes, step.given(rows.kinds, ID), make)

    def _grown(self, part: ParquetPart, file: str, errors: Mapping[str, str]) -> ParquetPart:
        """The rows that come of each."""
        kinds = self._grown_kinds()
        schema = arrow_schema(kinds)
        with PartWriter(self.rows.folder, file, schema) as writer:
            for table in self.rows.of([part], self.rows.kinds, self.rows.which).tables():
                came: list[Row] = []
                for row in table.to_pylist():
                    if row[ID] not in errors:
                        came += ({**row, **child} for child in children(self.step, row, self._replayed(row)))
                writer.write(pa.Table.from_pylist(came, schema=schema))
        return ParquetPart(file.removesuffix(PART), writer.rows, dict.fromkeys(kinds, file))

    def _groups(self, key: str, errors: Mapping[str, str]) -> list[ParquetPart]:
        """The rows of each group, with more columns, or fewer of them."""
        batch, members = self._members()
        known = [numbers for numbers in members if batch[ID][numbers[0]] not in errors]

        def of(numbers: Sequence[int]) -> Any:
            task = _group(self.step, batch, numbers)
            return self.asker.replay(self.step, task.id, task.start)

        made = told(self.step, batch[ID], known, of)
        stay = made.pop(STAYS)
        out = [
            FAILED if row_id in errors else STAYED if each else PASSED_OVER
            for row_id, each in zip(batch[ID], stay, strict=True)
        ]
        return added(self.rows, key, made, {**self.step.writes, INSTEAD: "string"}, out)

    def _replayed(self, row: Row) -> Any:
        return self.asker.replay(self.step, row[ID], task_of(self.step, row).start)


def _group(step: Step, batch: Batch, numbers: Sequence[int]) -> Task:
    return group_task(step, [{name: values[number] for name, values in batch.items()} for number in numbers])
