"""What sections tell of a build that has ended: notes, parts of the card, panels of the report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hfsft.tallies.column_values import ColumnValues, chained

if TYPE_CHECKING:
    from hfsft.engine.ledger import FunnelLine
    from hfsft.models.model import Model
    from hfsft.rows.batch import Row


class Name(str):
    """A name that a recipe, a file or a server gave: shown as code."""

    __slots__ = ()


class Warn(str):
    """A note of what may spoil the data; any other states a fact. In files both are text."""

    __slots__ = ()


class ShownTable(NamedTuple):
    """A table of card or report: numbers get thousands separators, None is an empty cell."""

    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    right: Collection[int] = ()  # the places of columns of numbers
    about: str = ""  # what it shows, for whoever cannot see it


class Shares(NamedTuple):
    """A chart: for each group of rows a bar, divided by how many of them have each value."""

    counts: Mapping[str, Mapping[float, int]]
    values: Sequence[int]  # all that there may be, in their order
    group: str  # what the groups are, in a word
    value: str


class CardPart(NamedTuple):
    """What a section adds to the card: a template, and what it is rendered with.

    A text in `values` is escaped; a `Name`, a `ShownTable` or a `Shares` is written as what it is. Of a chart that was
    not drawn the template gets None.
    """

    name: str  # of its template in templates/card/, and of its chart
    values: Mapping[str, Any]
    text: str = ""  # the template itself, for a section that brings no file


class Panel(NamedTuple):
    """What a section adds to the report: a heading, and paragraphs, tables and charts below it."""

    name: str  # by which the page's table of contents leads to it
    title: str
    pieces: Sequence[str | ShownTable | Shares]
    stem: str = ""  # of the recipe's file, by which files beside it are called
    called: str = ""  # in the table of contents; left out: the title
    counts: Collection[str] = ()  # the columns of choices of which it tells how many rows have which


class Fell(NamedTuple):
    """The rows that one rule of a step took."""

    step: str
    rule: str
    bound: str
    rows: int
    by_score: bool = False  # whether the rule compares what a judge gave


def _nowhere(_: str) -> Path | None:
    return None


def _no_rows(_: str) -> Sequence[Row]:
    return ()


@dataclass(frozen=True)
class Outcome:
    """What a build came to, as its sections tell it."""

    splits: Sequence[str]
    # A column is read anew, some rows at a time, whenever somebody goes over it: no list of it is to be made.
    values: Callable[[str], Collection[Any]]  # a column of the rows that stayed; None in each, where there is no such
    removed: Callable[..., Collection[Any]]  # the same of the rows that fell; with a second name, of those at that step
    fell: Sequence[Fell]
    models: Mapping[str, Model] = field(default_factory=dict)  # by their names under `models:`
    # What follows is known while a build is written, and no longer when only its folder is read.
    wrote: Mapping[str, Sequence[str]] = field(default_factory=dict)  # name of a model -> the sections it wrote rows in
    why: Callable[[str], str] = str  # why rows fell at a step, in words
    lines: Mapping[str, FunnelLine] = field(default_factory=dict)  # by step
    table: Callable[[str], Sequence[Row]] = _no_rows  # the rows of a side table by its name; none where there is none
    samples: bool = False  # whether texts of rows may be shown
    leaves: Mapping[str, Any] = field(default_factory=dict)  # by section, what it leaves to builds that follow
    ended: str = ""  # why no wave of rows followed the last one
    identities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by step that asks, see `Step.identity`
    beside: Callable[[str], Path | None] = _nowhere  # a file beside the recipe's by the ending of its name
    embed: Callable[[Sequence[str]], Any] | None = None  # vectors of texts, by the packaged embedder
    resource: Callable[[str, str], Any] | None = None  # what a step needs: its name, the kind of what it needs
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by section, see `Stage.figures`
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # the same of the release before

    def all_values(self, column: str) -> Collection[Any]:
        """A column of the rows that stayed, then of those that fell."""
        return chained(self.values(column), self.removed(column))

    def numbers(self, column: str, *, fallen: bool = False) -> Collection[float]:
        """The numbers in a column of the rows that stayed, with `fallen` of all, without the rows that have none."""
        found = self.all_values(column) if fallen else self.values(column)
        return ColumnValues(lambda: (value for value in found if value is not None))
