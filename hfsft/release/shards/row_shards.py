"""Shards: the Parquet files that rows of a release are written to, each by whichever process is free.

What is written of rows is data, so that a process that sees the rows makes the same bytes of them as any other: the cut
into files and row groups hangs on the rows alone, never on how many processes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hfsft.recipe.publish import FormatName
from hfsft.release.folder.parquet import ShardCut, write_file
from hfsft.release.trainer.dataset_writer import DatasetWriter
from hfsft.release.trainer.message_style import MessageStyle
from hfsft.release.trainer.tokenizer import ChatTokenizer, load_tokenizer
from hfsft.rows.columns import CONTENT, TEXTS
from hfsft.rows.views import content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from hfsft.engine.executor import Rows

BLOCK = 1 << 13  # rows that are written at once


class Making(Protocol):
    """What is written of rows."""

    def of(self, rows: pa.Table) -> pa.Table:
        """The table of these rows."""
        ...

    def reads(self, names: Iterable[str]) -> list[str]:
        """Those of the columns that it reads."""
        ...


@dataclass(frozen=True)
class ForTrainers:
    """What a trainer reads of rows; the tokenizer of a writer that needs none is left out."""

    format: FormatName
    style: MessageStyle
    columns: Mapping[str, Any]
    tokenizer: str | None
    base: Path | None

    @classmethod
    def by(cls, writer: DatasetWriter, base: Path | None) -> ForTrainers:
        """What a writer writes."""
        name = writer.tokenizer.name if writer.tokenizer and writer.format == "text" else None
        return cls(writer.format, writer.style, writer.columns, name, base)

    def of(self, rows: pa.Table) -> pa.Table:
        """The table of these rows."""
        known = _tokenizer(self.tokenizer, self.base) if self.tokenizer else None
        return DatasetWriter(self.format, self.style, known, self.columns).table(rows)

    def reads(self, names: Iterable[str]) -> list[str]:
        """Those of the columns that it reads."""
        return [name for name in names if name in (*TEXTS, "dialect")]


@lru_cache(maxsize=2)
def _tokenizer(name: str, base: Path | None) -> ChatTokenizer:
    return load_tokenizer(name, base=base)


@dataclass(frozen=True)
class Beside:
    """All else of kept rows: lineage, measures, scores, reasons, and a hash of what they say."""

    without: frozenset[str]

    def of(self, rows: pa.Table) -> pa.Table:
        """The table of these rows."""
        return with_content(rows.drop_columns([name for name in rows.column_names if name in self.without]))

    def reads(self, names: Iterable[str]) -> list[str]:
        """Those of the columns that it reads."""
        return list(names)


def with_content(rows: pa.Table) -> pa.Table:
    """The rows with a hash of what they say behind their ids; it is made where they have none."""
    import pyarrow as pa

    if CONTENT not in rows.column_names:
        texts = rows.select([name for name in TEXTS if name in rows.column_names])
        rows = rows.append_column(CONTENT, pa.array(map(content, texts.to_pylist()), pa.string()))
    return rows.select(behind_id(name for name in rows.column_names if name != CONTENT))


def behind_id(names: Iterable[str]) -> list[str]:
    """The columns with the hash of what rows say behind their ids."""
    return [each for name in names for each in ((name, CONTENT) if name == "id" else (name,))]


@dataclass(frozen=True)
class RowShard:
    """One file of a release, and the rows that it is made of. What is made of the first of them may be there."""

    some: Rows
    making: Making
    path: Path
    cut: ShardCut
    first: pa.Table | None = field(default=None, compare=False)

    @property
    def rows(self) -> int:
        """How many rows it is over."""
        return len(self.some)

    def do(self, stops: Callable[[], bool] = lambda: False) -> Any:
        """Write the file; how many bytes it has."""
        self.write(self.path)
        return self.path.stat().st_size

    def write(self, to: Any) -> None:
        """Write it to another path, or to an open file."""
        write_file(self._tables(), self.rows, to, self.cut)

    def _tables(self) -> Iterator[pa.Table]:
        start = 0 if self.first is None else len(self.first)
        rest = self.some.slice(start, self.rows) if start < self.rows else None
        made = () if rest is None else map(self.making.of, rest.batches(self.making.reads(rest.column_names), BLOCK))
        return chain(() if self.first is None else [self.first], made)


def shards(rows: Rows, making: Making, folder: Path, split: str) -> Iterator[RowShard]:
    """The files of some rows, of which there is at least one, as many as their size asks for."""
    folder.mkdir(exist_ok=True)
    first = making.of(next(iter(rows.slice(0, BLOCK).batches(making.reads(rows.column_names), BLOCK))))
    cut = ShardCut.of(first.schema, first.nbytes, len(first), len(rows))
    start = 0
    for path, count in cut.files(folder, split):
        known = first if start == 0 and len(first) <= count else None
        yield RowShard(rows.slice(start, start + count), making, path, cut, known)
        start += count
