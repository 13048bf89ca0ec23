"""Seeds: the human-written instructions that data grows from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from hfsft.errors import Place, SourceError
from hfsft.readers import Table
from hfsft.stages.base import Section

PROMPT_COLUMNS = ("instruction", "prompt", "question", "query", "text")


class Prompts(Section):
    """Seeds written in the recipe itself."""

    prompts: list[str] = Field(min_length=1, description="The instructions, one a line.")
    topic: str | None = Field(None, description="A topic for all of them.")
    context: str | None = Field(None, description="Text that belongs to each instruction, shown below it.")
    system: str | None = Field(None, description="A system prompt for rows grown from these seeds.")

    @field_validator("prompts")
    @classmethod
    def _not_empty(cls, prompts: list[str]) -> list[str]:
        for number, prompt in enumerate(prompts, 1):
            if not prompt.strip():
                raise ValueError(f"prompt {number} is empty")
        return prompts

    def identity(self, base: Path) -> dict[str, Any]:
        """What the rows depend on."""
        return self.model_dump(mode="json")

    def texts(self, base: Path) -> Iterator[dict[str, Any]]:
        """The texts of each seed."""
        for prompt in self.prompts:
            yield {
                "instruction": prompt.strip(),
                "topic": self.topic,
                "context": self.context,
                "system": self.system,
            }


class PromptTable(Section):
    """Seeds from a file or a dataset."""

    path: str = Field(min_length=1, description="A .txt, .jsonl, .json, .csv, .tsv or .parquet file, or a dataset.")
    split: str | None = Field(None, description="The dataset's split.")
    config: str | None = Field(None, description="The dataset's configuration.")
    revision: str | None = Field(None, description="The dataset's revision on the Hub.")
    prompt: str | None = Field(None, description=f"Column of the instruction (else {', '.join(PROMPT_COLUMNS)}).")
    topic: str | None = Field(None, description="Column of the topic.")
    context: str | None = Field(None, description="Column of a text that belongs to the instruction.")
    system: str | None = Field(None, description="Column of the system prompt.")
    limit: int | None = Field(None, ge=1, description="Read only the first rows.")

    def identity(self, base: Path) -> dict[str, Any]:
        """What the rows depend on: the columns named, and a hash of the data."""
        columns = self.model_dump(mode="json", include={"prompt", "topic", "context", "system", "limit"})
        return {**columns, "table": self._table(base).identity()}

    def texts(self, base: Path) -> Iterator[dict[str, Any]]:
        """The texts of each seed. Raises `SourceError` for one that is not text, and for a table without rows."""
        column = self.prompt
        empty = True
        for place, row in islice(self._table(base).rows(), self.limit):
            empty = False
            column = column or next((name for name in PROMPT_COLUMNS if name in row), None)
            if column is None:
                raise SourceError(f"{place}: no column holds the prompt (name it with prompt:; {_listed(row)})")
            yield {
                "instruction": _text(row, column, place, required=True),
                "topic": _text(row, self.topic, place),
                "context": _text(row, self.context, place),
                "system": _text(row, self.system, place),
            }
        if empty:
            raise SourceError(f"{self.path}: has no rows (an empty seeds file grows nothing)")

    def _table(self, base: Path) -> Table:
        return Table(self.path, base, self.split, self.config, self.revision)


def _text(row: dict[str, Any], column: str | None, place: Place, *, required: bool = False) -> str | None:
    if column is None:
        return None
    if column not in row:
        raise SourceError(f"{place}: no column {column!r} ({_listed(row)})")
    value = row[column]
    if not required and (value is None or value == ""):
        return None
    if not isinstance(value, str):
        raise SourceError(f"{place}: {column} is {type(value).__name__}, not text")
    if required and not value.strip():
        raise SourceError(f"{place}: {column} is empty")
    return value.strip()


def _listed(row: dict[str, Any]) -> str:
    return "it has " + ", ".join(row)
