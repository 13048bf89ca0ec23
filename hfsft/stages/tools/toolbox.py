"""How one row is answered by an assistant that may call tools, in the process that works."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hfsft.errors import AnswerError
from hfsft.models.model import Answer, Request
from hfsft.rows.batch import Row
from hfsft.rows.calls import as_json
from hfsft.rows.columns import Column, column
from hfsft.rows.messages import MESSAGE, Message
from hfsft.rows.views import own_turns
from hfsft.rows.views import tools as row_tools
from hfsft.stages.base import SAMPLED
from hfsft.stages.several_answers import PROMPT
from hfsft.stages.tools.tools_section import Tools
from hfsft.tooling import no_call_cases as cases
from hfsft.tooling.tool_exchange import Asking, ToolExchange
from hfsft.tooling.tool_results import Canned, Results
from hfsft.tooling.tool_schemas import Tool, tools_in

TURNS, TOOLS, FAULTS, CASE = "messages", "tools", "call_faults", "tool_case"
TOLD: dict[str, Any] = {FAULTS: ["string"], CASE: "string"}
"""What rows have beside their turns that were answered with tools: causes of calls that were asked again, the case."""
WRITES: dict[str, Any] = {TURNS: [MESSAGE], TOOLS: "string", **TOLD}
"""All that rows have of it."""


@dataclass(frozen=True)
class Toolbox:
    """What answers with tools, made of `Tools.arguments` in the process that works."""

    section: Tools
    tools: Sequence[Tool]
    results: Results

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Toolbox:
        """From the JSON of `Tools.arguments`."""
        section = Tools.model_validate(arguments["section"])
        results = Results(
            Canned(arguments["canned"]),
            section.prompt() if arguments["simulates"] else None,
            arguments["model"],
            section.temperature,
            section.max_tokens,
            SAMPLED - section.model_fields_set,
            arguments["values"],
        )
        return cls(section, tools_in(section.schemas), results)

    def of_row(self, row: Row) -> list[Tool]:
        """The tools that a row's assistant is offered: its own, else those of the recipe."""
        own = row_tools(row)
        if not own:
            return cases.offered(_prompt(row), self.tools, self.section.offered)
        try:
            return tools_in(own)
        except ValueError as error:
            raise AnswerError("tools", f"the row's own tools cannot be used: {error}") from None

    def exchange(self, row: Row, tools: Sequence[Tool], *, reasons: bool) -> ToolExchange:
        """How the row's assistant is asked with these tools."""
        said = self.section
        choice = said.choice if said.choice != "auto" else None
        ends = said.until == "calls"
        return ToolExchange(row, tools, self.results, said.rounds, said.tries, said.native, choice, reasons, ends)

    def answer(
        self, row: Row, before: Sequence[Message], asking: Asking, tag: str, *, reasons: bool = False
    ) -> Generator[Request, Answer, tuple[list[Message], dict[str, Any]]]:
        """The turns that answer a row, and its columns `tools` and those of `WRITES`."""
        exchange = self.exchange(row, self.of_row(row), reasons=reasons)
        case = cases.case_of(_prompt(row), self.section.irrelevant, self.section.asks_back)
        found = yield from cases.answer(exchange, case, before, asking, tag)
        listed = as_json([tool.as_openai() for tool in found.tools]) if found.tools else None
        return found.turned.turns, {TOOLS: listed, FAULTS: found.turned.faults, CASE: found.case or None}


def _prompt(row: Row) -> str:
    """What tells a row's prompt from others: candidates for one prompt are offered the same tools."""
    return str(row.get(PROMPT) or row["id"])


def columns() -> Iterator[Column]:
    """The columns of `TOLD`, for filters and templates."""
    yield from (column(name, kind) for name, kind in TOLD.items())


def left(row: Row) -> dict[str, Any]:
    """The columns of `WRITES` of a row that has its answer: what it has."""
    return {TURNS: own_turns(row), TOOLS: row[TOOLS], FAULTS: [], CASE: None}
