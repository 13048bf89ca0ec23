"""Which of two answers is better: asked once in either order, as where one stands sways many a verdict.

Source: Zheng et al. 2023, "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", section 3.4 (position bias: only
what holds in both orders counts as a win).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from hfsft.errors import UNREADABLE, AnswerError
from hfsft.models.model import Answer, Request
from hfsft.models.structured import ask as ask_structured
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import REFERENCE
from hfsft.rows.views import asked_and_answered, quoted_turns
from hfsft.stages.base import rendered
from hfsft.stages.pairing.picking import Pick

BETTER = ("first", "second", "tie")
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "better": {"type": "string", "enum": list(BETTER)}},
    "required": ["reason", "better"],
    "additionalProperties": False,
}
FLIPPED, TIE, AGAINST, UNREAD = "verdict flipped", "verdict tie", "verdict against", "verdict unread"
"""Why a compared prompt has no pair, as the column `pair_fault` begins."""


@dataclass(frozen=True)
class Comparing:
    """Who compares, and how."""

    model: str  # the name under `models:`
    temperature: float | None
    max_tokens: int
    chosen: frozenset[str]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Comparing:
        """The same, of which a section told as JSON."""
        return cls(**{**told, "chosen": frozenset(told["chosen"])})

    @staticmethod
    def template() -> Prompt:
        """What is asked."""
        return Prompt.named("pairs", "compare")

    def agreed(self, pick: Pick) -> Generator[Request, Answer, Pick]:
        """The pairs of which the chosen answer is found better in either order."""
        stay, faults = [], []
        for other in pick.rejected:
            fault = yield from self._fault(pick.best, other)
            if fault is None:
                stay.append(other)
            else:
                faults.append(fault)
        return pick._replace(rejected=stay, fault=None if stay else faults[0])

    def _fault(self, chosen: Row, rejected: Row) -> Generator[Request, Answer, str | None]:
        """Why the two are no pair; None where both verdicts are for the chosen one."""
        try:
            forth = yield from self._better(chosen, rejected)
            back = yield from self._better(rejected, chosen)
        except AnswerError as error:
            if error.cause not in UNREADABLE:
                raise
            return f"{UNREAD}: {error}"
        if (forth, back) == ("first", "second"):
            return None
        if (forth, back) == ("second", "first"):
            return AGAINST
        return FLIPPED if forth == back != "tie" else TIE

    def _better(self, first: Row, second: Row) -> Generator[Request, Answer, str]:
        """Which of the two answers a model finds better: first, second or tie."""
        (question, one), (_, other) = asked_and_answered(first), asked_and_answered(second)
        answers = [_quoted({**first, "messages": turns, "tools": None}) for turns in (one, other)]
        prompt = rendered(
            self.template(),
            conversation=_quoted({**first, "messages": question}),
            reference=first.get(REFERENCE),
            answers=answers,
        )
        request = Request(
            model=self.model,
            messages=({"role": "user", "content": prompt},),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            chosen=self.chosen,
        )
        found: str = yield from ask_structured(request, SCHEMA, _read)
        return found


def _quoted(row: Row) -> str:
    """The turns of a row in quoted lines, the tools first, without what was thought; its system prompt is a turn."""
    return quoted_turns({**row, "system": None}, reasoning=False)


def _read(verdict: Any) -> str:
    """Which is better. Raises `ValueError` in words for the model."""
    better = verdict.get("better") if isinstance(verdict, Mapping) else None
    said = better.strip().lower() if isinstance(better, str) else better
    if said not in BETTER:
        raise ValueError(f"better must be one of {', '.join(BETTER)}, not {better!r}")
    return str(said)
