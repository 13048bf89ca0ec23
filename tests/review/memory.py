"""A review in memory, of rows that a test makes, and one that fails where it is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hfsft.review.reviewing import (
    AskedCriterion,
    ChangedRowError,
    JudgeScore,
    QueuedRow,
    ReviewProgress,
    UnknownRowError,
    VerdictFields,
)
from hfsft.review.row_view import judge_scores, review_row
from hfsft.rows.columns import COLUMNS, Column, column
from hfsft.rows.row import new_row
from hfsft.rows.views import content, said

CRITERIA: list[AskedCriterion] = [
    {
        "name": "relevance",
        "question": "Does it address what was asked?",
        "levels": {"1": "It is about something else.", "5": "It answers each part."},
        "scale": [1, 5],
    },
    {"name": "usefulness", "question": "Would it help a real person act?", "levels": {}, "scale": [1, 5]},
]
REASONS = {
    "wrong_answer": "What it says is not true, or does not answer the question.",
    "incomplete": "The answer breaks off, or leaves out what was asked.",
    "style": "Its tone or wording is not what the set wants.",
    "other": "Anything else; a note says what.",
}


def a_row(number: int, **said: Any) -> dict[str, Any]:
    """A row whose texts follow from its number, but for what is said."""
    words: dict[str, Any] = {
        "instruction": f"Question {number}: when is order {number * 7} delivered?",
        "response": f"Order {number * 7} comes on day {number % 30 + 1}.",
        "topic": ("delivery", "refund")[number % 2],
        **said,
    }
    own = {name: words.pop(name) for name in list(words) if name not in COLUMNS}
    scores = {
        "score_relevance": 5.0,
        "score_usefulness": float(number % 5 + 1),
        "reason_usefulness": f"Judged {number}.",
    }
    return {**new_row("seed", words), "id": f"{number:016x}", **scores, **own}


class MemoryReviewing:
    """Reviews rows in a list; what is kept stands in `kept`, as lines of a file would."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], reviewer: str = "ann", **own: Any) -> None:
        self.rows = {row["id"]: dict(row) for row in rows}
        self.name, self.reviewer = "shop", reviewer
        self.criteria: Sequence[AskedCriterion] = CRITERIA
        self.reasons: Mapping[str, str] = REASONS
        self.guidelines = ""
        self.why: Mapping[str, str] = {}
        self.parents: Mapping[str, Mapping[str, Any]] = {}
        self.kept: list[tuple[str, str, VerdictFields | None]] = []
        self.fails: Exception | None = None  # what the next `keep` raises
        vars(self).update(own)

    @property
    def registry(self) -> dict[str, Column]:
        names = dict.fromkeys(name for row in self.rows.values() for name in row)
        return {name: column(name, role="kept") for name in names}

    @property
    def standing(self) -> dict[tuple[str, str], VerdictFields | None]:
        return {(row, text): fields for row, text, fields in self.kept}

    def _content(self, id: str) -> str:
        if id not in self.rows:
            raise UnknownRowError(f"no row {id} is to be reviewed")
        return content(self.rows[id]) or ""

    def queue(self) -> Sequence[QueuedRow]:
        standing = self.standing
        return [
            {
                "id": key,
                "content": self._content(key),
                "title": next((each.text[:120] for each in said(row) if each.role == "user"), ""),
                "why": self.why.get(key, "of the random sample"),
                "verdict": standing.get((key, self._content(key))),
            }
            for key, row in self.rows.items()
        ]

    def following(self, id: str | None) -> str | None:
        rows = self.queue()
        place = next((place for place, each in enumerate(rows) if each["id"] == id), -1)
        return next((each["id"] for each in (*rows[place + 1 :], *rows[: place + 1]) if not each["verdict"]), None)

    def found(self, words: Sequence[str]) -> Sequence[str]:
        texts = {key: "\n".join(each.text for each in said(row)).casefold() for key, row in self.rows.items()}
        return [key for key, text in texts.items() if all(word.casefold() in text for word in words)]

    def row(self, id: str) -> Mapping[str, Any]:
        text = self._content(id)
        return {**review_row(self.rows[id], self.registry, parent=self.parents.get(id)), "content": text}

    def scores(self, id: str) -> Sequence[JudgeScore]:
        self._content(id)
        return judge_scores(self.rows[id], self.registry)

    def keep(self, id: str, content: str, fields: VerdictFields) -> None:
        if self.fails:
            failure, self.fails = self.fails, None
            raise failure
        if content != self._content(id):
            raise ChangedRowError(f"row {id} says something else now")
        self.kept.append((id, content, fields))

    def undo(self) -> tuple[str, VerdictFields] | None:
        standing = self.standing
        for key, text, fields in reversed(self.kept):
            if fields and standing[key, text] is fields:
                self.kept.append((key, text, None))
                return key, fields
        return None

    def progress(self) -> ReviewProgress:
        given = [fields for fields in self.standing.values() if fields]
        words = [fields["verdict"] for fields in given]
        edited = sum(bool(fields.get("edit")) for fields in given)
        return {
            "done": len(given),
            "of": len(self.rows),
            "accepted": words.count("accept") - edited,
            "edited": edited,
            "rejected": words.count("reject"),
            "skipped": words.count("skip"),
            "told": "",
        }
