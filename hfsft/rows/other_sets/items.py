"""The items of evaluation sets and held-out files, as texts that rows must not hold: questions, and their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from hfsft.errors import SourceError, nearest
from hfsft.rows.other_sets.benchmarks import BENCHMARKS, Benchmark
from hfsft.rows.other_sets.other_set import OtherSet
from hfsft.rows.tables.hub_dataset import HUB_DATASETS
from hfsft.rows.tables.table import Table
from hfsft.rows.views import answers, questions, turn_text

LOOKED_AT = 50  # rows of a set in which its columns must stand


class HeldItem(NamedTuple):
    """One text of an item: what the item is called, and whether the text is its question or its answer."""

    name: str
    text: str
    answer: bool = False


class HeldItems(Protocol):
    """A set of items."""

    def check(self) -> None:
        """Raise `SourceError` for what cannot be there; the Hub is not asked."""

    def identity(self) -> dict[str, Any]:
        """What its items depend on."""

    def items(self) -> Iterator[HeldItem]:
        """Each text of each item."""


def held_items(where: OtherSet) -> HeldItems:
    """The set that is meant: a known evaluation set by its name, or what lies under a path."""
    if where.path in BENCHMARKS:
        return _Named(where.path, BENCHMARKS[where.path], where.revision)
    return _Lying(where)


@dataclass(frozen=True)
class _Named:
    """An evaluation set of the field, on the Hub."""

    name: str
    benchmark: Benchmark
    revision: str | None = None

    @cached_property
    def _tables(self) -> list[Table]:
        path, split = f"{HUB_DATASETS}{self.benchmark.repo}", self.benchmark.split
        found = [Table(path, Path(), split, config, self.revision) for config in self.benchmark.configs or (None,)]
        for table in found[1:]:
            table.__dict__["commit"] = found[0].commit
        return found

    def check(self) -> None:
        """Nothing that can be seen here."""

    def identity(self) -> dict[str, Any]:
        """The commit on the Hub, and which columns are read."""
        try:
            where = self._tables[0].identity()
        except SourceError as error:
            raise SourceError(f"{self.name}: {error.message}", help=error.help or "name a file of yours") from None
        return {**where, "read": [list(each) if isinstance(each, tuple) else each for each in self.benchmark]}

    def items(self) -> Iterator[HeldItem]:
        """The question of each row, with its choices too where it has some, and the answer."""
        known, several = self.benchmark, len(self._tables) > 1
        for table in self._tables:
            part = f"{table.config}/{known.split}" if several else known.split
            for number, record in enumerate(table.records()):
                name = f"{self.name}/{part} {number}"
                if lacking := [column for column in known.question if column not in record.row]:
                    columns = ", ".join(record.row) or "none"
                    raise SourceError(f"{self.name}: {known.repo} has no column {lacking[0]} (it has {columns})")
                question = _joined(record.row, known.question)
                yield HeldItem(name, question)
                if known.choices:
                    yield HeldItem(name, f"{question}\n{_joined(record.row, known.choices)}")
                if known.answer and (text := _joined(record.row, known.answer)):
                    yield HeldItem(name, text, answer=True)


@dataclass(frozen=True)
class _Lying:
    """A file, a folder, a build or a dataset of any name."""

    where: OtherSet

    def check(self) -> None:
        """Raise `SourceError` for a file that is not there, and for a name that no set has."""
        try:
            self.where.check()
        except SourceError as error:
            if set(self.where.path) & set("/\\."):
                raise
            guess = nearest(self.where.path, list(BENCHMARKS))
            raise SourceError(f"{self.where.path}: no evaluation set is known by that name", help=guess) from error

    def identity(self) -> dict[str, Any]:
        """What its rows depend on."""
        return self.where.identity()

    def items(self) -> Iterator[HeldItem]:
        """What the user says in each row, and what is answered."""
        for row in self.where.rows():
            batch = {name: [value] for name, value in row.texts.items()}
            (question,) = questions(batch)
            for text in (question.said, question.context):
                if text:
                    yield HeldItem(row.name, text)
            for turn in answers(row.texts):
                if text := turn_text({**turn, "reasoning": None}, spoken=True):
                    yield HeldItem(row.name, text, answer=True)


def _joined(row: Mapping[str, Any], columns: tuple[str, ...]) -> str:
    return "\n".join(text for column in columns for text in _texts(row.get(column)))


def _texts(value: Any) -> Iterator[str]:
    """The texts of a value: itself, those of a list, or of the list `text` in it, as ARC has its choices."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(value.get("text"))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
