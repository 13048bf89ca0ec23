"""Turns in an order that a model can be trained on, the system prompt apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hfsft.rows.reading.finding import Finding, below
from hfsft.rows.reading.turns import Turn

OPENS = "the assistant opens it (`assistant_opens: true` allows that)"
UNANSWERED = "does not end with the assistant (`drop: [unanswered]` takes the last question away)"
IN_A_ROW = "two turns in a row by one role (`join_turns: true` makes one of them)"


@dataclass(frozen=True)
class Order:
    """What orders of turns are taken beside the usual one."""

    assistant_opens: bool = False
    join_turns: bool = False


def conversation(turns: list[Turn], system: str | None, order: Order, finding: Finding) -> dict[str, Any]:
    """The texts of a conversation: one question and its answer as such, more as `messages`.

    System turns at the beginning join the system prompt, below it; the first user message is the row's instruction,
    the last of the assistant its response.
    """
    turns = list(turns)
    spoken = [system]
    while turns and turns[0]["role"] == "system":
        spoken.append(turns.pop(0)["content"])
    if order.join_turns:
        turns = _joined(turns)
    if "unanswered" in finding.drop:
        while turns and turns[-1]["role"] == "user":
            finding.left("a last question without an answer", turns.pop()["content"])
    _check(turns, order, finding)
    texts: dict[str, Any] = {"system": below(*(text for text in spoken if text and text.strip()))}
    texts["instruction"] = next((turn["content"] for turn in turns if turn["role"] == "user"), None)
    texts["response"] = next((turn["content"] for turn in reversed(turns) if turn["role"] == "assistant"), None)
    if len(turns) > 2 or finding.defect:
        texts["messages"] = turns
    return texts


def _joined(turns: list[Turn]) -> list[Turn]:
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1]["role"] == turn["role"] in ("user", "assistant"):
            joined[-1] = {**turn, "content": f"{joined[-1]['content']}\n\n{turn['content']}"}
        else:
            joined.append(turn)
    return joined


def _check(turns: list[Turn], order: Order, finding: Finding) -> None:
    """User and assistant take turns, each says something, the assistant has the last word."""
    roles = [turn["role"] for turn in turns]
    if not roles:
        finding.odd("no conversation")
    for turn in turns:
        if turn["role"] == "system":
            finding.odd("a system turn within the conversation")
        elif not turn["content"].strip():
            finding.odd(f"empty {turn['role']} turn")
    if "user" not in roles:
        finding.odd("no turn of the user")
    elif roles[0] == "assistant" and not order.assistant_opens:
        finding.odd(OPENS)
    if roles and roles[-1] != "assistant":
        finding.odd(UNANSWERED)
    if any(one == other for one, other in pairwise(roles)):
        finding.odd(IN_A_ROW)
