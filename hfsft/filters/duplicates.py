"""What the two filters of duplicates share: what is compared, and which of several alike rows is preferred."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from hfsft.filters.base import Filter
from hfsft.filters.cells import text_of, texts
from hfsft.plan.row import user_text
from hfsft.plan.step import Batch

_HUMAN_FIRST = {"example": 0, "seed": 1}


class Duplicates(Filter):
    """Rows against each other: all but the preferred row of those alike fall.

    Which row is preferred never depends on their order: what people wrote first (examples, then seeds, then evolved
    rows by round), then the smallest id. Rows without an id, as in a dataset from elsewhere, are taken by their text.
    """

    whole: ClassVar[bool] = True

    column: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)] = Field(
        "instruction",
        description="The text to compare, or a list of columns compared together. `instruction` stands for all that "
        "the user says: with its context, and in a conversation of several turns every message of theirs.",
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns compared."""
        return (self.column,) if isinstance(self.column, str) else tuple(self.column)

    @property
    def optional(self) -> tuple[str, ...]:
        """What decides who is preferred, and the rest of what the user says."""
        return ("id", "origin", "round", "context", "messages")

    @property
    def measured(self) -> str:
        """The column that the measure writes; `.._of` beside it holds the id of the row duplicated."""
        return f"{self.name}_{'_'.join(self.reads)}"

    def parts(self, batch: Batch) -> list[tuple[str, ...] | None]:
        """For each row the texts to compare; None where all are blank."""
        columns = [_said(batch) if name == "instruction" else texts(batch, name) for name in self.reads]
        rows = (tuple(text or "" for text in row) for row in zip(*columns, strict=True))
        return [row if any(text.strip() for text in row) else None for row in rows]

    def order(self, batch: Batch, parts: list[tuple[str, ...] | None]) -> list[int]:
        """The places of the rows that have something to compare, preferred rows first."""
        count = len(parts)
        origins, rounds, ids = (batch.get(name, [None] * count) for name in ("origin", "round", "id"))

        def key(place: int) -> tuple[Any, ...]:
            grown = rounds[place] if isinstance(rounds[place], int) else 0
            return _HUMAN_FIRST.get(str(origins[place]), 2), grown, str(ids[place]), parts[place], place

        return sorted((place for place in range(count) if parts[place] is not None), key=key)

    def named(self, batch: Batch, place: int) -> str:
        """The id of a row; its number, counted from 0, where rows have none."""
        return str(batch["id"][place] if "id" in batch else place)


def _said(batch: Batch) -> list[str | None]:
    """All that the user says in each row."""
    instructions = texts(batch, "instruction")
    absent = [None] * len(instructions)
    said: list[str | None] = []
    for instruction, context, turns in zip(
        instructions, batch.get("context", absent), batch.get("messages", absent), strict=True
    ):
        # Only a conversation has more to it than its first message.
        spoken = [turn for turn in turns if turn["role"] == "user"] if isinstance(turns, list) else []
        if len(spoken) > 1:
            said.append(text_of(spoken, "messages"))
        else:
            said.append(instruction and user_text({"instruction": instruction, "context": context}))
    return said
