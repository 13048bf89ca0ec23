"""What reviewers are asked, and what they may answer: the page's fields of a verdict as one that is kept, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, cast

from hfsft.errors import ArgumentError
from hfsft.plain import plain
from hfsft.review.criteria import PeoplesCriterion
from hfsft.review.reviewing import VerdictFields
from hfsft.review.walk import Stop
from hfsft.verdicts import REASONS, WORDS, Verdict

_AS_KEPT = ("reason", "note", "edit", "seconds")


@dataclass(frozen=True)
class Asked:
    """What reviewers are asked."""

    name: str  # of what is reviewed
    criteria: tuple[PeoplesCriterion, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=lambda: dict(REASONS))  # with what each means
    guidelines: str = ""
    at_most: float | None = None  # the bound of the error rate, where there is one


def checked(fields: VerdictFields, stop: Stop, asked: Asked, reviewer: str) -> Verdict:
    """What the page says, as a verdict. Raises `ArgumentError` for what no verdict may say."""
    word = fields.get("verdict")
    if word not in WORDS:
        raise ArgumentError(f"a verdict is one of {', '.join(WORDS)}, not {plain(str(word), 60)}")
    reason = fields.get("reason") or None
    if reason is not None and reason not in asked.reasons:
        raise ArgumentError(f"no reason is called {plain(str(reason), 60)}: {', '.join(asked.reasons)}")
    criteria = {criterion.name: criterion for criterion in asked.criteria}
    scores = fields.get("scores") or {}
    for name, score in scores.items():
        if name not in criteria or not criteria[name].takes(score):
            raise ArgumentError(f"{plain(str(name), 60)}: {plain(str(score), 60)} is no score on the scale")
    return Verdict(
        row=stop.row.id,
        content=stop.row.content,
        reviewer=reviewer,
        at=now(),
        verdict=word,
        reason=reason,
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
