"""Rows in which the right answer is no call: no tool fits, or the user has not said what a call needs.

Both are made of rows whose right call is known, by changing the tools and never the prompt:

- `irrelevant`: the tools that the model calls are taken away, until it calls none of those that are left. Source: the
  irrelevance category of the Berkeley Function Calling Leaderboard (Patil et al. 2025), made as in Lin et al. 2024,
  "Hammer" (arXiv 2410.04587).
- `asks_back`: a parameter that the call left out is required, so that the user has to be asked for it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from hfsft.hashing import unit
from hfsft.models.model import Answer, Request
from hfsft.rows.messages import Message
from hfsft.tooling.call_faults import CallFault, faults
from hfsft.tooling.call_reading import SaidOrCalled
from hfsft.tooling.tool_exchange import Asking, ToolExchange, Turned
from hfsft.tooling.tool_schemas import Tool

Case = Literal["", "irrelevant", "asks_back"]
UNWANTED = CallFault("unwanted", "none of the tools can do what the user asks; say so, or answer without them")
_QUESTIONS = "?？؟"


class Answered(NamedTuple):
    """A row's answer: its turns, the faults on the way, the tools that it was given, and which case it is of."""

    turned: Turned
    tools: Sequence[Tool]
    case: Case


def case_of(row_id: str, irrelevant: float, asks_back: float) -> Case:
    """The case that a hash of its id picks a row for; empty for most."""
    number = unit(row_id, "tools", "case")
    return "irrelevant" if number < irrelevant else "asks_back" if number < irrelevant + asks_back else ""


def offered(row_id: str, tools: Sequence[Tool], count: int | None) -> list[Tool]:
    """The tools that a row is offered: all, or so many, picked by a hash, in the order in which they are declared."""
    if count is None or count >= len(tools):
        return list(tools)
    picked = sorted(tools, key=lambda tool: unit(row_id, "tools", tool.name))[:count]
    return [tool for tool in tools if tool in picked]


def answer(
    exchange: ToolExchange, case: Case, before: Sequence[Message], asking: Asking, tag: str
) -> Generator[Request, Answer, Answered]:
    """The answer of one row, as the case wants it; where it cannot be made of this row, as of any other."""
    made = exchange
    if case == "irrelevant":
        made = yield from _without_what_it_needs(exchange, before, asking, tag)
    elif case == "asks_back":
        made = yield from _with_one_more_required(exchange, before, asking, tag)
    if made is exchange:
        turned = yield from exchange.answer(before, asking, tag)
        return Answered(turned, exchange.tools, "")
    refuse = _calls_something if case == "irrelevant" else _does_not_ask
    turned = yield from made.answer(before, asking, f"{tag}.{case}", refuse)
    return Answered(turned, made.tools, case)


def _without_what_it_needs(
    exchange: ToolExchange, before: Sequence[Message], asking: Asking, tag: str
) -> Generator[Request, Answer, ToolExchange]:
    """The exchange with those tools alone that the model does not call; itself where it calls none, or all."""
    left = replace(exchange, choice=None)
    while left.tools:
        step = tag if len(left.tools) == len(exchange.tools) else f"{tag}.without{len(left.tools)}"
        said = yield from left.probe(before, asking, step)
        called = {call.get("name") for call in said.calls}
        rest = [tool for tool in left.tools if tool.name not in called]
        if len(rest) == len(left.tools):
            return exchange if len(rest) == len(exchange.tools) else left
        left = replace(left, tools=rest)
    return exchange


def _with_one_more_required(
    exchange: ToolExchange, before: Sequence[Message], asking: Asking, tag: str
) -> Generator[Request, Answer, ToolExchange]:
    """The exchange in which a tool that is called requires a parameter that the call left out; itself without one."""
    said = yield from exchange.probe(before, asking, tag)
    if said.fault or faults(said.calls, exchange.tools):
        return exchange
    known = {tool.name: tool for tool in exchange.tools}
    spare = [
        (tool.name, name)
        for call in said.calls
        for tool in [known[call["name"]]]
        for name in tool.properties
        if name not in tool.required and f'"{name}"' not in call["arguments"]
    ]
    if not spare:
        return exchange
    which, parameter = min(spare, key=lambda each: unit(exchange.row["id"], "tools", "required", *each))
    tools = [_requiring(tool, parameter) if tool.name == which else tool for tool in exchange.tools]
    return replace(exchange, tools=tools, choice=None)


def _requiring(tool: Tool, parameter: str) -> Tool:
    """The tool with one more parameter that a call must give, without a default for it."""
    properties: dict[str, Any] = dict(tool.properties)
    told = properties[parameter]
    if isinstance(told, Mapping):
        properties[parameter] = {name: value for name, value in told.items() if name != "default"}
    parameters = {**tool.parameters, "properties": properties, "required": [*tool.required, parameter]}
    return tool._replace(parameters=parameters)


def _calls_something(said: SaidOrCalled) -> CallFault | None:
    return UNWANTED if said.calls else None


def _does_not_ask(said: SaidOrCalled) -> CallFault | None:
    if not said.calls and any(mark in said.text for mark in _QUESTIONS):
        return None
    return CallFault("unwanted", "the user has not said all that the tool requires; ask the user for it, call nothing")
