"""Examples: complete human-written rows that join the data and pass the same filters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from hfsft.marks import PROSE
from hfsft.rows.messages import Role
from hfsft.rows.reading.order import Order
from hfsft.rows.reading.settled import Format
from hfsft.rows.reading.source_row import How, read_examples
from hfsft.stages.base import Section
from hfsft.stages.source import Opened, Source, TableSource, inline, written


class ExampleRow(Section):
    """One row written in the recipe."""

    example: ClassVar[str] = """\
    examples:
      - rows:
          - instruction: Where is my parcel?
            response: The tracking link in your mail shows it.
            topic: delivery
    """

    instruction: str = Field(min_length=1, description="What the user says.")
    response: str = Field(min_length=1, description="What the assistant answers.")
    context: str | None = Field(None, description="Text that belongs to the instruction, shown below it.")
    system: str | None = Field(None, description="The system prompt.")
    topic: str | None = Field(None, description="The row's topic.")


class ExampleRows(Source):
    """Examples written in the recipe itself."""

    example: ClassVar[str] = """\
    examples:
      - rows:
          - instruction: Do you ship to islands?
            response: Yes; it takes two days more.
    """

    rows: Annotated[list[ExampleRow], PROSE] = Field(min_length=1, description="The rows.")

    def opened(self, base: Path, place: str) -> Opened:
        """The rows, at `place` in the recipe."""
        rows = [written(row.model_dump(), f"{place}.rows[{index}]") for index, row in enumerate(self.rows)]
        return inline(rows, lambda: {**self.model_dump(mode="json"), "place": place})


class ExampleTable(TableSource):
    """Examples from a file or a dataset, in any of the usual formats."""

    example: ClassVar[str] = """\
    examples:
      - {path: answered.csv, instruction: question, response: answer, limit: 500}
    """

    format: Format = Field("auto", description="How rows are written; `auto` tells by the columns.")
    instruction: str | None = Field(None, description="Column of the instruction, for format columns.")
    response: str | None = Field(None, description="Column of the response, for format columns.")
    messages: str | None = Field(None, description="Column of the conversation, a list of turns.")
    reasoning: str | None = Field(None, description="Column of what was thought before the last answer.")
    tools: str | None = Field(None, description="Column of the tools that the assistant may call.")
    roles: dict[str, Role] = Field(
        {}, description="Who speaks under which name, as {clerk: assistant}, beside the usual names."
    )
    assistant_opens: bool = Field(False, description="Take conversations that the assistant begins.")
    join_turns: bool = Field(False, description="Make one turn of several in a row by the same role.")

    def how(self) -> How:
        """How the rows are read."""
        return replace(super().how(), roles=self.roles, order=Order(self.assistant_opens, self.join_turns))

    def opened(self, base: Path, place: str) -> Opened:
        """The rows of the table; reading raises `SourceError` where there is none, or one without rows."""
        return self.open_with(base, read_examples)
