"""What the filters of duplicates share: what is compared, and which of several alike rows is preferred."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from hfsft.engine.adding import InMemory, OverRows
from hfsft.engine.spread.scattered import NUMBER
from hfsft.errors import Problem
from hfsft.filters.base import Around
from hfsft.filters.cells import optional, texts
from hfsft.filters.duplicates.order_bytes import bytes_of
from hfsft.filters.duplicates.who_stays import (
    PREFERRED,
    Keep,
    by_column,
    keys_of,
    optional_of,
    read_by,
    reads_of,
    refuse,
)
from hfsft.filters.filter_work import work_of
from hfsft.filters.other_sets.against import ComparesSets
from hfsft.rows.batch import Batch
from hfsft.rows.columns import OF, TEXTS, Column
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.views import OPTIONAL, READS, SETTING, questions

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Scattered

RANK, NAME = "duplicates_rank", "duplicates_name"  # of scattered rows
READ_BY = {NUMBER: "int64", "read": "bool", "first": "string"}  # what is told of some rows of what a choice goes by
KEY = "duplicates_key"  # the column of what tells rows apart, from one step to the next
READ = ("instruction", "response", "reasoning", "system", "context")  # what recipes compare that any set has
CLUSTER, NEAREST, ALIKE = "_cluster", "_nearest", "_similarity"  # behind a measure's name: what tells of all like rows


class Compared(NamedTuple):
    """What of a row is compared: its texts, each for itself, and the system prompt that its copies must share."""

    parts: tuple[str, ...]
    system: str


class Duplicates(ComparesSets):
    """Rows against each other: all but the preferred row of those alike fall.

    Which row is preferred is a choice (`keep`), and never depends on the order of rows unless the newest is to stay.
    Rows without an id, as in a dataset from elsewhere, are taken by their text.
    """

    whole: ClassVar[bool] = True

    column: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)] = Field(
        "instruction",
        description="What to compare, or a list of columns; each is compared for itself, and all must be alike. "
        "`instruction` stands for all that the model is given: what the user says in every message, the context for "
        "itself, and a system prompt and tools, which must be the same; `response` for what the assistant says last "
        "and the tools that it calls there.",
    )
    keep: Keep = Field(
        "preferred",
        description="Which of several alike rows stays: `preferred` is examples before seeds before what models wrote, "
        "earlier rounds first; `people` is people's rows, examples and seeds alike, before those of models; `best` has "
        "the highest score, so that the filter runs behind the judge; `longest` the longest response; `newest` was "
        "read last. Of rows that are equal in this the preferred one stays, then the one with the smallest id.",
    )
    by: str | None = Field(
        None,
        min_length=1,
        description="Under `best` the column of the score (left out: the judge's mean), under `newest` that of a date "
        "or a number; rows without one come last.",
    )

    @model_validator(mode="after")
    def _chosen(self) -> Duplicates:
        if self.by is not None and self.keep not in ("best", "newest"):
            raise ValueError(f"`by` goes with `keep: best` or `keep: newest`, not with `keep: {self.keep}`")
        return self

    @property
    def compares(self) -> tuple[str, ...]:
        """The columns compared."""
        return (self.column,) if isinstance(self.column, str) else tuple(self.column)

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns compared, and those that decide who stays."""
        return tuple(dict.fromkeys((*self.compares, *reads_of(self.keep, self.by))))

    @property
    def optional(self) -> tuple[str, ...]:
        """What decides who is preferred, and the rest of what the model is given."""
        found = dict.fromkeys((*PREFERRED, *optional_of(self.keep, self.by), *self._rest))
        return tuple(name for name in found if name not in self.reads)

    @property
    def _rest(self) -> tuple[str, ...]:
        """The columns that belong to those compared."""
        question = OPTIONAL if set(READS) & set(self.compares) else ()
        rest = (name for column in self.compares for name in optional(column))
        return tuple(name for name in dict.fromkeys((*question, *rest)) if name not in self.compares)

    @property
    def measured(self) -> str:
        """The column that the measure writes."""
        return f"{self.name}_{'_'.join(self.compares)}"

    @property
    def original(self) -> str:
        """The id of the row that it duplicates."""
        return f"{self.measured}{OF}"

    @property
    def cluster(self) -> str:
        """The id of the preferred row of all that are alike, directly or through others."""
        return f"{self.measured}{CLUSTER}"

    @property
    def about_cluster(self) -> Column:
        """What that column is."""
        about = "The preferred row of those that are duplicates of each other, directly or through others."
        return Column(self.cluster, "string", "lineage", about)

    def identity(self) -> dict[str, Any]:
        """Its arguments, without those that say nothing here."""
        chosen = {"keep", "by"} if self.keep == "preferred" else set()
        return {name: value for name, value in super().identity().items() if name not in chosen}

    def compared(self, batch: Batch) -> list[Compared | None]:
        """For each row what is compared; None where all texts are blank."""
        columns: list[list[tuple[str, ...]]] = []
        systems = [""] * len(batch[self.compares[0]])
        for name in self.compares:
            if name in READS:
                asked = questions(_as_texts(batch))
                columns.append([(question.said, question.context) for question in asked])
                systems = [question.setting for question in asked]
            else:
                columns.append([(text or "",) for text in texts(batch, name)])
        rows = (tuple(text for part in row for text in part) for row in zip(*columns, strict=True))
        return [
            Compared(row, system) if any(text.strip() for text in row) else None
            for row, system in zip(rows, systems, strict=True)
        ]

    def order(self, rows: Columns, places: Sequence[int]) -> list[int]:
        """These places, preferred rows first; texts are looked at only where ids are not there, or not different."""
        ids = rows["id"] if "id" in rows else [None] * len(rows)
        texts: dict[int, Compared | None] = {}
        if len({str(ids[place]) for place in places}) < len(places):
            texts = dict(zip(places, self.compared(some(rows, places)), strict=True))
        key = keys_of(rows, self.keep, self.by, self._called)
        return sorted(places, key=lambda place: (*key(place), str(ids[place]), texts.get(place), place))

    def names(self, rows: Columns) -> list[str]:
        """The id of each row; its number, counted from 0, where rows have none."""
        return list(map(str, rows["id"] if "id" in rows else range(len(rows))))

    @property
    def _called(self) -> str:
        return f"filters[{self.name}]"

    def ranking(self, rows: Scattered, columns: Sequence[str]) -> Scattered:
        """These columns of scattered rows that have the first of them, with a `RANK` by which they sort as in `order`,
        and their `NAME`.

        Ids are all different, where rows have any. Raises `UserError` where no row has what the choice goes by.
        """
        chosen = by_column(rows.kinds, self.keep, self.by)
        if chosen is not None:
            read = rows.only([NUMBER, chosen]).through(work_of(self, "readable", chosen=chosen), READ_BY)
            found = read.collected()  # a row for each time that the work was done
            if found.num_rows and not any(found["read"].to_pylist()):
                firsts = zip(found[NUMBER].to_pylist(), found["first"].to_pylist(), strict=True)
                refuse(self._called, self.keep, chosen, min(firsts)[1])
        kinds = {NUMBER: "int64", **{name: rows.kinds[name] for name in columns}, NAME: "string", RANK: "binary"}
        return rows.through(work_of(self, "ranked", columns=list(columns)), kinds)

    def readable(self, table: pa.Table, chosen: str) -> pa.Table:
        """Whether any of these rows has what the choice goes by, and what the first says; no row if all are empty."""
        import pyarrow as pa

        there = table.filter(table[chosen].is_valid()).sort_by(NUMBER)
        values = values_of(there[chosen])
        read = any(value is not None for value in read_by(values, self.keep))
        found = [{NUMBER: there[NUMBER][0].as_py(), "read": read, "first": str(values[0])}] if values else []
        return pa.Table.from_pylist(found, schema=arrow_schema(READ_BY))

    def ranked(self, table: pa.Table, columns: Sequence[str]) -> pa.Table:
        """What `ranking` gives, of some rows."""
        import pyarrow as pa

        there = table.filter(table[columns[0]].is_valid())
        numbers = there[NUMBER].to_pylist()
        batch = {name: values_of(there[name]) for name in there.column_names if name in {*self.reads, *self.optional}}
        key = keys_of(InMemory(batch or {NUMBER: numbers}), self.keep, self.by, None, numbers)
        if "id" in batch:
            names = list(map(str, batch["id"]))
            told: list[tuple[str, ...]] = [(name,) for name in names]
        else:
            names = list(map(str, numbers))
            told = [(*row.parts, row.system) if row else () for row in self.compared(batch)]
        ranks = [bytes_of((*key(place), *told[place], number)) for place, number in enumerate(numbers)]
        made = there.select([NUMBER, *columns]).append_column(NAME, pa.array(names, pa.string()))
        return made.append_column(RANK, pa.array(ranks, pa.binary()))

    def problems(self, around: Around) -> Iterator[Problem]:
        """What any filter tells, and columns that other sets do not have."""
        unread = [name for name in self.compares if name not in TEXTS] if self.against else []
        for name in unread:
            said = f"filters[{self.name}] compares {name}, which is not read of other sets"
            yield Problem(around.place("against"), said, f"compare {', '.join(READ)}, or leave out `against`")
        yield from super().problems(around)


