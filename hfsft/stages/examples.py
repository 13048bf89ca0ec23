"""Examples: complete human-written rows that join the data and pass the same filters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from hfsft.marks import PROSE
from hfsft.rows.calls import as_json
from hfsft.rows.inline import marks_in
from hfsft.section.late_module import LateModule
from hfsft.stages.base import Section
from hfsft.stages.source import Opened, Source, TableSource, inline, written

if TYPE_CHECKING:
    from hfsft.rows.reading import order, table_reader
    from hfsft.rows.reading.source_row import SourceRow
else:
    order, table_reader = LateModule("hfsft.rows.reading.order"), LateModule("hfsft.rows.reading.table_reader")

TEXTS_OF_TURNS = ("instruction", "response", "reasoning", "context")


class ExampleRow(Section):
    """One row written in the recipe: a question and its answer, or a conversation of more turns."""

    example: ClassVar[str] = """\
    examples:
      - rows:
          - instruction: Where is my parcel?
            response: The tracking link in your mail shows it.
            topic: delivery
          - messages:
              - {role: user, content: Where is order 7?}
              - {role: assistant, tool_calls: [{name: find, arguments: {id: 7}}]}
              - {role: tool, content: On its way since Monday.}
              - {role: assistant, content: It was sent on Monday.}
            tools: [{name: find, parameters: {type: object}}]
    """

    instruction: str | None = Field(None, min_length=1, description="What the user says.")
    response: str | None = Field(None, min_length=1, description="What the assistant answers.")
    reasoning: str | None = Field(None, description="What is thought before the response.")
    context: str | None = Field(None, description="Text that belongs to the instruction, shown below it.")
    messages: list[dict[str, Any]] | None = Field(
        None,
        min_length=1,
        description="Turns, in place of these: role, content, reasoning, tool_calls, tool_call_id, name, weight.",
    )
    tools: list[dict[str, Any]] | None = Field(None, description="The tools that the assistant may call, as schemas.")
    system: str | None = Field(None, description="The system prompt.")
    reference: str | None = Field(None, description="The right answer, which responses are compared with.")
    topic: str | None = Field(None, description="The row's topic.")

    @model_validator(mode="after")
    def _says_something(self) -> ExampleRow:
        if self.messages is None:
            if lacking := [name for name in ("instruction", "response") if getattr(self, name) is None]:
                raise ValueError(f"needs `{'` and `'.join(lacking)}`, or `messages`")
        elif beside := [name for name in TEXTS_OF_TURNS if getattr(self, name) is not None]:
            raise ValueError(f"`{beside[0]}` stands in the turns where there are `messages`")
        as_json([self.messages, self.tools])
        return self

    def read(self, place: str) -> SourceRow:
        """What the row, at `place` in the recipe, says."""
        if self.messages is None:
            said = self.model_dump(exclude={"messages", "tools"})
            said |= {"tools": as_json(self.tools)} if self.tools else {}
            said |= {"dialect": " ".join(marks)} if (marks := marks_in([self.response or ""])) else {}
            return written(said, place)
        # Who writes a conversation down by hand means it as it stands.
        return table_reader.read_written(self.model_dump(), place, order.Order(assistant_opens=True))


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
        rows = [row.read(f"{place}.rows[{index}]") for index, row in enumerate(self.rows)]
        return inline(rows, lambda: {**self.model_dump(mode="json"), "place": place})


class ExampleTable(TableSource):
    """Examples from a file or a dataset, in any of the usual formats."""

    example: ClassVar[str] = """\
    examples:
      - {path: answered.csv, instruction: question, response: answer, limit: 500}
    """

    instruction: str | None = Field(None, description="Column of the instruction, for format columns.")
    response: str | None = Field(None, description="Column of the response, for format columns.")
    reasoning: str | None = Field(None, description="Column of what was thought before the last answer.")
    tools: str | None = Field(None, description="Column of the tools that the assistant may call.")
    dialect: str | None = Field(
        None,
        description="Column that says how each row was written where it was read first, as in the `sources` of a "
        "release; left out: as it is read.",
    )
    assistant_opens: bool = Field(False, description="Take conversations that the assistant begins.")
    join_turns: bool = Field(False, description="Make one turn of several in a row by the same role.")

    def how(self) -> table_reader.How:
        """How the rows are read."""
        return replace(super().how(), order=order.Order(self.assistant_opens, self.join_turns))

    def opened(self, base: Path, place: str) -> Opened:
        """The rows of the table; reading raises `SourceError` where there is none, or one without rows."""
        return self.open_with(base, table_reader.read_examples)


AnyExample = ExampleRows | ExampleTable
"""Any kind of source of complete rows."""
