"""Splits the text of a turn into reasoning between <think> tags, tool calls in XML, and the rest.

Rows keep such texts as their source wrote them (`dialect`: think, hermes); who measures or shows a row sees the parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from hfsft.rows.messages import Message
from hfsft.rows.shapes.hermes import HERMES, calls_in, without_calls
from hfsft.rows.think import CHANNEL, MARKS, WRAPPERS, split

THINK = "think"
WORDS = (THINK, HERMES.name)
"""The words of `dialect` for rows whose texts hold reasoning, and calls."""
RESULT = re.compile(r"</?tool_response>")
_THOUGHT = re.compile("|".join([*(re.escape(mark) for pair in (*MARKS, *WRAPPERS) for mark in pair), CHANNEL.pattern]))
_CALL = re.compile(f"</?tool_call>|{RESULT.pattern}")
_MEANT: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    THINK: {"assistant": _THOUGHT},
    HERMES.name: {"system": _CALL, "assistant": _CALL, "tool": _CALL, "user": RESULT},
}


def dialect(row: Mapping[str, Any]) -> list[str]:
    """How the row was written where it was read, in words; none where rows have no such column."""
    return (row.get("dialect") or "").split()


def words_of(row: Mapping[str, Any]) -> Collection[str]:
    """Which of `WORDS` the row's source means; all of them where rows have no such column, and nobody can know."""
    return [word for word in WORDS if "dialect" not in row or word in dialect(row)]


def marks_in(answers: Sequence[str]) -> list[str]:
    """Which of `WORDS` name marks that stand in some of the answers."""
    finds: dict[str, Callable[[str], Any]] = {THINK: split, HERMES.name: calls_in}
    return [word for word, find in finds.items() if any(map(find, answers))]


def means(words: Collection[str], role: str, mark: str) -> bool:
    """Whether by this mark somebody in that role says what others say in fields."""
    return any(role in _MEANT[word] and _MEANT[word][role].fullmatch(mark) for word in words)


def unfolded(turn: Message, words: Collection[str]) -> Message:
    """The message with what its text holds by the marks of `words` in the fields for it."""
    if turn["role"] != "assistant" or not words:
        return turn
    made = dict(turn)
    if THINK in words and (parts := split(turn["content"])):
        thought, made["content"] = parts
        made["reasoning"] = "\n\n".join(text for text in (turn.get("reasoning"), thought) if text)
    if HERMES.name in words and (calls := calls_in(made["content"])):
        made["tool_calls"] = [*turn.get("tool_calls", ()), *calls]
        made["content"] = without_calls(made["content"])
    return made
