"""Seeds: the human-written instructions that data grows from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from hfsft.marks import PROSE
from hfsft.rows.shapes import SEED_PROMPTS
from hfsft.stages.source import Opened, Source, TableSource, inline, written


class Prompts(Source):
    """Seeds written in the recipe itself."""

    example: ClassVar[str] = """\
    seeds:
      - topic: refunds
        prompts:
          - How long does a refund take?
          - Can I send back a lamp without its box?
    """

    prompts: Annotated[list[str], PROSE] = Field(min_length=1, description="The instructions, one a line.")
    topic: str | None = Field(None, description="A topic for all of them.")
    context: Annotated[str | None, PROSE] = Field(
        None, description="Text that belongs to each instruction, shown below it."
    )
    system: Annotated[str | None, PROSE] = Field(None, description="A system prompt for rows grown from these seeds.")

    @field_validator("prompts")
    @classmethod
    def _not_empty(cls, prompts: list[str]) -> list[str]:
        for number, prompt in enumerate(prompts, 1):
            if not prompt.strip():
                raise ValueError(f"prompt {number} is empty")
        return prompts

    def opened(self, base: Path, place: str) -> Opened:
        """The seeds, at `place` in the recipe."""
        shared = self.model_dump(include={"topic", "context", "system"})
        rows = [
            written({"instruction": prompt, **shared}, f"{place}.prompts[{index}]")
            for index, prompt in enumerate(self.prompts)
        ]
        return inline(rows, lambda: {**self.model_dump(mode="json"), "place": place})


class PromptTable(TableSource):
    """Seeds from a file or a dataset."""

    example: ClassVar[str] = """\
    seeds:
      - {path: tickets.jsonl, prompt: question, topic: queue, keep: [channel]}
    """

    prompt: str | None = Field(None, description=f"Column of the instruction (else {', '.join(SEED_PROMPTS)}).")

    def opened(self, base: Path, place: str) -> Opened:
        """The seeds of the table; reading raises `SourceError` where there is none, or one without rows."""
        from hfsft.rows.reading.table_reader import read_seeds

        return self.open_with(base, read_seeds)
