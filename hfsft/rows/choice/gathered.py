"""A table whose rows are parts of conversations, or several of them, as one that has a row for each conversation."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from hfsft.errors import ReadAnewError
from hfsft.rows.places.file_pieces import FilePiece
from hfsft.rows.reading.resuming import TableProgress
from hfsft.rows.shapes import SHAPES
from hfsft.rows.shapes.shape import Record, Shape
from hfsft.rows.tables.table import Table


@dataclass(frozen=True)
class TableView:
    """Other rows than a table's; all else is as in the table."""

    table: Table | TableView

    @property
    def path(self) -> str:
        """The path of the table."""
        return self.table.path

    @property
    def local(self) -> Path | None:
        """The file or folder, None where the path names a dataset on the Hub."""
        return self.table.local

    @property
    def progress(self) -> TableProgress:
        """How far its files were read."""
        return self.table.progress

    def settled(self, file: str) -> None:
        """Rows of a file that are known need not come any more."""
        self.table.settled(file)

    @property
    def piece(self) -> FilePiece | None:
        """The piece of a file that alone is read, where it is one."""
        return self.table.piece

    def having(self, names: Collection[str]) -> list[str]:
        """Those of the names that a column of the table has, wherever it first stands."""
        return self.table.having(names)


@dataclass(frozen=True)
class Gathered(TableView):
    """The conversations of a table; any other table as it is. Read like a table."""

    table: Table
    format: str  # as the recipe names it; `auto`: the first row that can be used tells

    def records(self, limit: int | None = None, *, stream: bool = False) -> Iterator[Record]:
        """Each conversation, with `limit` so many at most; see `Table.records`.

        Raises `ReadAnewError` where conversations are spread over rows some of which were read before.
        """
        if not any(shape.gather for shape in self._shapes()):
            return self.table.records(limit, stream=stream)
        return islice(self._gathered(limit, stream), limit)

    def gathers(self) -> bool:
        """Whether conversations may be spread over rows, as the first of them tell."""
        shapes = [shape for shape in self._shapes() if shape.gather]
        return bool(shapes) and any(self._is(shape, self._first(self.table.records())) for shape in shapes)

    def _shapes(self) -> list[Shape]:
        return [shape for shape in SHAPES.values() if self.format in ("auto", shape.name)]

    def _gathered(self, limit: int | None, stream: bool) -> Iterator[Record]:
        first = self._first(looked := self.table.records(limit, stream=stream))
        gather = next((shape.gather for shape in self._shapes() if shape.gather and self._is(shape, first)), None)
        if gather is None:
            yield from chain(first, looked)
            return
        if self.progress.before:
            raise ReadAnewError  # a row is made of several lines, some of which were read before
        # How many rows of the table make `limit` conversations, nobody knows before they are read.
        whole = chain(first, looked) if limit is None else self.table.records(None, stream=True)
        yield from gather(whole)
        self.progress.marks.clear()  # what is added to a file may belong to conversations that are in it

    @staticmethod
    def _first(looked: Iterator[Record]) -> list[Record]:
        """The rows up to the first that can be used."""
        first: list[Record] = []
        for one in looked:
            first.append(one)
            if one.defect is None:
                break
        return first

    def _is(self, shape: Shape, first: list[Record]) -> bool:
        if self.format == shape.name:
            return True
        return any(shape.tells is not None and shape.tells(one.row) for one in first if one.defect is None)
