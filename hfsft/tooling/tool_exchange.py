"""One answer of an assistant that may call tools: calls, their results, and more of both, until it says something.

The generator asks nobody by itself: it yields requests, is sent answers, and returns the turns that came of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from hfsft.errors import unusable
from hfsft.hashing import digest
from hfsft.models.model import Answer, Request
from hfsft.rows.messages import Message
from hfsft.rows.shapes import hermes
from hfsft.rows.shapes.openai import message_of
from hfsft.tooling.call_faults import CallFault, canonical, faults
from hfsft.tooling.call_reading import SaidOrCalled, said_in
from hfsft.tooling.tool_results import Results
from hfsft.tooling.tool_schemas import Tool

Asking = Callable[[str], Request]
"""A word that tells this request's seed from those of others -> the request, its messages and tools still to come."""
_ROLES = {"system": "system", "human": "user", "gpt": "assistant", "tool": "user"}
MUST_CALL = CallFault("no_call", "the answer must begin with a call of a tool")
NO_MORE = CallFault("unwanted", "no more calls can be made: answer with what the tools gave back")


class Turned(NamedTuple):
    """What one answer came to: its turns, the last of them said to the user, and the faults of calls on the way."""

    turns: list[Message]
    faults: list[str]  # their causes, in the order in which they came


@dataclass(frozen=True)
class ToolExchange:
    """How one row's assistant is asked: with which tools, for how many rounds of calls, and how often once more."""

    row: Mapping[str, Any]
    tools: Sequence[Tool]
    results: Results
    rounds: int
    tries: int
    native: bool = True  # whether the server is given the tools in fields; else they stand in the system prompt
    choice: str | None = None  # of the first round: `required` has it call something, whatever the server makes of it
    reasons: bool = False
    ends_at_calls: bool = False  # whether calls that can be used are all that is wanted
    known: dict[str, str] = field(default_factory=dict)  # results by call: the same call gives back the same

    def answer(
        self,
        before: Sequence[Message],
        asking: Asking,
        tag: str,
        refuse: Callable[[SaidOrCalled], CallFault | None] = lambda _: None,
    ) -> Generator[Request, Answer, Turned]:
        """The turns of the assistant and of tools that follow on `before`.

        `refuse` says of an answer that could be used why it is not the wanted one. Raises `AnswerError` with the cause
        `tool_calls` where calls stay unusable.
        """
        said, causes = list[Message](), list[str]()
        for number in range(self.rounds + 1):
            last = number == self.rounds
            turn = yield from self._turn([*before, *said], asking, f"{tag}.{number}", causes, refuse, last=last)
            said.append(turn)
            if not turn.get("tool_calls") or self.ends_at_calls:
                return Turned(said, causes)
            for place, call in enumerate(turn["tool_calls"]):
                result = yield from self._result(call, [*before, *said], f"{tag}.{number}.result{place}")
                said.append({"role": "tool", "content": result, "tool_call_id": call["id"], "name": call["name"]})
        raise AssertionError("the last round calls nothing")

    def probe(self, before: Sequence[Message], asking: Asking, tag: str) -> Generator[Request, Answer, SaidOrCalled]:
        """What the assistant would say or call first, whatever is wrong with it."""
        answer = yield self._with_tools(replace(asking(f"{tag}.0"), messages=self.wire(before)), f"{tag}.0")
        return said_in(answer, [tool.name for tool in self.tools])

    def _turn(
        self,
        before: Sequence[Message],
        asking: Asking,
        tag: str,
        causes: list[str],
        refuse: Callable[[SaidOrCalled], CallFault | None],
        *,
        last: bool,
    ) -> Generator[Request, Answer, Message]:
        """One turn of the assistant: what it says, or calls that can all be used."""
        told: list[dict[str, Any]] = []
        names = [tool.name for tool in self.tools]
        fault: CallFault | None = None
        for attempt in range(self.tries + 1):
            request = asking(tag if not attempt else f"{tag}.again{attempt}")
            answer = yield self._with_tools(replace(request, messages=(*self.wire(before), *told)), tag)
            found = said_in(answer, names)
            fault = found.fault or next(iter(faults(found.calls, self.tools)), None)
            if fault is None and found.calls and last:
                fault = NO_MORE
            if fault is None and not found.calls and self._choice(tag) == "required":
                fault = MUST_CALL
            if fault is None and not found.calls and not found.text:
                fault = CallFault("unreadable", "the answer says nothing")
            fault = fault or refuse(found)
            if fault is None:
                return self._message(found, answer, tag)
            causes.append(fault.cause)
            wrong = answer.text.strip() or "\n".join(map(hermes.call_text, found.calls)) or "(nothing)"
            told = [{"role": "assistant", "content": wrong}, {"role": "user", "content": _complaint(fault)}]
        asked = "asked once" if not self.tries else f"asked {self.tries + 1} times"
        raise unusable("tool_calls", f"{fault} ({asked})")

    def _with_tools(self, request: Request, tag: str) -> Request:
        if not self.native or not self.tools:
            return request
        return replace(request, tools=tuple(tool.as_openai() for tool in self.tools), tool_choice=self._choice(tag))

    def _choice(self, tag: str) -> str | None:
        """What is said of calls in that round: only in the first must there be some."""
        return self.choice if self.tools and tag.endswith(".0") else None

    def _message(self, found: SaidOrCalled, answer: Answer, tag: str) -> Message:
        turn: Message = {"role": "assistant", "content": found.text}
        if self.reasons and (thought := answer.reasoning.strip()):
            turn["reasoning"] = thought
        if found.calls:
            # Ids of servers are of chance; nine letters are what every chat template takes.
            turn["tool_calls"] = [
                {
                    "id": digest([self.row["id"], tag, place], 9),
                    "name": call["name"],
                    "arguments": call.get("arguments") or "{}",
                }
                for place, call in enumerate(found.calls)
            ]
        return turn

    def _result(self, call: Mapping[str, Any], said: Sequence[Message], tag: str) -> Generator[Request, Answer, str]:
        same = f"{call['name']} {canonical(call['arguments'])}"
        if same not in self.known:
            tool = next(tool for tool in self.tools if tool.name == call["name"])
            self.known[same] = yield from self.results.of(call, tool, said, self.row, tag)
        return self.known[same]

    def wire(self, turns: Sequence[Message]) -> tuple[dict[str, Any], ...]:
        """Turns as a request sends them, without what was thought before them."""
        bare = [{name: value for name, value in turn.items() if name not in ("reasoning", "weight")} for turn in turns]
        if self.native or not self.tools:
            return tuple(message_of(turn, ()) for turn in bare)
        written = hermes.write(bare, [tool.as_openai() for tool in self.tools])["conversations"]
        return tuple({"role": _ROLES[turn["from"]], "content": turn["value"]} for turn in written)


def _complaint(fault: CallFault) -> str:
    told = f"That cannot be used: {fault.message}."
    if fault.cause in ("missing_argument", "placeholder"):
        told += " If the user has not said what it should be, ask the user for it and call nothing."
    if fault.cause == "no_call":
        return f"{told} Answer again, with a call."
    if fault.cause in ("unwanted", "unreadable"):
        return f"{told} Answer again."
    return f"{told} Answer again: call the tools rightly, or answer without them."
