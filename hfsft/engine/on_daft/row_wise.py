"""What steps make of each row of a part, in one pass over its row groups; a file of the part comes of it.

A row that a step takes out is passed by from then on: its later columns are empty, and the file says which step it was.
What a pass does is data, so that any process does it that sees the files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.cache import PART
from hfsft.engine.on_daft.beside import spread
from hfsft.engine.on_daft.parquet_parts import BEFORE, FELL, STAYED, ParquetPart, Which
from hfsft.engine.on_daft.row_groups import PartWriter, read
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.step import BATCH
from hfsft.errors import InternalError
from hfsft.hashing import digest
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.features import arrow_schema, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hfsft.engine.on_daft.part_files import PartFiles
    from hfsft.engine.step import Step


class Stopped(Exception):  # noqa: N818, nothing is wrong
    """Nobody waits for the work any more."""


@dataclass(frozen=True)
class Pass:
    """Steps over the rows of one part that are in, each given what those before it wrote.

    `beside` is the batch that each of them gets beside its own, `mark` a hash of it.
    """

    folder: WorkFolder
    part: ParquetPart
    which: Which
    kinds: Mapping[str, Any]
    steps: tuple[Step, ...]
    beside: tuple[Batch, ...] = ()
    mark: str = ""

    @property
    def file(self) -> str:
        """The name of the file that comes of it."""
        given = list(self.kinds) if self.grows else []
        told = [self.part.key, self.which.place, given, [step.fingerprint(self.mark) for step in self.steps]]
        return digest(told) + PART

    @property
    def grows(self) -> bool:
        """Whether other rows come of the part's, in a part of their own."""
        return self.steps[0].rows == "many"

    @property
    def writes(self) -> dict[str, Any]:
        """The columns that the file gets, with their types."""
        if self.grows:
            return dict(self.kinds)
        return {name: kind for step in self.steps for name, kind in step.writes.items()}

    def known(self, files: PartFiles) -> ParquetPart | None:
        """The part that a former build made; None where it made none."""
        said = files.finished(self.file)
        return None if said is None else self.of_note(said)

    def do(self, stops: Callable[[], bool] = lambda: False) -> ParquetPart:
        """Make the file. Raises what a step raises, and `Stopped` where it `stops` before the end."""
        wanted = {name for step in self.steps for name in step.given({**self.kinds, **self.writes}, "id")}
        wanted |= {step.bound.column for step in self.steps if step.bound}
        wanted |= self.writes.keys()  # rows that fall before a column is written anew keep what they had there
        chosen = list(self.kinds) if self.grows else [name for name in self.kinds if name in wanted]
        schema = arrow_schema(self.writes if self.grows else {**self.writes, FELL: "int16"})
        taken: Counter[int] = Counter()
        with PartWriter(self.folder, self.file, schema) as writer:
            for table in read(self.folder, self.part.of(chosen), self.part.length):
                for start in range(0, table.num_rows, BATCH):
                    if stops():
                        raise Stopped
                    some = table.slice(start, BATCH)
                    if self.grows:
                        writer.write(self._grown(some, schema))
                    else:
                        writer.write(self._widened(some, schema, taken))
            writer.note = json.dumps({"rows": writer.rows, "taken": sorted(taken.items())})
        return self.of_note(writer.note)

    def of_note(self, said: str) -> ParquetPart:
        """The part that comes of it, from what is noted in the file."""
        note = json.loads(said)
        if self.grows:
            return ParquetPart(self.file.removesuffix(PART), note["rows"], dict.fromkeys(self.writes, self.file))
        return self.part.having(self.file, self.writes, dict(note["taken"]))

    def _cast(self, table: pa.Table) -> pa.Table:
        return table.cast(arrow_schema({name: self.kinds[name] for name in table.column_names}))

    def _widened(self, table: pa.Table, schema: pa.Schema, taken: Counter[int]) -> pa.Table:
        """The columns of these rows of the part, those that are out among them."""
        numbers = self.which.numbers(table)
        fell = np.full(table.num_rows, BEFORE, np.int16)
        fell[numbers] = STAYED
        given = _Given(self._cast(table.drop_columns([FELL]) if FELL in table.column_names else table), numbers)
        for place, step in enumerate(self.steps):
            if not len(given.numbers):
                break
            if step.bound is not None:
                given.keep(list(map(step.bound.keeps, given[step.bound.column])), fell, place)
            else:
                made = step.function({name: given[name] for name in step.given(given)}, *self.beside)
                for name in step.writes:
                    given.write(name, pa.array(made[name], schema.field(name).type))
        places, counts = np.unique(fell[fell != STAYED], return_counts=True)
        taken.update(dict(zip(places.tolist(), counts.tolist(), strict=True)))
        written = [given.made(name, schema.field(name).type) for name in schema.names if name != FELL]
        return pa.table([*written, pa.array(fell)], schema=schema)

    def _grown(self, table: pa.Table, schema: pa.Schema) -> pa.Table:
        """The rows that come of those that are in."""
        numbers, (step,) = self.which.numbers(table), self.steps
        found: list[Row] = []
        for row in self._cast(table.select(list(self.kinds)).take(pa.array(numbers))).to_pylist():
            found += rows_of(step.function({name: [value] for name, value in row.items()}, *self.beside))
        return pa.Table.from_pylist(found, schema=schema)


