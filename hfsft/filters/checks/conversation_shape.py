"""conversation: turns in an order that a model can be trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from hfsft.filters.checks.fault import LONGEST, Check
from hfsft.plain import plain
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.limits import Limits
from hfsft.rows.messages import Message, bare, system_apart
from hfsft.rows.reading.order import Order, faults
from hfsft.rows.views import messages

ROLES = ("system", "user", "assistant", "tool")


class Conversation(Check):
    """What is wrong with the order of a row's turns, as `turn 3: two turns in a row by one role`.

    The system prompt comes first and nowhere else, then the user; user and assistant take turns, each says something or
    calls a tool, results of tools answer calls, and the assistant has the last word. Rows that a recipe reads hold to
    that already, as a source that does not is read with what is wrong as the reason: there the bounds on `turns` and
    `system` are what it adds. On any dataset of messages (`role` and `content`) it looks at all of it. A row without
    turns of its own is its instruction and its response.
    """

    name: ClassVar[str] = "conversation"
    values: ClassVar[str] = "what is wrong, in words: the turn, counted behind the system prompt, and the fault"
    blind: ClassVar[str] = "What is said: turns may come in order and have nothing to do with each other."
    example: ClassVar[str] = """\
    filters:
      - conversation: {turns: {at_least: 2, at_most: 10}, system: required}
    """

    turns: Limits | None = Field(None, description="How many turns the user may have.")
    system: Literal["required", "none"] | None = Field(
        None, description="Whether a system prompt must be there, or must not."
    )
    assistant_opens: bool = Field(False, description="Whether the assistant may speak first.")

    @property
    def reads(self) -> tuple[str, ...]:
        """The turns."""
        return ("messages",)

    @property
    def optional(self) -> tuple[str, ...]:
        """What a row without turns of its own says."""
        return ("system", "instruction", "context", "response", "reasoning")

    def measure(self, batch: Batch) -> Batch:
        """What is wrong with each row."""
        found = (next(self._wrong(row), None) for row in rows_of(batch))
        return {self.fault: [fault and plain(fault, LONGEST) for fault in found]}

    def _wrong(self, row: Mapping[str, Any]) -> Iterator[str]:
        try:
            said = [_typed(turn) for turn in messages(row)]
        except (TypeError, KeyError, AttributeError):
            yield "its turns are no messages with a role and a content"
            return
        if (role := next((turn["role"] for turn in said if turn["role"] not in ROLES), None)) is not None:
            yield f"a turn of the role `{role}`, which is none of {', '.join(ROLES)}"
            return
        system, turns = system_apart(said)
        for place, fault in faults(turns, Order(assistant_opens=self.assistant_opens)):
            told = fault.partition(" (`")[0]  # without the recipe's key that would have it read in another way
            yield f"turn {place}: {told}" if place else told
        if self.system == "required" and not (system or "").strip():
            yield "no system prompt"
        if self.system == "none" and system is not None:
            yield "a system prompt"
        count = sum(turn["role"] == "user" for turn in turns)
        if self.turns is not None and (broken := self.turns.broken(count)):
            yield f"turns of the user: {count}, {broken}"


def _typed(turn: Message) -> Message:
    """The turn as reading has it. Raises `TypeError` for one whose role or content is no text."""
    made = bare(turn)
    if not isinstance(made["role"], str) or not isinstance(made["content"], str):
        raise TypeError
    return made
