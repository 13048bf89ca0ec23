"""What one person says of one row, as a line of a verdict file.

{"row": "5f0c…", "content": "91aa…", "reviewer": "ann", "at": "2026-11-26T12:00:00Z", "verdict": "accept"}
{"row": "77b1…", "content": "0e4d…", "reviewer": "ann", "at": "…", "verdict": "reject", "reason": "wrong_answer"}
{"row": "77b1…", "content": "0e4d…", "reviewer": "ann", "at": "…", "verdict": null}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any, Literal, cast

from hfsft.plain import plain

Word = Literal["accept", "reject", "skip"]
ACCEPT, REJECT, SKIP = "accept", "reject", "skip"
WORDS = (ACCEPT, REJECT, SKIP)
_NEEDED = ("row", "content", "reviewer", "at", "verdict")


@dataclass(frozen=True)
class Verdict:
    """What one person says of one row, as its text was then.

    `verdict` None takes back what the reviewer said of it before. An `edit` says what columns of the row shall say; it
    counts where the verdict is to accept: of the new text.
    """

    row: str  # its id
    content: str  # the hash of what it said, as `hfsft.rows.views.content` gives it
    reviewer: str
    at: str  # when, as ISO 8601 in UTC
    verdict: Word | None
    reason: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    note: str | None = None
    edit: Mapping[str, Any] = field(default_factory=dict)
    drawn: str | None = None  # why the row was shown: sample, overlap, or what about it deserves eyes
    seconds: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)  # what else stood in the line

    @property
    def edits(self) -> bool:
        """Whether it gives the row another text."""
        return self.verdict == ACCEPT and bool(self.edit)

    @property
    def key(self) -> tuple[str, str]:
        """The row, and the text of it that was looked at."""
        return self.row, self.content

    def to_line(self) -> str:
        """The verdict as one line of JSON, without the break at its end; what says nothing is left out."""
        said = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "more"}
        known = {name: value for name, value in said.items() if name == "verdict" or value not in (None, {}, "")}
        whole = {**known, **{name: value for name, value in self.more.items() if name not in said}}
        line = json.dumps(whole, ensure_ascii=False, allow_nan=False)
        try:
            line.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which a browser may send
            return json.dumps(whole, allow_nan=False)
        return line

    @classmethod
    def from_line(cls, text: str) -> Verdict:
        """The verdict in a line. Raises `ValueError` with what is wrong with it."""
        try:
            said = json.loads(text, parse_constant=_no_number)
        except RecursionError:
            raise ValueError("is nested too deeply") from None
        except ValueError as error:
            raise ValueError(f"is not JSON: {error}") from None
        if not isinstance(said, dict):
            raise ValueError("is not a JSON object")
        if lacks := [name for name in _NEEDED if name not in said]:
            raise ValueError(f"lacks {', '.join(lacks)}")
        for name, (fits, wanted) in _KINDS.items():
            value = said.get(name)
            if value is None and name not in _NEEDED:
                said.pop(name, None)
            elif not fits(value):
                raise ValueError(f"{name} is {wanted}, not {plain(json.dumps(value, ensure_ascii=False), 60)}")
        known = {each.name for each in fields(cls)} - {"more"}
        more = {name: value for name, value in said.items() if name not in known}
        return cls(**cast("dict[str, Any]", {name: said[name] for name in said if name in known}), more=more)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _named(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _scores(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_number, value.values()))


_KINDS = {
    **dict.fromkeys(("row", "content", "reviewer", "at"), (_named, "a text")),
    "verdict": (lambda value: value is None or value in WORDS, f"one of {', '.join(WORDS)}, or null to take one back"),
    **dict.fromkeys(("reason", "note", "drawn"), (_text, "a text")),
    "scores": (_scores, "a mapping from criteria to numbers"),
    "edit": (lambda value: isinstance(value, dict), "a mapping from columns to what they shall say"),
    "seconds": (_number, "a number"),
}
