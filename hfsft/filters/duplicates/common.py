"""What the two filters of duplicates share: what is compared, and which of several alike rows is preferred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from hfsft.engine.adding import InMemory
from hfsft.engine.ledger import OF
from hfsft.filters.base import Filter
from hfsft.filters.cells import optional, texts
from hfsft.rows.batch import Batch
from hfsft.rows.row import PEOPLE
from hfsft.rows.views import OPTIONAL, READS, SETTING, questions

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns

KEY = "duplicates_key"  # the column of what tells rows apart, from one step to the next
PREFERRED = ("id", "origin", "round")  # the columns that say which of several alike rows is preferred


class Compared(NamedTuple):
    """What of a row is compared: its texts, each for itself, and the system prompt that its copies must share."""

    parts: tuple[str, ...]
    system: str


class Duplicates(Filter):
    """Rows against each other: all but the preferred row of those alike fall.

    Which row is preferred never depends on their order: what people wrote first (examples, then seeds, then evolved
    rows by round), then the smallest id. Rows without an id, as in a dataset from elsewhere, are taken by their text.
    """

    whole: ClassVar[bool] = True

    column: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)] = Field(
        "instruction",
        description="What to compare, or a list of columns; each is compared for itself, and all must be alike. "
        "`instruction` stands for all that the model is given: what the user says in every message, the context for "
        "itself, and a system prompt and tools, which must be the same; `response` for what the assistant says last "
        "and the tools that it calls there.",
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns compared."""
        return (self.column,) if isinstance(self.column, str) else tuple(self.column)

    @property
    def optional(self) -> tuple[str, ...]:
        """What decides who is preferred, and the rest of what the model is given."""
        question = OPTIONAL if set(READS) & set(self.reads) else ()
        rest = (name for column in self.reads for name in optional(column))
        return (*PREFERRED, *dict.fromkeys((*question, *rest)))

    @property
    def measured(self) -> str:
        """The column that the measure writes."""
        return f"{self.name}_{'_'.join(self.reads)}"

    @property
    def original(self) -> str:
        """The id of the row that it duplicates."""
        return f"{self.measured}{OF}"

    def compared(self, batch: Batch) -> list[Compared | None]:
        """For each row what is compared; None where all texts are blank."""
        columns: list[list[tuple[str, ...]]] = []
        systems = [""] * len(batch[self.reads[0]])
        for name in self.reads:
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
        count = len(rows)
        origins, rounds, ids = (rows[name] if name in rows else [None] * count for name in ("origin", "round", "id"))
        texts: dict[int, Compared | None] = {}
        if len({str(ids[place]) for place in places}) < len(places):
            texts = dict(zip(places, self.compared(some(rows, places)), strict=True))

        def key(place: int) -> tuple[Any, ...]:
            grown = rounds[place] if isinstance(rounds[place], int) else 0
            return PEOPLE.get(str(origins[place]), 2), grown, str(ids[place]), texts.get(place), place

        return sorted(places, key=key)

    def named(self, rows: Columns, place: int) -> str:
        """The id of a row; its number, counted from 0, where rows have none."""
        return str(rows["id"][place] if "id" in rows else place)


@dataclass(frozen=True)
class OverAll:
    """A method of a filter over all rows, by columns, as the function of a step; what it keeps is called `keeps`."""

    look: Callable[[Columns, pa.Table | None], tuple[Batch, pa.Table | None]]
    keeps: str = ""

    def __call__(self, batch: Batch) -> Batch:
        """What it makes of a batch."""
        return self.over(InMemory(batch), None)[0]

    def over(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        """What it makes of rows, and what is to be kept."""
        return self.look(rows, kept)


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
