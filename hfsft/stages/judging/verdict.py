"""A judge's verdict on one row: what is asked, in which shape, and what is read of the answer."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hfsft.models.model import Answer, Request
from hfsft.models.structured import Rounding
from hfsft.models.structured import ask as ask_structured
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.stages.base import rendered
from hfsft.stages.judging.anchors import Anchor
from hfsft.stages.judging.prompt import material


class Grade(NamedTuple):
    """What a judge says of a row by one criterion."""

    score: float
    reason: str = ""


@dataclass(frozen=True)
class Grader:
    """One model as a judge: all that a verdict depends on beside the row."""

    model: str  # the name under `models:`
    rubric: Mapping[str, str]  # criterion -> its question
    low: int
    high: int
    anchors: Sequence[Anchor]
    prompt: Prompt
    temperature: float | None
    max_tokens: int
    rounding: Rounding
    reasoning: bool  # whether it sees what was thought before an answer
    chosen: frozenset[str]

    def grade(self, row: Row) -> Generator[Request, Answer, dict[str, Grade]]:
        """Ask for the grades of a row. Raises `AnswerError("unreadable")` for a verdict that cannot be read."""
        request = Request(
            model=self.model,
            messages=({"role": "user", "content": self.render(row)},),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            chosen=self.chosen,
        )
        found = yield from ask_structured(request, self.schema(), self._check, rounding=self.rounding)
        return found

    def render(self, row: Row) -> str:
        """What the judge is asked about a row: all its turns, the tools that there are, and what was thought.

        Outside of quoted lines it is the same for all rows that have as many turns of the same kinds.
        """
        return rendered(
            self.prompt,
            rubric=self.rubric,
            low=self.low,
            high=self.high,
            **material(row, self.anchors, reasoning=self.reasoning),
        )

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a verdict: for each criterion first the reason, then the score."""
        verdict = {
            "type": "object",
            "properties": {
                "reason": {"type": "string"},
                "score": {"type": "integer", "minimum": self.low, "maximum": self.high},
            },
            "required": ["reason", "score"],
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "properties": dict.fromkeys(self.rubric, verdict),
            "required": list(self.rubric),
            "additionalProperties": False,
        }

    def _check(self, verdict: Any) -> dict[str, Grade]:
        """The grade of each criterion. Raises `ValueError` in words for the judge."""
        low, high = self.low, self.high
        found = {}
        for name in self.rubric:
            entry = verdict.get(name) if isinstance(verdict, Mapping) else None
            if not isinstance(entry, Mapping) or "score" not in entry:
                raise ValueError(f"{name} has no score")
            score = entry["score"]
            if isinstance(score, bool) or not isinstance(score, int | float) or score != int(score):
                raise ValueError(f"the score of {name} must be a whole number from {low} to {high}, not {score!r}")
            if not low <= score <= high:
                raise ValueError(f"the score of {name} must be from {low} to {high}, not {score!r}")
            found[name] = Grade(float(score), str(entry.get("reason") or ""))
        return found
