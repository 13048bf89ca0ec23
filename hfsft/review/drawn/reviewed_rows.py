"""The rows that people may look at, of a build, a release or any table: found at once, read one by one.

What decides about the order is read column by column; what a row says is read when somebody looks at it, so that ten
thousand rows open in a second or two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import repeat
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hfsft.release.report.page_data import PageData
from hfsft.release.result import SPLITS
from hfsft.rows.batch import rows_of
from hfsft.rows.columns import CONTENT, SCORE, TEXTS, Column, column, ranked_by
from hfsft.rows.views import content, said

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.release.reader import Release

REVIEW = "review"  # the step at which rows fall that people rejected
EDITED = "edited"  # the origin of rows that people rewrote
UNSCORED = "unscored"  # the column that says why the judge gave no score


class Candidate(NamedTuple):
    """What is known of one row before anybody reads it."""

    place: int  # among all rows
    id: str
    content: str  # the hash of what it says
    topic: str
    score: float | None  # the mean of the judge's
    fate: str
    stage: str  # at which it fell, empty for one that was kept
    by_people: bool  # whether it is somebody's rewriting of a row

    @property
    def stands(self) -> bool:
        """Whether it is in the data."""
        return self.fate in SPLITS

    @property
    def judged_here(self) -> bool:
        """Whether a verdict decides over it: it stands, or fell by one."""
        return self.stands or self.stage == REVIEW

    @property
    def reached(self) -> bool:
        """Whether it came as far as people's verdicts, wherever it fell behind these.

        What is left of a choice that prefers what people accepted is no random sample of anything.
        """
        return self.judged_here or re.split(r"[.\[]", self.stage, maxsplit=1)[0] in behind()


@cache
def behind() -> frozenset[str]:
    """The sections of a recipe that rows meet behind `review`."""
    from hfsft.recipe.sections import Sections

    names = list(Sections.model_fields)
    return frozenset(names[names.index(REVIEW) + 1 :])


class RowTable(Protocol):
    """Rows on disk or in memory."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """Column -> its type."""

    def column(self, name: str) -> Collection[Any]:
        """One column's values; None throughout where there is no such column."""

    def rows(
        self, wanted: Sequence[int], columns: Collection[str] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows at some places, with their places."""


@dataclass(frozen=True)
class DatasetTable:
    """The rows of a dataset that no build of hfsft wrote, as its sources are read."""

    dataset: Dataset

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> its type; a hash of what each row says is among them."""
        return {**{name: str(kind) for name, kind in self.dataset.features.items()}, CONTENT: "string"}

    def column(self, name: str) -> list[Any]:
        """One column's values; None throughout where there is no such column."""
        if name == CONTENT:
            return self._contents
        return list(self.dataset[name]) if name in self.dataset.column_names else [None] * len(self.dataset)

    def rows(
        self, wanted: Sequence[int], columns: Collection[str] | None = None
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows at some places, with their places; all columns, or those of these that there are."""
        for place in sorted(wanted):
            row = {**self.dataset[place], CONTENT: self._contents[place]}
            yield place, {name: value for name, value in row.items() if columns is None or name in columns}

    @cached_property
    def _contents(self) -> list[str | None]:
        texts = self.dataset.select_columns([name for name in TEXTS if name in self.dataset.column_names])
        return [content(row) for batch in texts.iter(batch_size=1000) for row in rows_of(batch)]


@dataclass(frozen=True)
class ReviewedRows:
    """Tables of rows, one for each fate or part of it, with what the build knows of them."""

    where: str
    tables: Sequence[tuple[str, RowTable]]  # "" is the fate of rows whose table says it row by row
    registry: Mapping[str, Column]
    bounds: Sequence[Mapping[str, Any]] = ()
    languages: tuple[str, ...] = ()

    @classmethod
    def of_release(cls, release: Release) -> ReviewedRows:
        """Those of a build or a release: what it kept, and what fell."""
        data = PageData(release)
        tables: list[tuple[str, RowTable]] = [(table.split, table) for table in data.kept]
        if data.removed.files:
            tables.append(("", data.removed))
        said = release.recipe().get("language") or ()
        languages = (said,) if isinstance(said, str) else tuple(map(str, said))
        return cls(release.where, tables, data.registry, data.summary["bounds"], languages)

    @classmethod
    def of_dataset(cls, where: str, dataset: Dataset, languages: Sequence[str] = ()) -> ReviewedRows:
        """Those of a dataset, all of which stand."""
        registry = {name: column(name) for name in (*dataset.column_names, CONTENT)}
        return cls(where, [("train", DatasetTable(dataset))], registry, (), tuple(languages))

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Every row that says something and that people may look at, in the order of the tables."""
        columns = [self.values(name) for name in ("id", CONTENT, "topic", self.ranked, "origin", "stage")]
        found = []
        told = zip(*columns, self._fates, strict=True)
        for place, (row_id, text, topic, score, origin, stage, fate) in enumerate(told):
            if text:  # of a row whose texts the build withholds nothing can be looked at
                stage = "" if fate in SPLITS else stage or ""
                topic, fate, stage = intern(topic or ""), intern(fate), intern(stage)  # each of which very many have
                found.append(Candidate(place, row_id, text, topic, score, fate, stage, origin == EDITED))
        return found

    @cached_property
    def by_id(self) -> dict[str, Candidate]:
        """The same by their ids; of two of one id the one that stands."""
        return {row.id: row for row in sorted(self.candidates, key=lambda row: row.stands)}

    @cached_property
    def ranked(self) -> str:
        """The column of the scores that rows are ranked by."""
        return ranked_by({name for _, table in self.tables for name in table.kinds})

    def column(self, name: str) -> list[Any]:
        """One column over all rows; None where a table has no such column."""
        return list(self.values(name))

    def values(self, name: str) -> Iterator[Any]:
        """The same, some rows at a time: of texts, which are large."""
        return (value for _, table in self.tables for value in table.column(name))

    def has(self, name: str) -> bool:
        """Whether any table has that column."""
        return any(name in table.kinds for _, table in self.tables)

    def lengths(self) -> list[float]:
        """The characters of each row's own texts, without those of its tools."""
        found = [0.0] * sum(self._sizes)
        for name in ("instruction", "response", "reasoning", "context"):
            for place, text in enumerate(self.values(name)):
                found[place] += len(text or "")
        for place, turns in enumerate(self.values("messages")):
            if turns:
                found[place] = sum(len(each.text) for each in said({"messages": turns}, words=()))
        return found

    def score_bounds(self) -> list[Mapping[str, Any]]:
        """The bounds that cut rows by what the judge gave."""
        return [bound for bound in self.bounds if str(bound["column"]).startswith(SCORE)]

    def read(self, places: Sequence[int], columns: Collection[str] | None = None) -> dict[int, dict[str, Any]]:
        """The rows at some places, by these; all columns, or those of these that there are."""
        found: dict[int, dict[str, Any]] = {}
        start = 0
        for size, (_, table) in zip(self._sizes, self.tables, strict=True):
            stop = start + size
            here = [place - start for place in places if start <= place < stop]
            found |= {start + place: row for place, row in table.rows(here, columns)} if here else {}
            start = stop
        return found

    @property
    def _fates(self) -> Iterator[str]:
        for size, (fate, table) in zip(self._sizes, self.tables, strict=True):
            yield from repeat(fate, size) if fate else table.column("fate")

    @cached_property
    def _sizes(self) -> list[int]:
        return [len(table.column("id")) for _, table in self.tables]
