"""One set that rows are compared with: files, a folder of them, what a build left, or a dataset on the Hub.

All of its splits are read, and whatever its rows hold: a question, an answer, a conversation, a line of text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from hfsft.errors import SourceError
from hfsft.rows.columns import TEXTS
from hfsft.rows.reading.order import Order
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.reading.table_reader import How, read_examples, read_seeds
from hfsft.rows.tables.table import Table

PROVENANCE = "provenance"  # the configuration of a release that holds what rows say, part by part
SAID = ("instruction", "response", "messages")


class OtherRow(NamedTuple):
    """A row of another set: what it is called there, and what it says, by the columns of rows."""

    name: str
    texts: Mapping[str, Any]


@dataclass(frozen=True)
class OtherSet:
    """Where such a set stands. `named` are columns of its own for the parts of a row, as `instruction: question`."""

    path: str
    base: Path
    split: str | None = None
    config: str | None = None
    revision: str | None = None
    named: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def tables(self) -> list[Table]:
        """A table for each of its splits, or for the one that is named; of a release what its rows say part by part.

        Raises `SourceError` for what is not there.
        """
        return Table(self.path, self.base, self.split, self.config, self.revision).every_split(PROVENANCE)

    def check(self) -> None:
        """Raise `SourceError` for a file that is not there; the Hub is not asked."""
        _ = Table(self.path, self.base, self.split, self.config, self.revision).local

    def identity(self) -> dict[str, Any]:
        """What its rows depend on: hashes of files, or the commit on the Hub, and what is read of them."""
        read = [[table.config, table.split, table.identity()] for table in self.tables]
        return {"read": read, "named": dict(self.named)}

    def rows(self) -> Iterator[OtherRow]:
        """Each row that says something; `SourceError` where none does."""
        some = False
        for table in self.tables:
            for row in _read(table, How(named=self.named, order=Order(assistant_opens=True, join_turns=True))):
                texts = {name: row.texts.get(name) for name in TEXTS}
                if any(texts.get(name) for name in SAID):
                    some = True
                    yield OtherRow(_name(str(row.texts["source"]), table.split), texts)
        if not some:
            raise SourceError(f"{self.path}: no row of it says anything", help="name a column: instruction: ...")


def _name(source: str, split: str | None) -> str:
    """What a row is called: where it stands, with the split of those that are counted in each split anew."""
    before, mark, number = source.rpartition("[")
    return f"{before}/{split}[{number}" if mark and split else source


def _read(table: Table, how: How) -> Iterator[SourceRow]:
    """The rows with their answers, or where no column holds any, their questions alone."""
    try:
        rows = read_examples(table, how)
        first = next(rows, None)
    except SourceError as error:
        named = {"prompt" if part == "instruction" else part: name for part, name in how.named.items()}
        try:
            rows = read_seeds(table, How(named={part: name for part, name in named.items() if part != "response"}))
            first = next(rows, None)
        except SourceError:
            raise error from None
    if first is not None:
        yield from chain([first], rows)
