"""How one row is answered by an assistant that may call tools, in the process that works."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from hfsft.errors import AnswerError
from hfsft.hashing import sampling_seed
from hfsft.models.model import Answer, Request
from hfsft.rows.batch import Row
from hfsft.rows.calls import as_json
from hfsft.rows.columns import Column, column
from hfsft.rows.messages import MESSAGE, Message, system_apart
from hfsft.rows.views import own_turns, prompt_messages
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


class AnsweredRow(NamedTuple):
    """One answer, and what a row gets beside it where it may call tools."""

    response: str
    thought: str | None
    columns: dict[str, Any]


def answered(
    toolbox: Toolbox | None, row: Row, request: Request, tag: str, *, reasons: bool
) -> Generator[Request, Answer, AnsweredRow]:
    """The answer to a request, with as many more as calls of tools need; `tag` tells their seeds apart.

    The turns are the row's own only where tools were called: what is sent may say more than the row does.
    """
    if toolbox is None:
        answer = yield request
        return AnsweredRow(answer.text.strip(), answer.reasoning.strip() or None, {})

    def asking(tag: str) -> Request:
        return replace(request, seed=sampling_seed(row["id"], tag))

    turns, columns = yield from toolbox.answer(row, request.messages, asking, tag, reasons=reasons)
    said = [*system_apart(prompt_messages(row))[1], *turns]
    own = said if len(turns) > 1 or turns[-1].get("tool_calls") else None
    return AnsweredRow(turns[-1]["content"], turns[-1].get("reasoning"), {TURNS: own, **columns})


def calls_last(row: Mapping[str, Any]) -> bool:
    """Whether a row ends with calls, so that nothing need be said there."""
    turns = own_turns(row)
    return bool(turns and turns[-1].get("tool_calls"))


def columns() -> Iterator[Column]:
    """The columns of `TOLD`, for filters and templates."""
    yield from (column(name, kind) for name, kind in TOLD.items())


def left(row: Row) -> dict[str, Any]:
    """The columns of `WRITES` of a row that has its answer: what it has."""
    return {TURNS: own_turns(row), TOOLS: row[TOOLS], FAULTS: [], CASE: None}
