"""What a row needs of the format it is written in, and not every format has: tools, several turns, names and more."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from hfsft.release.trainer.formats import Say
from hfsft.rows.batch import Row
from hfsft.rows.inline import dialect
from hfsft.rows.messages import Message, system_apart
from hfsft.rows.shapes.hermes import MARKS
from hfsft.rows.shapes.smoltalk2 import NO_THINKING, THINKING
from hfsft.rows.views import messages


def beyond(row: Row) -> set[Say]:
    """All that the row says beyond texts of a user and an assistant who take turns once."""
    said = messages(row)
    more = [turn for turn in said if len(turn) > 2]  # that say more than a text, as few do
    found: set[Say] = set()
    spoken = [turn["role"] for turn in said if turn["role"] != "system"]
    if row.get("tools") or "tool" in spoken or any(turn.get("tool_calls") for turn in more):
        found.add("tools")
    if spoken != ["user", "assistant"]:
        found.add("several turns")
    if not take_turns(said):
        found.add("turns out of order")
    if any("name" in turn for turn in more):
        found.add("names")
    if any("tool_call_id" in turn or any(call.get("id") for call in turn.get("tool_calls") or ()) for turn in more):
        found.add("ids of calls")
    if any(turn.get("weight") is not None for turn in more):
        found.add("weights")
    if set(dialect(row)) & {THINKING, NO_THINKING}:
        found.add("template values")
    return found


def take_turns(said: Sequence[Message]) -> bool:
    """Whether user and assistant speak in turn, the assistant last; results of tools follow the calls they answer."""
    _, turns = system_apart(said)
    answered, calls = True, 0.0  # whether the assistant spoke last, and how many of its calls have no result yet
    for place, turn in enumerate(turns, 1):
        role = turn["role"]
        if role == "tool":
            fits, calls, answered = calls > 0, calls - 1, False
        elif role == "user":
            fits, answered = answered and calls in (0, inf), False
        else:
            fits, answered = role == "assistant" and not answered, True
            calls = _calls(turn) if place < len(turns) else 0.0
        if not fits:
            return False
    return bool(turns) and answered


def _calls(turn: Message) -> float:
    """How many results may follow; any number on calls that stand in a text."""
    if MARKS.search(turn["content"]):
        return inf
    return len(turn.get("tool_calls") or ())
