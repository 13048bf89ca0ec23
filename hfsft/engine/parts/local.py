"""The executor of one machine: rows in parts that never change, columns in files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hfsft.cache import at_work
from hfsft.engine.executor import Done
from hfsft.engine.outcome import ID
from hfsft.engine.parts import grown, made
from hfsft.engine.parts.asked import Asking
from hfsft.engine.parts.files import Files
from hfsft.engine.parts.grouped import KINDS, STAYS, Grouped, parted
from hfsft.engine.parts.grown import ANOTHER, ITSELF
from hfsft.engine.parts.rows import Rows, sorted_places
from hfsft.engine.parts.source_rows import source_rows
from hfsft.engine.processes.workers import Workers
from hfsft.engine.step import BATCH, Step
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import PENDING

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from hfsft.engine.executor import DataTask
    from hfsft.engine.lookahead import Route
    from hfsft.engine.plan import Asker

MOST_AHEAD = 10_000  # rows: of more, what may be for nothing takes more than a moment


class Local:
    """Works in this process, and over many rows in others beside it. What steps made is kept in `cache`; where there is
    a `scratch`, what a forecast made of answers or of rows that are not known yet goes there. Others see that a build
    is at work in the folder.
    """

    shared = None

    def __init__(self, cache: Path, scratch: Path | None = None) -> None:
        self._cache, self._scratch, self._until = cache, scratch, ExitStack()

    def __enter__(self) -> Local:
        self._until.enter_context(at_work(self._cache))
        self._workers = Workers()
        self._until.callback(self._workers.end)
        self._files = Files(self._cache)
        self._drafts = Files(self._scratch) if self._scratch else self._files
        return self

    def __exit__(self, *raised: object) -> None:
        self._until.close()

    def source(self, step: Step, before: Rows | None) -> Done[Rows]:
        """The rows of a source, after those of earlier sources."""
        rows, told, cached = source_rows(step, step.fingerprint(""), self._files)
        if before is None:
            return Done(rows, cached, told=told)
        if rows.kinds != before.kinds:
            raise InternalError(f"step {step.name} brings other columns than the sources before it")
        return Done(before.and_of(rows), cached, told=told)

    def lane(self, rows: Rows, steps: Sequence[Step], beside: Rows | None) -> Iterator[Done[Rows]]:
        """What steps make of each row, one step after the other: so each is cached for itself."""
        for step in steps:
            done = self._lane(rows, step, beside)
            rows = done.rows
            yield done

    def ahead(self, rows: Rows, step: Step) -> Done[Rows] | None:
        """What a step makes of each of not too many rows, before its turn."""
        return next(self.lane(rows, [step], None)) if len(rows) <= MOST_AHEAD else None

    def _lane(self, rows: Rows, step: Step, beside: Rows | None) -> Done[Rows]:
        if step.bound is not None:
            return self._compared(rows, step)
        files, more, mark = self._at(rows), _batch(beside), _mark(beside)
        if step.rows == "many":
            held = grown.held(rows, step, rows.kinds, files, mark)
            stored = rows.kinds

            def come(row: Row) -> Iterator[tuple[int, Row]]:
                same = False
                for came in rows_of(step.function({name: [value] for name, value in row.items()}, *more)):
                    itself, same = came == row and not same, same or came == row
                    yield (ITSELF, {}) if itself else (ANOTHER, came)

            return Done(*grown.multiplied(rows, held, come, rows.kinds, stored, (), files))
        columns = step.given(rows.column_names)
        held_columns = made.held(rows, step, columns, files, mark)

        def elsewhere(
            count: int, schema: pa.Schema, tables: Iterator[pa.Table], here: Callable[[pa.Table], pa.Table]
        ) -> Iterator[pa.Table] | None:
            return self._workers.made(step, schema, tables, here) if self._workers.serve(step, count) else None

        widened, cached = made.by_row(
            rows,
            held_columns,
            lambda batch: step.function(batch, *more),
            columns,
            step.writes,
            files,
            elsewhere=None if more else elsewhere,
        )
        return Done(widened.without(step.drops), cached)

    def _compared(self, rows: Rows, step: Step) -> Done[Rows]:
        """What a bound keeps, and what it does not; of a forecast, rows that are not known yet stay."""
        bound, files = step.bound, self._at(rows)
        assert bound is not None
        columns = [bound.column, PENDING] if PENDING in rows.kinds else [bound.column]

        def stays(batch: Batch) -> Batch:
            unknown = batch.get(PENDING) or [False] * len(batch[bound.column])
            return {STAYS: [a or bound.keeps(value) for value, a in zip(batch[bound.column], unknown, strict=True)]}

        held = made.held(rows, step, columns, files)
        compared, cached = made.by_row(rows, held, stays, columns, {STAYS: "bool"}, files, batch=100 * BATCH)
        kept = compared.table([STAYS])[STAYS].to_numpy()
        rejected = rows.select(np.flatnonzero(~kept))
        return Done(rows.select(np.flatnonzero(kept)) if len(rejected) else rows, cached, rejected)

    def all(self, rows: Rows, step: Step, beside: Rows | None) -> Done[Rows]:
        """What a step makes of all rows at once."""
        if step.makes:
            return self._table(rows, step, beside)
        files, more = self._at(rows), _batch(beside)
        columns, writes = step.given(rows.column_names), step.writes
        function = (lambda batch: step.function(batch, *more)) if more else step.function
        wider, cached = made.of_all(rows, step, function, columns, writes, files, files, mark=_mark(beside))
        return Done(wider.without(step.drops), cached)

    def _table(self, rows: Rows, step: Step, beside: Rows | None) -> Done[Rows]:
        """The rows of a side table: those that it had in a build before stay where they lie."""
        columns, pending = step.given(rows.column_names), PENDING in rows.kinds

        def new() -> Iterator[Row]:
            for row in rows_of(step.function({name: rows[name] for name in columns}, *_batch(beside))):
                yield {**row, PENDING: True} if pending else row

        writes = {**step.writes, **({PENDING: "bool"} if pending else {})}
        lineage = made.key_of_all(rows, step, columns, _mark(beside))
        found, _, cached = source_rows(replace(step, writes=writes).doing(new), lineage, self._at(rows))
        return Done(found, cached)

    def group(self, rows: Rows, step: Step, beside: Rows | None) -> Done[Rows]:
        """What a step makes of the rows of each group."""
        files, columns = self._at(rows), step.given(rows.column_names, ID)
        function = Grouped(step, *_batch(beside))
        told, cached = made.of_all(
            rows, step, function, columns, {**step.writes, **KINDS}, files, files, mark=_mark(beside)
        )
        done = parted(told, cached)
        return replace(done, rows=done.rows.without(step.drops))

    def ask(self, rows: Rows, step: Step, asker: Asker, route: Route | None) -> Done[Rows]:
        """What a step makes of the answers of models."""
        done = Asking(step, rows, asker, route, self._at(rows), self._drafts).done()
        return replace(done, rows=done.rows.without(step.drops))

    def dataset(self, rows: Rows) -> Dataset:
        """The rows as a dataset in memory."""
        return rows.dataset()

    def in_order(self, rows: Rows, by: Sequence[str]) -> Rows:
        """The rows in the order of columns of text: where they lie is sorted, and nothing is copied."""
        return rows.select(sorted_places([rows.table(by)], by).to_numpy())

    def each(self, tasks: Sequence[DataTask]) -> list[Any]:
        """What tasks come to, done one after the other."""
        return [task.do() for task in tasks]

    def _at(self, rows: Rows) -> Files:
        """Where what is made of these rows is kept."""
        return self._drafts if PENDING in rows.kinds else self._files


def _batch(beside: Rows | None) -> tuple[Batch, ...]:
    return () if beside is None else ({name: beside[name] for name in beside.column_names},)


def _mark(beside: Rows | None) -> str:
    """A hash of all that a side table says."""
    return "" if beside is None else digest([beside.key, [part.lineage(beside.kinds) for part in beside.parts]])