@dataclass(frozen=True)
class OverAll(OverRows):
    """A method of a filter over all rows, by columns, as the function of a step; what it keeps is called `keeps`."""

    look: Callable[[Columns, pa.Table | None], tuple[Batch, pa.Table | None]]
    keeps: str = ""

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """What it makes of rows, and what is to be kept."""
        return self.look(rows, kept)


@dataclass(frozen=True)
class OverRounds(OverAll):
    """One that also works scattered rows out."""

    rounds: Callable[[Scattered], Scattered] = field(kw_only=True)

    def spread(self, rows: Scattered) -> Scattered:
        """What it makes of scattered rows."""
        return self.rounds(rows)


def systems_of(rows: Columns) -> list[str]:
    """What rows must share to be copies of each other: the system prompt and the tools."""
    given = {name: values for name in SETTING if name in rows and any(values := rows[name])}
    return [each.setting for each in questions({**dict.fromkeys(READS, [None] * len(rows)), **given})] if given else []


def some(rows: Columns, places: Sequence[int]) -> Batch:
    """Some of the rows, by their places."""
    import numpy as np

    return rows.of(np.array(places, np.int64))


def _as_texts(batch: Batch) -> Batch:
    """The batch with what a question is made of as texts; raises `UserError` where a column holds anything else."""
    plain = (*READS, "system", "context")
    return {**batch, **{name: texts(batch, name) for name in plain if name in batch}}
