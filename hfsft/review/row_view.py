"""One row as a reviewer sees it: all that it says, what changed since it was another row, and nothing of the judge's.

What a judge gave, and at which rule a row fell, is told apart, so that nobody sees it before their own verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from hfsft.release.report.page_data import NOTHING, shown_row
from hfsft.review.changes import Part, changes
from hfsft.rows.columns import LEDGER, REASON, REFERENCE, SCORE, Column, first_of, named
from hfsft.rows.views import own_turns

if TYPE_CHECKING:
    from hfsft.review.reviewing import JudgeScore

COMPARED = ("system", "instruction", "response")
EDITABLE = ("system", "instruction", "context", "reasoning", "response")
"""Texts that a reviewer may write anew, in the order of the page; of a row with turns of its own the first and last."""
IN_TURNS = ("system", "response")


class Comparison(TypedDict):
    """A text of the row beside the one that it was made from, or is to say the same as."""

    title: str
    text: str  # the other one
    parts: list[Part] | None  # None where both have too little in common


def review_row(
    row: Mapping[str, Any], registry: Mapping[str, Column], *, parent: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The row as the page shows it before a verdict; `parent` is the row that it grew from or rewrites."""
    shown = shown_row(row, "", registry, longest=None)
    judged = {"fate", *LEDGER, *named(registry, "score")}
    measures = {name: value for name, value in shown["measures"].items() if name not in judged}
    return {
        **{name: value for name, value in shown.items() if name not in judged},
        "measures": measures,
        "compared": list(_compared(row, parent)),
        "editable": {name: row.get(name) or "" for name in _editable(row)},
    }


def judge_scores(row: Mapping[str, Any], registry: Mapping[str, Column]) -> list[JudgeScore]:
    """What judges gave the row, each with the reason where there is one."""
    found = {name: row.get(name) for name in named(registry, "score")}
    return [
        {
            "name": name.removeprefix(SCORE).replace("_", " "),
            "value": value,
            "reason": found.get(f"{REASON}{name.removeprefix(SCORE)}") or "",
        }
        for name, value in found.items()
        if value not in NOTHING and not name.startswith(REASON)
    ]


def _editable(row: Mapping[str, Any]) -> Iterator[str]:
    within = IN_TURNS if own_turns(row) else EDITABLE
    yield from (name for name in within if row.get(name) or name == "response")


def _compared(row: Mapping[str, Any], parent: Mapping[str, Any] | None) -> Iterator[Comparison]:
    for name in COMPARED:
        now = row.get(name) or ""
        others = {f"{name} of the row that it was made from": (parent or {}).get(name)}
        others[f"{name} before it was rewritten"] = row.get(first_of(name))
        if name == "response":
            others[REFERENCE] = row.get(REFERENCE)
        for title, text in others.items():
            if text and now and text != now:
                yield {"title": title, "text": text, "parts": changes(text, now)}
