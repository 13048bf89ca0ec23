"""What people give scores by: the judge's criteria and scale, as the recipe of a build says them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfsft.review.reviewing import AskedCriterion

QUALITY = "quality"
USUAL = (1, 5)


@dataclass(frozen=True)
class PeoplesCriterion:
    """One criterion: its question, what scores mean, and between which whole numbers people choose.

    Of a checklist people say how many of its questions are answered yes; what is kept is their share, as the judge's
    score is.
    """

    name: str
    question: str
    levels: Mapping[int, str] = field(default_factory=dict)
    low: int = USUAL[0]
    high: int = USUAL[1]
    questions: int = 0  # of a checklist

    def asked(self) -> AskedCriterion:
        """The criterion as the page reads it."""
        levels = {str(score): text for score, text in sorted(self.levels.items())}
        return {"name": self.name, "question": self.question, "levels": levels, "scale": (self.low, self.high)}

    def kept(self, score: float) -> float:
        """What is kept of a score that was chosen."""
        return score / self.questions if self.questions else score

    def chosen(self, kept: float) -> int:
        """The score that was chosen for what is kept; of one from elsewhere the nearest."""
        return round(kept * self.questions) if self.questions else round(kept)

    def takes(self, score: Any) -> bool:
        """Whether that is a score on the scale, a whole number."""
        if isinstance(score, bool) or not isinstance(score, int | float):
            return False
        return self.low <= score <= self.high and score == int(score)


def criteria_of(recipe: Mapping[str, Any], *, quality: bool = False) -> tuple[PeoplesCriterion, ...]:
    """The criteria of a recipe's judge; without one none, or with `quality` one of that name from 1 to 5."""
    found = tuple(_judged(recipe.get("judge")))
    if found or not quality:
        return found
    return (PeoplesCriterion(QUALITY, "How good is it, all in all?"),)


def _judged(judge: Any) -> Iterator[PeoplesCriterion]:
    rubric = judge.get("rubric") if isinstance(judge, Mapping) else None
    low, high = judge.get("scale") or USUAL if rubric else USUAL
    for name, said in rubric.items() if isinstance(rubric, Mapping) else ():
        asks: Mapping[str, Any] = said if isinstance(said, Mapping) else {"question": str(said)}
        listed = [str(question) for question in asks.get("checklist") or ()]
        question = str(asks.get("question") or "")
        if listed:
            lines = [f"{number}. {each}" for number, each in enumerate(listed, 1)]
            asked = "\n".join(filter(None, [question, "How many of these are answered yes?", *lines]))
            yield PeoplesCriterion(str(name), asked, {}, 0, len(listed), len(listed))
        else:
            told = asks.get("levels")
            levels = {int(score): str(text) for score, text in told.items()} if isinstance(told, Mapping) else {}
            yield PeoplesCriterion(str(name), question, levels, int(low), int(high))
