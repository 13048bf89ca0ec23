"""Turns in an order that a model can be trained on, the system prompt apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hfsft.rows.messages import Message
from hfsft.rows.reading.row_report import RowReport, below
from hfsft.rows.reading.turns import joined
from hfsft.rows.shapes.hermes import MARKS

OPENS = "the assistant opens it (`assistant_opens: true` allows that)"
UNANSWERED = "does not end with the assistant (`drop: [unanswered]` takes the last question away)"
IN_A_ROW = "two turns in a row by one role (`join_turns: true` makes one of them)"
NOTHING_TRAINED = "weights of 0 on all that the assistant says (`drop: [weight]` leaves them out)"
NO_CALL = "a tool's result that answers no call"
NO_RESULT = "a tool call without a result, before the conversation goes on"
SAME_ID = "two tool calls of one id in a turn"
NOT_TOLD = "the user speaks where the assistant has a tool's result to answer"


@dataclass(frozen=True)
class Order:
    """What orders of turns are taken beside the usual one."""

    assistant_opens: bool = False
    join_turns: bool = False


def conversation(turns: list[Message], system: str | None, order: Order, finding: RowReport) -> dict[str, Any]:
    """The texts of a conversation: one question and its answer as such, more as `messages`.

    System turns at the beginning join the system prompt, below it; the first user message is the row's instruction,
    the last of the assistant its response.
    """
    turns = list(turns)
    spoken = [system]
    while turns and turns[0]["role"] == "system":
        first = turns.pop(0)
        finding.left("name of the system's turn", first.get("name"))
        spoken.append(first["content"])
    if order.join_turns:
        turns = _joined(turns)
    if "unanswered" in finding.drop:
        while turns and turns[-1]["role"] in ("user", "tool"):
            last = turns.pop()
            what = "a last question without an answer" if last["role"] == "user" else "a last result of a tool"
            finding.left(what, last["content"])
    for _, fault in faults(turns, order):
        finding.odd(fault)
    texts: dict[str, Any] = {"system": below(*(text for text in spoken if text and text.strip()))}
    texts["instruction"] = next((turn["content"] for turn in turns if turn["role"] == "user"), None)
    last = next((turn for turn in reversed(turns) if turn["role"] == "assistant"), {})
    texts["response"] = last.get("content") or (None if last.get("tool_calls") else last.get("content"))
    if last.get("reasoning"):
        texts["reasoning"] = last["reasoning"]
    if len(turns) > 2 or finding.defect or not all(map(_is_said_by_texts, turns)):
        texts["messages"] = turns
    return texts


def _is_said_by_texts(turn: Message) -> bool:
    """Whether the columns of texts say all of a turn, of a row with one question and its answer."""
    return not set(turn) - {"role", "content", *(("reasoning",) if turn["role"] == "assistant" else ())}


def _joined(turns: list[Message]) -> list[Message]:
    made: list[Message] = []
    for turn in turns:
        if made and made[-1]["role"] == turn["role"] in ("user", "assistant"):
            made[-1] = joined(made[-1], turn)
        else:
            made.append(turn)
    return made


def faults(turns: Sequence[Message], order: Order) -> Iterator[tuple[int, str]]:
    """What is wrong with an order of turns behind the system prompt, and at which of them, from 1; 0 for all of them.

    User and assistant take turns, each says something or calls, tools answer calls, the assistant has the last word. A
    last call may stand without its result: that is what the model is to learn.
    """
    if not turns:
        yield 0, "no conversation"
    weights = [turn.get("weight", 1.0) for turn in turns if turn["role"] == "assistant"]
    if weights and not any(weights):
        yield 0, NOTHING_TRAINED
    for place, turn in enumerate(turns, 1):
        if turn["role"] == "system":
            yield place, "a system turn within the conversation"
        elif turn["role"] != "tool" and not turn["content"].strip() and not turn.get("tool_calls"):
            yield place, f"empty {turn['role']} turn"
    if all(turn["role"] != "user" for turn in turns):
        yield 0, "no turn of the user"
    elif turns[0]["role"] == "assistant" and not order.assistant_opens:
        yield 1, OPENS
    if turns and turns[-1]["role"] != "assistant":
        yield len(turns), UNANSWERED
    yield from _faults_of_tools(turns)
    for place, (one, other) in enumerate(pairwise(turns), 2):
        if one["role"] == other["role"] != "tool":
            yield place, IN_A_ROW


def _faults_of_tools(turns: Sequence[Message]) -> Iterator[tuple[int, str]]:
    """Each result answers a call of the turn before it, by its id or in order; calls with ids are all answered."""
    calls: _Calls | None = None  # of the assistant's turn that tools may answer
    before = ""
    for place, turn in enumerate(turns, 1):
        role = turn["role"]
        if role == "tool":
            if calls is None or not calls.answered_by(turn):
                yield place, NO_CALL
        else:
            if calls is not None and calls.waiting:
                yield place, NO_RESULT
            if role == "user" and before == "tool":
                yield place, NOT_TOLD
            calls = _Calls(turn) if role == "assistant" else None
            if calls is not None and calls.twice:
                yield place, SAME_ID
        before = role


class _Calls:
    """The calls of one turn that wait for a result."""

    def __init__(self, turn: Message) -> None:
        self._text = turn["content"]
        found = turn.get("tool_calls", ())
        ids = [call["id"] for call in found if call.get("id")]
        self.twice = len(set(ids)) < len(ids)
        self._ids, self._open = set(ids), ids
        self._count, self._results, self._by_id = len(found), 0, False

    def answered_by(self, result: Message) -> bool:
        """Whether the result answers one of them; it is then answered."""
        number = result.get("tool_call_id")
        self._results += 1
        if not self._count:  # who writes calls into texts answers them as they like
            return MARKS.search(self._text) is not None
        if not number or not self._ids:
            return self._results <= self._count
        self._by_id = True
        if number in self._open:
            self._open.remove(number)
            return True
        return number not in self._ids and len(self._ids) < self._count

    @property
    def waiting(self) -> bool:
        """Whether the conversation cannot go on: no result came, or results by id left a call out."""
        return bool(self._open) if self._by_id else self._count > 0 and not self._results
