"""What the page sends as a verdict, checked: it comes from a browser, and goes to a file that a recipe rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite
from typing import Any, cast, get_args, get_type_hints

from hfsft.plain import plain
from hfsft.review.reviewing import AskedCriterion, VerdictFields

WORDS: tuple[str, ...] = get_args(get_type_hints(VerdictFields)["verdict"])
LONGEST_NOTE = 20_000
SENT = frozenset(VerdictFields.__annotations__) - {"saw_scores"}
"""What the page may send; what was shown before is known to the server alone."""


def checked(
    sent: Any, criteria: Sequence[AskedCriterion], reasons: Collection[str], editable: Collection[str]
) -> VerdictFields:
    """The fields of a verdict, without those that say nothing. Raises `ValueError` with what is wrong."""
    if not isinstance(sent, dict):
        raise ValueError("a verdict is a JSON object")
    if unknown := sorted(sent.keys() - SENT):
        raise ValueError(f"a verdict has no {plain(unknown[0], 40)} (it has {', '.join(sorted(SENT))})")
    verdict = sent.get("verdict")
    if verdict not in WORDS:
        raise ValueError(f"verdict is one of {', '.join(WORDS)}")
    found: dict[str, Any] = {
        "verdict": verdict,
        "reason": _reason(sent.get("reason"), verdict, reasons),
        "scores": _scores(sent.get("scores"), {each["name"]: each["scale"] for each in criteria}),
        "note": _text("note", sent.get("note"), LONGEST_NOTE).strip(),
        "edit": _edit(sent.get("edit"), verdict, editable),
        "seconds": _seconds(sent.get("seconds")),
    }
    return cast("VerdictFields", {name: value for name, value in found.items() if value not in (None, "", {})})


def _reason(reason: Any, verdict: str, reasons: Collection[str]) -> str | None:
    if verdict != "reject":
        if reason:
            raise ValueError("only a row that is rejected has a reason")
        return None
    if reasons and not (isinstance(reason, str) and reason in reasons):
        raise ValueError(f"reason is one of {', '.join(reasons)}")
    return reason if reasons else None


def _scores(scores: Any, scales: Mapping[str, Sequence[int]]) -> dict[str, int]:
    if scores is None:
        return {}
    if not isinstance(scores, dict):
        raise ValueError("scores is a mapping from criteria to numbers")
    for name, score in scores.items():
        if name not in scales:
            raise ValueError(f"there is no criterion {plain(name, 40)} (there are {', '.join(scales) or 'none'})")
        low, high = scales[name]
        if type(score) is not int or not low <= score <= high:
            raise ValueError(f"the score of {name} is a whole number from {low} to {high}")
    return scores


def _edit(edit: Any, verdict: str, editable: Collection[str]) -> dict[str, str]:
    if not edit:
        return {}
    if not isinstance(edit, dict) or (unknown := sorted(edit.keys() - set(editable))):
        named = f" and not {plain(unknown[0], 40)}" if isinstance(edit, dict) else ""
        raise ValueError(f"an edit says anew what {', '.join(editable)} of the row shall say{named}")
    if verdict != "accept":
        raise ValueError("an edited row is accepted as it is then: take the edit back to reject or skip the row")
    return {name: _text(name, text) for name, text in edit.items()}


def _text(name: str, text: Any, longest: int | None = None) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ValueError(f"{name} is a text")
    if longest is not None and len(text) > longest:
        raise ValueError(f"the {name} is longer than {longest:,} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the {name} holds half of a character, which no file can hold") from None
    return text


def _seconds(seconds: Any) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds) or seconds < 0:
        raise ValueError("seconds is a number of at least 0")
    return round(float(seconds), 1)