class _Given:
    """Some rows of a part as steps are given them: of each column the values of the rows that are in."""

    def __init__(self, table: pa.Table, numbers: NDArray[np.int64]) -> None:
        self._table, self.numbers = table, numbers
        self._values: Batch = {}
        self._made: dict[str, tuple[NDArray[np.int64], pa.Array]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._made or name in self._table.column_names

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._table.column_names, *self._made))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._values:
            self._values[name] = values_of(self._table[name].take(pa.array(self.numbers)))
        return self._values[name]

    def keep(self, stays: Sequence[bool], fell: NDArray[np.int16], place: int) -> None:
        """Take the others out."""
        if all(stays):
            return
        chosen = np.array(stays)
        fell[self.numbers[~chosen]] = place
        self.numbers = self.numbers[chosen]
        self._values = {name: list(compress(values, stays)) for name, values in self._values.items()}

    def write(self, name: str, made: pa.Array) -> None:
        """A column of the rows that are in."""
        if len(made) != len(self.numbers):
            raise InternalError(f"{len(self.numbers)} rows were given to a step, and it made values for {len(made)}")
        self._made[name] = self.numbers, made
        self._values[name] = values_of(made)

    def made(self, name: str, kind: pa.DataType) -> pa.Array:
        """A column that was written, with a value for each row of the table: of one that is out what it had before."""
        count = self._table.num_rows
        numbers, values = self._made.get(name, (np.zeros(0, np.int64), pa.nulls(0, kind)))
        if name not in self._table.column_names or self._table.schema.field(name).type != kind:
            return spread(values, numbers, count)
        at = np.arange(count)
        at[numbers] = count + np.arange(len(numbers))
        return pa.concat_arrays([self._table[name].combine_chunks(), values]).take(pa.array(at))


def passes(steps: Sequence[Step], apart: Callable[[Step], bool]) -> Iterator[tuple[Step, ...]]:
    """Steps that follow on one another, by pass: a column is written once in each, and steps that make other rows, or
    that are `apart`, share one with none that is not.
    """
    found: list[Step] = []
    for step in steps:
        written = {name for each in found for name in each.writes}
        last = next((each for each in reversed(found) if each.bound is None), step)
        joins = step.bound is not None or (apart(step) == apart(last) and written.isdisjoint(step.writes))
        if found and (not joins or "many" in (step.rows, found[-1].rows)):
            yield tuple(found)
            found = []
        found.append(step)
    if found:
        yield tuple(found)


@dataclass(frozen=True)
class PassTask:
    """A pass as a task of any process, which comes to its part as JSON. Where it may be read back (`again`), so is what
    a process made of it that died then.
    """

    each: Pass
    again: bool

    @property
    def rows(self) -> int:
        """How many rows it is over."""
        return self.each.part.length

    def do(self, stops: Callable[[], bool] = lambda: False) -> Any:
        """Make the file, see `Pass.do`."""
        said = self.each.folder.noted(self.each.file) if self.again else None
        return (self.each.do(stops) if said is None else self.each.of_note(said)).as_dict()
