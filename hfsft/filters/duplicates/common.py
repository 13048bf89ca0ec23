"""What the two filters of duplicates share: what is compared, and which of several alike rows is preferred."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from hfsft.engine.ledger import OF
from hfsft.filters.base import Filter
from hfsft.filters.cells import optional, texts
from hfsft.rows.batch import Batch
from hfsft.rows.views import OPTIONAL, READS, questions

_HUMAN_FIRST = {"example": 0, "seed": 1}


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
        return ("id", "origin", "round", *dict.fromkeys((*question, *rest)))

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
                systems = ["\n\n".join(filter(None, (question.system, question.tools))) for question in asked]
            else:
                columns.append([(text or "",) for text in texts(batch, name)])
        rows = (tuple(text for part in row for text in part) for row in zip(*columns, strict=True))
        return [
            Compared(row, system) if any(text.strip() for text in row) else None
            for row, system in zip(rows, systems, strict=True)
        ]

    def order(self, batch: Batch, compared: list[Compared | None]) -> list[int]:
        """The places of the rows that have something to compare, preferred rows first."""
        count = len(compared)
        origins, rounds, ids = (batch.get(name, [None] * count) for name in ("origin", "round", "id"))

        def key(place: int) -> tuple[Any, ...]:
            grown = rounds[place] if isinstance(rounds[place], int) else 0
            return _HUMAN_FIRST.get(str(origins[place]), 2), grown, str(ids[place]), compared[place], place

        return sorted((place for place in range(count) if compared[place] is not None), key=key)

    def named(self, batch: Batch, place: int) -> str:
        """The id of a row; its number, counted from 0, where rows have none."""
        return str(batch["id"][place] if "id" in batch else place)


def _as_texts(batch: Batch) -> Batch:
    """The batch with what a question is made of as texts; raises `UserError` where a column holds anything else."""
    plain = (*READS, "system", "context")
    return {**batch, **{name: texts(batch, name) for name in plain if name in batch}}
