"""What filters of answers share: each answer beside what it replies to, and what is wrong with it in words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import Field

from hfsft.filters.cells import CONVERSATION, RESPONSE, cells, text_of
from hfsft.filters.checks.fault import LONGEST, Check
from hfsft.filters.text_column import OneColumn
from hfsft.plain import plain
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.views import asked_and_answered, has_turns, messages, setting_text

PROMPT = ("system", "instruction", "context", "messages", "dialect")
"""Columns of what an answer replies to."""

ANSWERS = (
    "The text to check: `conversation` for every answer of the row beside what it replies to, `response` for the last "
    "one, or a column of texts, which reply to nothing."
)


class Reply:
    """What an answer replies to, worked out where it is asked for."""

    def __init__(self, before: Callable[[], Sequence[Mapping[str, Any]]], row: Mapping[str, Any] | None = None) -> None:
        self._before = before
        self._row = row  # where the user speaks once, in columns

    def all(self) -> str:
        """All that was said before but by the assistant."""
        return "\n\n".join(turn["content"] or "" for turn in self._before() if turn["role"] in ("system", "user"))

    def asked(self) -> str:
        """What the user and the system prompt ask for, without texts that are given beside it."""
        if self._row is not None:
            return "\n\n".join(filter(None, (self._row.get("system"), self._row.get("instruction"))))
        return self.all()

    def last(self) -> tuple[str, str]:
        """What the user said last, and the context that belongs to it where that is told apart."""
        if self._row is not None:
            return self._row.get("instruction") or "", setting_text(self._row) or ""
        return next((turn["content"] or "" for turn in reversed(self._before()) if turn["role"] == "user"), ""), ""


def exchanges(cell: Any, row: Mapping[str, Any], column: str) -> Iterator[tuple[str, Reply]]:
    """The answers in a cell, each beside what it replies to; a text that is no answer replies to nothing."""
    own = None if has_turns(row) or "instruction" not in row else row
    if isinstance(cell, list):
        for place, turn in enumerate(cell):
            if turn.get("role") == "assistant" and turn.get("content"):
                yield turn["content"], Reply(partial(_before, cell, place), own)
        return
    before = (lambda: asked_and_answered(row)[0]) if column == RESPONSE else tuple
    yield text_of(cell, column, spoken=True) or "", Reply(before, own if column == RESPONSE else {})


def _before(turns: Sequence[Mapping[str, Any]], place: int) -> Sequence[Mapping[str, Any]]:
    return turns[:place]


class Answers(OneColumn):
    """A filter that reads answers beside what they reply to."""

    column: str = Field("conversation", description=ANSWERS)

    @property
    def optional(self) -> tuple[str, ...]:
        """What the answers reply to, of a row that has it."""
        return tuple(dict.fromkeys((*super().optional, *(PROMPT if self.column in (RESPONSE, CONVERSATION) else ()))))


class OfAnswers(Answers, Check):
    """One that writes what it found in them first, in the row's own words."""

    @property
    def fault(self) -> str:
        """The column of what was found."""
        return self.measured

    def measure(self, batch: Batch) -> Batch:
        """What is found first in each row, None where nothing is."""
        found = []
        for cell, row in zip(cells(batch, self.column, spoken=True), rows_of(batch), strict=True):
            each = None if cell is None else next(filter(None, self.faults(cell, row)), None)
            found.append(each and plain(each, LONGEST))
        return {self.fault: found}

    def faults(self, cell: Any, row: Mapping[str, Any]) -> Iterator[str | None]:
        """What is found in a cell, answer by answer."""
        return (self.found(text, reply) for text, reply in exchanges(cell, row, self.column))

    @abstractmethod
    def found(self, text: str, reply: Reply) -> str | None:
        """What is found in an answer; None for nothing."""


def of_user(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a row's user says, turn by turn: each with the context that belongs to it, "" for none."""
    if not has_turns(row):
        return [(row.get("instruction") or "", setting_text(row) or "")]
    return [(turn["content"] or "", "") for turn in messages(row) if turn["role"] == "user"]
