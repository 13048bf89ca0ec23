"""What the page knows of a review: the rows that wait, what each says, and how a verdict is kept.

The server calls one method at a time, in a thread that is not its loop's, so that a write may take its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict

from hfsft.errors import UserError


class ChangedRowError(UserError):
    """The row says something else than the text that the verdict is about."""


class UnknownRowError(UserError):
    """No row of that id is to be reviewed, or it is gone."""


class AskedCriterion(TypedDict):
    """A criterion by which people score."""

    name: str
    question: str
    levels: Mapping[str, str]  # what scores mean, of some or all of them
    scale: tuple[int, int] | list[int]  # the lowest and the highest score, both whole


class VerdictFields(TypedDict, total=False):
    """What one reviewer says of one row, as `NAME.review.jsonl` has it; `verdict` is always there when it is kept."""

    verdict: Literal["accept", "reject", "skip"]
    reason: str  # of a row that is rejected
    scores: dict[str, int]  # by the name of the criterion
    note: str
    edit: dict[str, Any]  # column -> what it shall say, of a row that is accepted so
    seconds: float  # that it was looked at
    saw_scores: bool  # the judge's scores were shown before the verdict was given


class QueuedRow(TypedDict):
    """A row of the queue, without what it says."""

    id: str
    content: str  # `hfsft.rows.views.content`
    title: str  # the first words of it
    why: str  # why it is looked at: of the random sample, or why it deserves eyes
    verdict: VerdictFields | None  # the reviewer's own that stands


class JudgeScore(TypedDict):
    """What the judge gave a row by one criterion."""

    name: str
    value: Any  # a number, or words
    reason: str


class ReviewProgress(TypedDict):
    """How far the reviewer is."""

    done: int  # of the rows below, those that have a verdict, skipped ones among them
    of: int  # rows that are to be looked at by the reviewer
    accepted: int
    edited: int
    rejected: int
    skipped: int
    told: str  # the error rate so far, or what else is worth a line; may be empty


class Reviewing(Protocol):
    """A review of one set of rows by one reviewer."""

    name: str  # of what is reviewed
    reviewer: str
    criteria: Sequence[AskedCriterion]
    reasons: Mapping[str, str]  # for which rows are rejected, and what each means; may be empty
    guidelines: str  # Markdown; may be empty

    def queue(self) -> Sequence[QueuedRow]:
        """The rows in the order in which they are to be looked at, those with a verdict among them."""

    def following(self, id: str | None) -> str | None:
        """The next row behind this one (None: the first) that waits for this reviewer, going on from the start.

        None where no other row waits. Rows that somebody else has judged meanwhile, and that one pair of eyes
        suffices for, wait no longer.
        """

    def found(self, words: Sequence[str]) -> Sequence[str]:
        """The ids, in the order of the queue, of the rows in whose texts all words stand, in any case."""

    def row(self, id: str) -> Mapping[str, Any]:
        """The row as `hfsft.review.row_view.review_row` shows it. Raises `UnknownRowError`."""

    def scores(self, id: str) -> Sequence[JudgeScore]:
        """What the judge gave it; empty for nothing. Raises `UnknownRowError`."""

    def keep(self, id: str, content: str, fields: VerdictFields) -> None:
        """Write the verdict; it is on disk when this returns.

        Raises `ChangedRowError`, `UnknownRowError`, or `OSError` and `UserError` where it could not be written.
        """

    def undo(self) -> tuple[str, VerdictFields] | None:
        """Take the reviewer's last verdict back: the row's id and what was said of it; None where there is none."""

    def progress(self) -> ReviewProgress:
        """How far the reviewer is."""
