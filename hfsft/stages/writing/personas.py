"""Written as people of many kinds would: a persona for each row.

Source: Ge et al. 2024, "Scaling Synthetic Data Creation with 1,000,000,000 Personas", arXiv 2406.20094.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from hfsft.errors import SourceError, nearest
from hfsft.marks import PROSE, ROWS
from hfsft.plain import plain
from hfsft.rows.columns import Column
from hfsft.rows.tables.readers import TEXT_COLUMN
from hfsft.rows.tables.table import Table
from hfsft.rows.values import as_text
from hfsft.stages.writing.base import Written
from hfsft.stages.writing.empty_rows import RowSubject
from hfsft.stages.writing.surroundings import Surroundings
from hfsft.stages.writing.written_kind import written_kind

PERSONA = "persona"


@written_kind
class FromPersonas(Written):
    """An instruction for each row, as a person of the given kind would write it."""

    way: ClassVar[str] = "personas"
    brings: ClassVar[tuple[Column, ...]] = (
        Column(PERSONA, "string", "attribute", "The kind of person in whose name a model wrote the row."),
    )
    example: ClassVar[str] = """\
    seeds:
      - from: personas
        count: 100
        personas:
          - a nurse who works nights
          - a student who has just moved to another town
    """

    personas: Annotated[list[str] | None, PROSE] = Field(
        None, min_length=1, description="Kinds of people, in a few words each; each writes as many rows as the others."
    )
    path: Annotated[str | None, ROWS] = Field(
        None,
        min_length=1,
        description="In place of `personas`, a file of them (.txt with one a line, .jsonl, .csv, ...) or a dataset.",
    )
    column: str | None = Field(
        None, description="Its column of personas; left out: `persona`, `text`, or the only one."
    )
    split: str | None = Field(None, description="Its split, of a dataset or a folder.")
    config: str | None = Field(None, description="Its configuration, of a dataset.")
    revision: str | None = Field(None, description="Its revision on the Hub: a branch, a tag or a commit.")
    limit: int | None = Field(None, ge=1, description="Most personas that are read.")

    @model_validator(mode="after")
    def _one_way(self) -> FromPersonas:
        if (self.personas is None) == (self.path is None):
            raise ValueError("needs `personas` or `path`" + (", not both" if self.path else ""))
        for key in ("column", "split", "config", "revision", "limit"):
            if self.path is None and getattr(self, key) is not None:
                raise ValueError(f"{key}: is of what stands under `path`")
        for number, persona in enumerate(self.personas or (), 1):
            if not persona.strip():
                raise ValueError(f"persona {number} is empty")
        return self

    @property
    def settles(self) -> frozenset[str]:
        """None beside what the personas are, which is told by themselves."""
        return frozenset()

    def subjects(self, around: Surroundings) -> Sequence[RowSubject]:
        """The personas, each once. Raises `SourceError` where a file has none, or cannot be read."""
        found = dict.fromkeys(each.strip() for each in (self.personas or self._read(around)))
        if not found:
            raise SourceError(f"{self.path}: holds no persona")
        return [RowSubject(persona, {PERSONA: persona}) for persona in found]

    def _read(self, around: Surroundings) -> list[str]:
        assert self.path is not None
        table = Table(self.path, around.base, self.split, self.config, self.revision)
        found: list[str] = []
        column = self.column
        for record in table.records(self.limit):
            if record.defect:
                raise SourceError(f"{record.source}: {record.defect}")
            column = column or self._column(record.row)
            text = as_text(record.row.get(column))
            if text is None or not text.strip():
                if column not in record.row:
                    known = nearest(column, [plain(each) for each in record.row])
                    raise SourceError(f"{record.source}: has no column `{plain(column)}`", key="column", help=known)
                continue
            found.append(text)
        return found

    def _column(self, row: dict[str, Any]) -> str:
        known: list[str] = [name for name in (PERSONA, TEXT_COLUMN, *(row if len(row) == 1 else ())) if name in row]
        if not known:
            told = ", ".join(map(plain, row))
            raise SourceError(f"{self.path}: which column holds the personas?", key="column", help=f"it has {told}")
        return known[0]
