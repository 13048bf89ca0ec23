"""The pieces of a source as work that any process does which sees the work folder: each writes the parts of its rows.

A piece that was read is noted in a file of its marks, so that a build that was killed does not read it again. Where
something is wrong with a piece, the source is read as a whole: so its error is the one that stands first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hfsft.cache import PART
from hfsft.engine.adding import SourceRows
from hfsft.engine.on_daft.parquet_parts import ParquetPart
from hfsft.engine.on_daft.part_files import PartFiles
from hfsft.engine.on_daft.row_groups import PartWriter, read
from hfsft.engine.on_daft.row_wise import Stopped
from hfsft.engine.pieces.source_piece import Piecewise
from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import ReadAnewError, RecipeError, SourceError
from hfsft.hashing import digest
from hfsft.rows.features import arrow_schema

if TYPE_CHECKING:
    from hfsft.engine.on_daft.work_folder import WorkFolder
    from hfsft.rows.batch import Batch, Row

FAULTS = (SourceError, RecipeError, ReadAnewError)
ASK_EVERY = 1000  # rows, after which it is looked whether anybody waits for them
PARTS, TOLD, FAULT = "parts", "told", "fault"  # what a task tells

Stops = Callable[[], bool]
Each = Callable[[Sequence[Any]], "list[dict[str, Any]]"]
"""Does tasks, anywhere, and returns what each tells."""


@dataclass(frozen=True)
class PieceTask:
    """Reads one piece."""

    folder: WorkFolder
    key: str
    work: Work
    kinds: Mapping[str, Any]
    marks: Mapping[str, Any]
    again: bool = True  # whether what is there already may be read

    @property
    def file(self) -> str:
        """The name of the file of its marks."""
        return digest([self.key, dict(self.kinds), dict(self.marks)]) + PART

    @property
    def rows(self) -> int | None:
        """Nobody knows before it is read."""
        return None

    def known(self, files: PartFiles) -> dict[str, Any] | None:
        """What it told in a build before; None where it was not read, or a part is gone."""
        if (said := files.finished(self.file)) is None:
            return None
        told: dict[str, Any] = json.loads(said)
        written = {name for part in told[PARTS] for name in ParquetPart.from_dict(part).files}
        if not self.folder.whole(*written):
            return None
        self.folder.used([self.file, *written])
        return told

    def do(self, stops: Stops = lambda: False) -> dict[str, Any]:
        """Read it. Raises `Stopped` where it `stops` before its end."""
        files, schema = PartFiles(self.folder, again=self.again), arrow_schema(self.marks)
        if (told := self.known(files)) is not None:  # who did it died before it could tell
            return told
        try:
            with PartWriter(self.folder, self.file, schema) as writer:
                rows = SourceRows(self.work.made()())
                parts = files.cut(self._plain(rows, writer, schema, stops), self.kinds)
                told = {PARTS: [part.as_dict() for part in parts], TOLD: rows.told}
                writer.note = json.dumps(told)
        except FAULTS as error:
            return {FAULT: str(error)}
        return told

    def _plain(self, rows: Iterable[Row], writer: PartWriter, schema: pa.Schema, stops: Stops) -> Iterator[Row]:
        """The rows without their marks, which are written."""
        waiting: list[Row] = []
        for row in rows:
            waiting.append({name: row.pop(name) for name in self.marks})
            if len(waiting) == ASK_EVERY:
                if stops():
                    raise Stopped
                writer.write(pa.Table.from_pylist(waiting, schema=schema))
                waiting = []
            yield row
        writer.write(pa.Table.from_pylist(waiting, schema=schema))


@dataclass(frozen=True)
class MendTask:
    """Writes a part anew in which some rows are other ones."""

    folder: WorkFolder
    part: ParquetPart
    kinds: Mapping[str, Any]
    numbers: Any  # of these rows in the part
    known: Batch  # what is known of each of them
    work: Work
    again: bool = True  # whether what is there already may be read

    @property
    def rows(self) -> int:
        """How many rows it writes."""
        return self.part.length

    def do(self, stops: Stops = lambda: False) -> dict[str, Any]:
        """Write it."""
        schema = arrow_schema(self.kinds)
        whole = pa.concat_tables(read(self.folder, self.part.of(self.kinds), self.part.length)).cast(schema)
        some = whole.take(pa.array(self.numbers))
        try:
            made = self.work.made()({**some.to_pydict(), **self.known})
        except FAULTS as error:
            return {FAULT: str(error)}
        order = np.arange(len(whole))
        order[self.numbers] = len(whole) + np.arange(len(some))
        for name, values in made.items():
            place = schema.get_field_index(name)
            changed = pa.chunked_array([*whole[name].chunks, pa.array(values, schema.field(name).type)])
            whole = whole.set_column(place, schema.field(name), changed.take(pa.array(order)))
        files = PartFiles(self.folder, again=self.again)
        return {PARTS: [files.put([whole], self.kinds, set()).as_dict()], TOLD: None}


def in_pieces(step: Step, files: PartFiles, each: Each) -> tuple[list[ParquetPart], Any] | None:
    """The parts of a source that is read in pieces, and what it tells; None where it has to be read as a whole.

    Raises `UserError` where its rows cannot be written.
    """
    function = getattr(step.function, "source", step.function)
    if not isinstance(function, Piecewise):
        return None
    try:
        pieces = function.pieces()
        if len(pieces) < 2:
            return None
        kinds, marks = dict(step.writes), dict(function.marks)
        keys = [digest([piece.key, step.version]) for piece in pieces]
        tasks = [
            PieceTask(files.folder, key, piece.work, kinds, marks, files.again)
            for key, piece in zip(keys, pieces, strict=True)
        ]
        found = _told(tasks, files, each)
        told = function.told([one[TOLD] for one in found])
        numbers, known = function.mends([_marks(task, one) for task, one in zip(tasks, found, strict=True)])
        parts = [ParquetPart.from_dict(part) for one in found for part in one[PARTS]]
        return _mended(parts, numbers, known, kinds, function.mending, files, each), told
    except FAULTS:
        return None


def _told(tasks: Sequence[PieceTask], files: PartFiles, each: Each) -> list[dict[str, Any]]:
    """What all pieces tell. Raises `ReadAnewError` where something is wrong with one."""
    found = [task.known(files) for task in tasks]
    missing = [number for number, one in enumerate(found) if one is None]
    for number, one in zip(missing, each([tasks[number] for number in missing]), strict=True):
        found[number] = one
    told = [one for one in found if one is not None and FAULT not in one]
    if len(told) < len(tasks):
        raise ReadAnewError
    return told


def _marks(task: PieceTask, told: Mapping[str, Any]) -> pa.Table:
    length, schema = sum(part["length"] for part in told[PARTS]), arrow_schema(task.marks)
    tables = read(task.folder, {task.file: list(task.marks)}, length)
    return pa.concat_tables([schema.empty_table(), *(table.cast(schema) for table in tables)])


def _mended(
    parts: list[ParquetPart],
    numbers: Any,
    known: Batch,
    kinds: Mapping[str, Any],
    work: Work,
    files: PartFiles,
    each: Each,
) -> list[ParquetPart]:
    """The parts with the rows of these numbers as they are among all others."""
    starts = np.cumsum([0, *(part.length for part in parts)])
    owners = np.searchsorted(starts, numbers, side="right") - 1
    tasks = {
        int(owner): MendTask(
            files.folder,
            parts[owner],
            kinds,
            numbers[mine] - starts[owner],
            {name: [values[place] for place in mine.tolist()] for name, values in known.items()},
            work,
            files.again,
        )
        for owner in np.unique(owners)
        for mine in [np.flatnonzero(owners == owner)]
    }
    found = list(parts)
    for owner, one in zip(tasks, each(list(tasks.values())) if tasks else [], strict=True):
        if FAULT in one:
            raise ReadAnewError(one[FAULT])
        (found[owner],) = map(ParquetPart.from_dict, one[PARTS])
    return found
