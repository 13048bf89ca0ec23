"""tool_calls: a row whose calls of tools can be used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, model_validator

from hfsft.filters.checks.fault import LONGEST, Check
from hfsft.plain import plain
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.calls import Call, ShapeError, calls_of
from hfsft.rows.inline import unfolded, words_of
from hfsft.rows.messages import Message, bare, system_apart
from hfsft.rows.shapes.hermes import RESULT
from hfsft.rows.views import messages, own_turns, tools
from hfsft.tooling.call_faults import faults
from hfsft.tooling.tool_schemas import Tool, tools_in


class ToolCalls(Check):
    """What is wrong with the calls of tools in a row, seen from the tools that it offers.

    Each call must name one of them, its arguments must be a JSON object that fits the schema: with all that is
    required, nothing that the tool does not name (unless it says that it takes more), no placeholder such as `<city>`.
    Schemas may be OpenAI's, Anthropic's, or parameters named one by one with types of Python, as xLAM and BFCL have
    them. The same call may not stand twice in one turn. Where the conversation goes on behind a turn that calls, each
    call needs its result, and each result its call. Calls that stand in texts are checked too, where the row's source
    writes them so. A row without calls stays, unless `at_least` asks for some.

    Of 600 right calls of BFCL (simple and multiple, version 4) 592 stay; of the others seven are written with lists of
    allowed values or without what the tool requires, one names `your_dataset_name`. Of 2,828 made wrong (another tool,
    one argument too many, one missing, one of a wrong type, a placeholder) all fall. Of 300 conversations of Glaive one
    falls. A call takes 0.3 ms.
    """

    name: ClassVar[str] = "tool_calls"
    version: ClassVar[int] = 2
    values: ClassVar[str] = "what is wrong, in words: the turn, the kind of fault, the call"
    blind: ClassVar[str] = "Calls that fit the schema and are not what the user wanted; a judge sees these."
    example: ClassVar[str] = """\
    filters:
      - tool_calls: {at_least: 1}
    """

    at_least: int | None = Field(None, ge=0, description="Fewest calls in a row.")
    at_most: int | None = Field(None, ge=0, description="Most calls in a row.")
    results: bool = Field(True, description="Whether calls need their results where the conversation goes on.")

    @model_validator(mode="after")
    def _possible(self) -> ToolCalls:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"keeps nothing: at_least {self.at_least} is above at_most {self.at_most}")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The turns."""
        return ("messages",)

    @property
    def optional(self) -> tuple[str, ...]:
        """The tools, how the source writes calls, and what a row without turns of its own says."""
        return ("tools", "dialect", "instruction", "context", "response")

    def measure(self, batch: Batch) -> Batch:
        """What is wrong with each row."""
        found = (next(self._wrong(row), None) for row in rows_of(batch))
        return {self.fault: [fault and plain(fault, LONGEST) for fault in found]}

    def _wrong(self, row: Mapping[str, Any]) -> Iterator[str]:
        turns, words = own_turns(row) or system_apart(messages(row))[1], words_of(row)
        try:
            called = [_calls(turn, words) if turn["role"] == "assistant" else [] for turn in turns]
        except ShapeError as error:
            yield f"unreadable: {error}"
            return
        count = sum(map(len, called))
        if self.at_least is not None and count < self.at_least:
            yield f"{count} calls of at least {self.at_least}"
        if self.at_most is not None and count > self.at_most:
            yield f"{count} calls of at most {self.at_most}"
        if count:
            yield from self._in_turns(turns, called, row)

    def _in_turns(
        self, turns: Sequence[Message], called: Sequence[Sequence[Call]], row: Mapping[str, Any]
    ) -> Iterator[str]:
        try:
            known: list[Tool] = tools_in(tools(row, strict=True))
        except (ValueError, RecursionError) as error:
            yield f"its tools cannot be used: {error}"
            return
        for place, calls in enumerate(called, 1):
            yield from (f"turn {place}: {fault}" for fault in faults(calls, known))
        if self.results:
            yield from _unanswered(turns, called)


def _calls(turn: Message, words: Collection[str]) -> list[Call]:
    """The calls of a turn, in its field or its text. Raises `ShapeError`."""
    given = turn.get("tool_calls")
    listed = list(given) if given is not None else []
    typed = [call for each in listed for call in ([each] if _typed(each) else calls_of(each)[0])]
    inside = unfolded(bare({**turn, "tool_calls": []}), words).get("tool_calls") or []
    return [*typed, *inside]


def _typed(call: Any) -> bool:
    """Whether a call is written as `hfsft.rows.messages` has it: then its arguments are looked at to the letter."""
    return isinstance(call, Mapping) and isinstance(call.get("name"), str) and isinstance(call.get("arguments"), str)


def _unanswered(turns: Sequence[Message], called: Sequence[Sequence[Call]]) -> Iterator[str]:
    """Calls without a result, and results without a call; those of the last turn may wait."""
    waiting: list[Call] = []
    for place, (turn, calls) in enumerate(zip(turns, called, strict=True), 1):
        if turn["role"] == "tool":
            mine = next((call for call in waiting if call.get("id") and call["id"] == turn.get("tool_call_id")), None)
            # Without ids they come in order; texts may hold several.
            several = max(1, len(RESULT.findall(turn["content"] or ""))) if not turn.get("tool_call_id") else 0
            answered = [mine] if mine else waiting[:several]
            if not answered:
                yield f"turn {place}: a result that answers no call"
            waiting = [call for call in waiting if call not in answered]
            continue
        if waiting:
            yield f"turn {place}: the call of {waiting[0]['name']} has no result"
        waiting = list(calls)
