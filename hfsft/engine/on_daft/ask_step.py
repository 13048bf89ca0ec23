"""Steps that ask models, of which the answers come into the store, and from there into a file of each part.

Where rows failed, nothing is noted of what the step came to: the next build asks for them again. What the answers took
is noted all the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.cache import PART, SPENT
from hfsft.engine.cluster.piece_notes import PieceNotes
from hfsft.engine.executor import Done
from hfsft.engine.lookahead import Route, task_of
from hfsft.engine.on_daft.beside import FAILED, PASSED_OVER, added, parted, spanned, widened
from hfsft.engine.on_daft.parquet_parts import FELL, STAYED, ParquetPart, PartRows, Which
from hfsft.engine.on_daft.part_files import PartFiles
from hfsft.engine.on_daft.row_groups import PartWriter, read
from hfsft.engine.outcome import ID, PARENT, children, group_task, groups
from hfsft.engine.parts.files import Files
from hfsft.engine.parts.grouped import INSTEAD, KINDS, STAYS, told
from hfsft.engine.plan import Asked, Asker, Task
from hfsft.engine.step import Step
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row
from hfsft.rows.features import arrow_schema, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hfsft.engine.cluster.askers import Askers


@dataclass(frozen=True)
class AskingParts:
    """A step that asks, over these rows: from this process, or, where there are any, by askers of a cluster."""

    step: Step
    rows: PartRows
    asker: Asker
    route: Route | None
    files: PartFiles
    notes: Files
    askers: Askers | None = None

    def done(self) -> Done[PartRows]:
        """What becomes of the rows."""
        key = digest([self.rows.key, self.step.fingerprint("")])
        came, note = self.files.came(key), self.notes.note(key + SPENT)
        if came is not None and note is not None:
            return replace(self._done(came.parts, {}, cached=True), spent=note["spent"])
        asked, errors, parts = self._groups(key) if self.step.sees == "group" else self._each_row(key)
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
            parts_of_failed = added(rows, key, nothing, step.writes, out, again=self.files.again)
            failed = rows.of(parts_of_failed, kinds, Which(FAILED, out=True))
        grown = rows.of(parts, grown_kinds(step, rows.kinds)).without(step.drops)
        return Done(grown, cached, failed=failed, errors=errors)

    def _each_row(self, key: str) -> tuple[Asked, Mapping[str, str], list[ParquetPart]]:
        """What asking for each row came to, why rows failed, by id, and the parts behind the step."""
        rows = self.rows
        alone = [rows.of([part], rows.kinds, rows.which) for part in rows.parts]
        askers = self._askers()
        again = self.files.again and askers is None
        whole = [
            PartPiece(self.step, part, (0, part.parts[0].length), (key, number), again)
            for number, part in enumerate(alone)
        ]
        if askers is not None:
            asked, parts = askers.rows(self.asker, self.step, whole, PieceNotes(self.notes))
            self._keep(key, asked)
            return asked, asked.failures, parts
        tasks = (task for piece in whole for task in piece.tasks(self.route))
        asked = self._ask(tasks, len(rows), key)
        return asked, asked.failures, [piece.written(asked.failures, self._replayed) for piece in whole]

    def _groups(self, key: str) -> tuple[Asked, Mapping[str, str], list[ParquetPart]]:
        """The same for each group; with one all its rows fail."""
        askers = self._askers()
        names = self.step.given(self.rows.kinds, ID) if askers is None else (ID, self.step.group_by)
        batch: Batch = {name: self.rows[name] for name in names}
        members = groups(batch[ID], batch[self.step.group_by])
        if askers is None:
            asked = self._ask((_group(self.step, batch, numbers) for numbers in members), len(members), key)
        else:
            piece = GroupPiece(self.step, self.rows, tuple(map(tuple, members)))
            asked, made = askers.groups(self.asker, piece, PieceNotes(self.notes))
            self._keep(key, asked)
        first = [batch[ID][numbers[0]] for numbers in members]
        errors = {
            batch[ID][number]: asked.failures[name]
            for numbers, name in zip(members, first, strict=True)
            if name in asked.failures
            for number in numbers
        }
        if askers is None:
            known = [numbers for numbers in members if batch[ID][numbers[0]] not in errors]
            made = told(self.step, batch[ID], known, lambda numbers: self._replayed_group(batch, numbers))
        out = [
            FAILED if row_id in errors else STAYED if each else PASSED_OVER
            for row_id, each in zip(batch[ID], made.pop(STAYS), strict=True)
        ]
        named = digest([key, sorted(errors)]) if errors else key
        again = self.files.again and askers is None
        return asked, errors, added(self.rows, named, made, {**self.step.writes, INSTEAD: "string"}, out, again=again)

    def _askers(self) -> Askers | None:
        """Those of a cluster, where they can ask the models of the step."""
        return self.askers if self.askers is not None and self.askers.can(self.step, self.asker) else None

    def _ask(self, tasks: Iterable[Task], total: int, key: str) -> Asked:
        asked = self.asker.ask(self.step, tasks, total)
        if asked.pending:
            raise InternalError(f"step {self.step.name} was asked for answers that are not known")
        self._keep(key, asked)
        return asked

    def _keep(self, key: str, asked: Asked) -> None:
        self.notes.keep(key + SPENT, {"spent": asked.spent})

    def _replayed(self, row: Row) -> Any:
        return self.asker.replay(self.step, row[ID], task_of(self.step, row).start)

    def _replayed_group(self, batch: Batch, numbers: Sequence[int]) -> Any:
        task = _group(self.step, batch, numbers)
        return self.asker.replay(self.step, task.id, task.start)


@dataclass(frozen=True)
class PartPiece:
    """Rows of one part that are asked, and written to a file, together: those with numbers in `span`.

    `name` is all that the file hangs on besides which of the rows fail. `again` says whether the file may be read
    where it is there; never one of askers, who may be told of other answers later: they note what is finished.
    """

    step: Step
    rows: PartRows
    span: tuple[int, int]
    name: tuple[Any, ...]
    again: bool = False

    @property
    def part(self) -> ParquetPart:
        """The part."""
        return self.rows.parts[0]

    @property
    def key(self) -> str:
        """A hash of all that its rows hang on."""
        return digest(list(self.name))

    def noted(self, written: ParquetPart) -> dict[str, Any]:
        """The part behind the step, as JSON."""
        return written.as_dict()

    def known(self, noted: Mapping[str, Any]) -> ParquetPart | None:
        """The part behind the step, of that JSON; None where a file of it is gone."""
        part = ParquetPart.from_dict(noted)
        return part if self.rows.folder.whole(*part.files) else None

    def cut(self, count: int) -> list[PartPiece]:
        """The same rows as so many pieces, none of them empty."""
        start, stop = self.span
        edges = sorted({start + (stop - start) * number // count for number in range(count + 1)})
        return [replace(self, span=edge, name=(*self.name, *edge)) for edge in pairwise(edges)]

    def tasks(self, route: Route | None = None) -> Iterator[Task]:
        """What is asked for each row."""
        columns = {*self.step.given(self.rows.kinds, ID), *(route.columns if route else ())}
        for table in self._tables([name for name in self.rows.kinds if name in columns]):
            for row in table.to_pylist():
                yield task_of(self.step, row, route)

    def written(self, errors: Mapping[str, str], made: Callable[[Row], Any]) -> ParquetPart:
        """The part behind the step, by a file of these rows; `made` tells what the step made of one."""
        mine = sorted(errors.keys() & set(self._ids())) if errors else []
        file = digest([*self.name, mine] if mine else list(self.name)) + PART
        return (self._grown if self.step.rows == "many" else self._wider)(file, errors, made)

    def joined(self, pieces: Sequence[ParquetPart]) -> ParquetPart:
        """The part behind the step, whose rows were written in pieces of this one, by one file of all of them."""
        kinds = grown_kinds(self.step, self.rows.kinds) if self.step.rows == "many" else self.step.writes
        files = [piece.columns[next(iter(kinds))] for piece in pieces]
        file = digest([*self.name, files]) + PART
        schema = arrow_schema(kinds if self.step.rows == "many" else {**kinds, FELL: "int16"})
        taken: Counter[int] = Counter()
        for piece in pieces:
            taken.update(dict(piece.taken))
        with PartWriter(self.rows.folder, file, schema) as writer:
            for each in files:
                with self.rows.folder.parquet(each) as source:
                    for number in range(source.num_row_groups):
                        writer.write(source.read_row_group(number, use_threads=False).cast(schema))
            writer.note = json.dumps({"rows": writer.rows, "taken": sorted(taken.items())})
        if self.step.rows == "many":
            return ParquetPart(file.removesuffix(PART), writer.rows, dict.fromkeys(kinds, file))
        return self.part.having(file, kinds, taken)

    def _tables(self, names: Sequence[str]) -> Iterator[pa.Table]:
        schema = arrow_schema({name: self.rows.kinds[name] for name in names})
        for table in spanned(read(self.rows.folder, self.part.of(names), self.part.length), self.span):
            yield table.take(pa.array(self.rows.which.numbers(table))).select(names).cast(schema)

    def _ids(self) -> Iterator[str]:
        for table in self._tables([ID]):
            yield from table[ID].to_pylist()

    def _wider(self, file: str, errors: Mapping[str, str], made: Callable[[Row], Any]) -> ParquetPart:
        """Each row, with more columns."""
        step, rows = self.step, self.rows
        nothing = dict.fromkeys(step.writes)

        def make(table: pa.Table) -> tuple[Batch, Sequence[int]]:
            found = [nothing if row[ID] in errors else made(row) for row in table.to_pylist()]
            out = [FAILED if row_id in errors else STAYED for row_id in table[ID].to_pylist()]
            return {name: [row[name] for row in found] for name in step.writes}, out

        given = step.given(rows.kinds, ID)
        return widened(rows, self.part, file, step.writes, given, make, self.span, again=self.again)

    def _grown(self, file: str, errors: Mapping[str, str], made: Callable[[Row], Any]) -> ParquetPart:
        """The rows that come of each."""
        kinds = grown_kinds(self.step, self.rows.kinds)
        if self.again and (said := self.rows.folder.noted(file)):
            return ParquetPart(file.removesuffix(PART), json.loads(said)["rows"], dict.fromkeys(kinds, file))
        schema = arrow_schema(kinds)
        with PartWriter(self.rows.folder, file, schema) as writer:
            for table in self._tables(list(self.rows.kinds)):
                came: list[Row] = []
                for row in table.to_pylist():
                    if row[ID] not in errors:
                        came += ({**row, **child} for child in children(self.step, row, made(row)))
                writer.write(pa.Table.from_pylist(came, schema=schema))
            writer.note = json.dumps({"rows": writer.rows, "taken": []})
        return ParquetPart(file.removesuffix(PART), writer.rows, dict.fromkeys(kinds, file))


@dataclass(frozen=True)
class GroupPiece:
    """Groups of rows that are asked together, by the numbers of their rows."""

    step: Step
    rows: PartRows
    members: tuple[tuple[int, ...], ...]

    def cut(self, count: int) -> list[GroupPiece]:
        """The same groups as so many pieces, none of them empty."""
        size = -(-len(self.members) // count)
        return [
            replace(self, members=self.members[start : start + size]) for start in range(0, len(self.members), size)
        ]

    @cached_property
    def key(self) -> str:
        """A hash of all that the groups hang on."""
        return digest([self.rows.key, self.step.fingerprint(""), self.members])

    def noted(self, written: str) -> str:
        """The file that was written, as JSON."""
        return written

    def known(self, noted: str) -> str | None:
        """The same; None where it is gone."""
        return noted if self.rows.folder.whole(noted) else None

    @cached_property
    def _batch(self) -> Batch:
        names = self.step.given(self.rows.kinds, ID)
        table = self.rows.taken(names, np.array([number for numbers in self.members for number in numbers]))
        return {name: values_of(table[name]) for name in names}

    @property
    def _places(self) -> list[range]:
        """Where the rows of each group stand among those that are read."""
        edges = [0, *accumulate(map(len, self.members))]
        return [range(start, stop) for start, stop in pairwise(edges)]

    def tasks(self) -> Iterator[Task]:
        """What is asked for each group."""
        return (_group(self.step, self._batch, places) for places in self._places)

    def written(self, errors: Mapping[str, str], made: Callable[[Row], Any]) -> str:
        """The file of what the step says of each row, in the order of the groups; `made` tells it of a group, which is
        known by its first row.
        """
        ids = self._batch[ID]
        known = [places for places in self._places if ids[places[0]] not in errors]
        found = told(self.step, ids, known, lambda places: made({ID: ids[places[0]]}))
        schema = arrow_schema({**self.step.writes, **KINDS})
        file = digest([self.rows.key, self.step.fingerprint(""), self.members, sorted(errors)]) + PART
        with PartWriter(self.rows.folder, file, schema) as writer:
            writer.write(pa.table({name: pa.array(found[name], schema.field(name).type) for name in schema.names}))
        return file

    def told(self, file: str) -> Iterator[tuple[int, Row]]:
        """What was written, by the numbers of the rows."""
        numbers = (number for numbers in self.members for number in numbers)
        with self.rows.folder.parquet(file) as source:
            for number in range(source.num_row_groups):
                table = source.read_row_group(number, use_threads=False)
                yield from zip(numbers, table.cast(arrow_schema({**self.step.writes, **KINDS})).to_pylist())  # noqa: B905


def grown_kinds(step: Step, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The columns behind a step that makes several rows of one."""
    return {**kinds, PARENT: "string", **step.writes}


def _group(step: Step, batch: Batch, numbers: Sequence[int]) -> Task:
    return group_task(step, [{name: values[number] for name, values in batch.items()} for number in numbers])
