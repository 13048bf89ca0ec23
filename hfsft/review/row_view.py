"""One row as a reviewer sees it: all that it says, what changed since it was another row, and nothing of the judge's.

What a judge gave, and at which rule a row fell, is told apart, so that nobody sees it before their own verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from hfsft.release.report.page_data import NOTHING, shown_row
from hfsft.review.edited_texts import editable
from hfsft.rows.columns import LEDGER, REASON, REFERENCE, SCORE, Column, first_of, named
from hfsft.rows.views import WHOLE
from hfsft.similarity.changes import Part, changes

if TYPE_CHECKING:
    from hfsft.review.reviewing import JudgeScore

COMPARED = ("system", "instruction", "response")
ROW_TEXTS = "row_texts"
"""What the server alone is to know of a row that is shown: its texts as they are, for edits of them."""


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
    compared = list(_compared(row, parent))
    beside = {each["title"] for each in compared}
    return {
        **{name: value for name, value in shown.items() if name not in judged},
        "about": {name: value for name, value in shown["about"].items() if name not in beside},
        "measures": measures,
        "compared": compared,
        "editable": editable(row),
        ROW_TEXTS: {name: row.get(name) for name in WHOLE},
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


def _compared(row: Mapping[str, Any], parent: Mapping[str, Any] | None) -> Iterator[Comparison]:
    """What differs; of a row that asks something else than its parent, the answer is not compared with that one's."""
    for name in COMPARED:
        now = row.get(name) or ""
        asks_same = parent is not None and parent.get("instruction") == row.get("instruction")
        of_parent = parent.get(name) if parent and (asks_same or name != "response") else None
        others = {f"{name} of the row that it was made from": of_parent}
        others[f"{name} before it was rewritten"] = row.get(first_of(name))
        if name == "response":
            others[REFERENCE] = row.get(REFERENCE)
        for title, text in others.items():
            if text and now and text != now:
                yield {"title": title, "text": text, "parts": changes(text, now)}
