"""What reviewers are asked, and what they answer: the page's fields of a verdict as one that is kept, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, cast

from hfsft.review.drawn.reviewer_walk import Stop
from hfsft.review.reviewing import VerdictFields
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.verdicts import REASONS, Verdict

_AS_KEPT = ("reason", "note", "edit", "seconds")


@dataclass(frozen=True)
class ReviewQuestions:
    """What reviewers are asked."""

    name: str  # of what is reviewed
    criteria: tuple[PeoplesCriterion, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=lambda: dict(REASONS))  # with what each means
    guidelines: str = ""
    at_most: float | None = None  # the bound of the error rate, where there is one


def verdict_of(fields: VerdictFields, stop: Stop, asked: ReviewQuestions, reviewer: str) -> Verdict:
    """What the page says of a row, as a verdict."""
    criteria = {criterion.name: criterion for criterion in asked.criteria}
    scores = fields.get("scores") or {}
    return Verdict(
        row=stop.row.id,
        content=stop.row.content,
        reviewer=reviewer,
        at=now(),
        verdict=fields["verdict"],
        reason=fields.get("reason") or None,
        scores={name: criteria[name].kept(score) for name, score in scores.items()},
        note=fields.get("note") or None,
        edit=dict(fields.get("edit") or {}),
        drawn=stop.drawn,
        seconds=fields.get("seconds"),
        more={"saw_scores": True} if fields.get("saw_scores") else {},
    )


def fields_of(verdict: Verdict | None, criteria: tuple[PeoplesCriterion, ...]) -> VerdictFields | None:
    """A verdict as the page has it; None for none."""
    if verdict is None or verdict.verdict is None:
        return None
    known = {criterion.name: criterion for criterion in criteria}
    scores = {name: known[name].chosen(score) for name, score in verdict.scores.items() if name in known}
    found: dict[str, Any] = {name: value for name in _AS_KEPT if (value := getattr(verdict, name))}
    return cast("VerdictFields", {"verdict": verdict.verdict, **found, **({"scores": scores} if scores else {})})


def now() -> str:
    """The time, as verdicts have it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
