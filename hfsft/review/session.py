"""One reviewer's session: serves the rows of a walk, and keeps what is said of them in the verdict file.

What others append meanwhile is read before every answer, so that two who review at once share the work, and neither is
shown what the other said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hfsft.plain import plain
from hfsft.review.drawn.kinds_shown import DISPUTED
from hfsft.review.drawn.reviewed_rows import Candidate, ReviewedRows
from hfsft.review.drawn.reviewer_walk import Draw, Stop
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
from hfsft.review.said.review_questions import ReviewQuestions, fields_of, now, verdict_of
from hfsft.review.said.summary import summed_up
from hfsft.rows.columns import CONTENT
from hfsft.rows.views import said
from hfsft.verdicts import ACCEPT, REJECT, SKIP, Verdict, VerdictFile, Verdicts
from hfsft.verdicts.error_rate import OVERLAP, RANDOM

if TYPE_CHECKING:
    from hfsft.verdicts.all_verdicts import ByReviewer

TITLE = 90  # characters of a row that the list shows

CHANGED = "its text has changed since you looked at it"


@dataclass
class Session:
    """A review by one person, see `hfsft.review.reviewing.Reviewing`."""

    rows: ReviewedRows
    draw: Draw
    file: VerdictFile
    reviewer: str
    asked: ReviewQuestions
    _verdicts: Verdicts = field(init=False)
    _queued: list[Stop] | None = field(init=False, default=None)  # None where a verdict came since
    _undo: list[tuple[Stop, Verdict | None]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.name, self.guidelines = self.asked.name, self.asked.guidelines
        self.criteria: Sequence[AskedCriterion] = [criterion.asked() for criterion in self.asked.criteria]
        self.reasons: Mapping[str, str] = self.asked.reasons
        self._verdicts = self.file.read()
        self._count_as_sample()

    def queue(self) -> Sequence[QueuedRow]:
        """The rows in the order in which they are to be looked at, those with a verdict among them."""
        stops, changed = self._shown(), self._changed()
        return [
            {
                "id": stop.row.id,
                "content": stop.row.content,
                "title": self._titles[stop.row.place],
                "why": "; ".join(filter(None, [CHANGED if stop.row.id in changed else "", stop.why])),
                "verdict": fields_of(self._mine(stop.row), self.asked.criteria),
            }
            for stop in stops
        ]

    def following(self, id: str | None) -> str | None:
        """The next row behind this one that waits, going on from the start; None where no other does."""
        stops = self._shown()
        ids = [stop.row.id for stop in stops]
        start = ids.index(id) + 1 if id in ids else 0
        turned = stops[start:] + stops[:start]
        return next((stop.row.id for stop in turned if stop.row.id != id and self._mine(stop.row) is None), None)

    def found(self, words: Sequence[str]) -> Sequence[str]:
        """The ids, in the order of the queue, of the rows in whose texts all words stand, in any case."""
        wanted = [word.casefold() for word in words]
        return [stop.row.id for stop in self._shown() if all(word in self._texts[stop.row.id] for word in wanted)]

    def row(self, id: str) -> Mapping[str, Any]:
        """The row as the page shows it, beside the one that it grew from. Raises `UnknownRowError`."""
        stop = self._stop(id)
        row = self._read(stop.row)
        parent = self.rows.by_id.get(row.get("parent_id") or "")
        shown = review_row(row, self.rows.registry, parent=self._read(parent) if parent else None)
        return {**shown, CONTENT: stop.row.content}

    def scores(self, id: str) -> Sequence[JudgeScore]:
        """What the judge gave it; empty for nothing. Raises `UnknownRowError`."""
        return judge_scores(self._read(self._stop(id).row), self.rows.registry)

    def keep(self, id: str, content: str, fields: VerdictFields) -> None:
        """Write the verdict; it is on disk when this returns.

        Raises `UnknownRowError`, `ChangedRowError` where the row says something else than what was looked at, `OSError`
        where it cannot be written.
        """
        stop = self._stop(id)
        if stop.row.content != content:
            raise ChangedRowError(f"row {id} says something else now: look at it again")
        verdict = verdict_of(fields, stop, self.asked, self.reviewer)
        self._undo.append((stop, self._mine(stop.row)))
        try:
            self._write(verdict)
        except BaseException:
            self._undo.pop()
            raise

    def undo(self) -> tuple[str, VerdictFields] | None:
        """Take the reviewer's last verdict back: the row's id and what was said of it; None where there is none.

        What they had said of the row before stands again. Of verdicts of earlier sessions the last is taken back.
        """
        self._refresh()
        if self._undo:
            stop, former = self._undo[-1]
        elif last := self._last():
            stop, former = last, None
        else:
            return None
        mine = self._mine(stop.row)
        self._write(replace(former or self._empty(stop), at=now()))
        if self._undo:
            self._undo.pop()
        return stop.row.id, fields_of(mine, self.asked.criteria) or {}

    def progress(self) -> ReviewProgress:
        """How far the reviewer is."""
        mine = [verdict for stop in self._shown() if (verdict := self._mine(stop.row)) is not None]
        edited = sum(verdict.edits for verdict in mine)
        words: list[str | None] = [verdict.verdict for verdict in mine]
        return {
            "done": len(mine),
            "of": len(self._shown()),
            "accepted": words.count(ACCEPT) - edited,
            "edited": edited,
            "rejected": words.count(REJECT),
            "skipped": words.count(SKIP),
            "told": summed_up(self.rows, self.draw, self._verdicts, self.asked.at_most).rate_told,
        }

    def _empty(self, stop: Stop) -> Verdict:
        """What takes a verdict back."""
        return Verdict(stop.row.id, stop.row.content, self.reviewer, now(), None)

    def _write(self, verdict: Verdict) -> None:
        self.file.append(verdict)
        self._add(verdict)

    def _refresh(self) -> None:
        for verdict in self.file.fresh():
            self._add(verdict)

    def _add(self, verdict: Verdict) -> None:
        self._verdicts.add(verdict)
        self._queued = None

    def _count_as_sample(self) -> None:
        """Let rows of the sample count that this reviewer judged before they were in it, as rows that deserve eyes."""
        drawn = {stop.row: stop.drawn for stop in self._walk if stop.drawn in RANDOM}
        for row, why in drawn.items():
            mine = self._mine(row)
            if mine is not None and mine.drawn not in RANDOM:
                self._write(replace(mine, drawn=why))

    @cached_property
    def _walk(self) -> list[Stop]:
        return self.draw.walk(self.reviewer)

    def _shown(self) -> list[Stop]:
        """The rows that wait for this reviewer or that they have judged, none twice."""
        self._refresh()
        if self._queued is None:
            found = {stop.row.id: stop for stop in reversed(self._walk) if self._waits(stop)}
            self._queued = [stop for stop in self._walk if found.get(stop.row.id) is stop]
        return self._queued

    def _waits(self, stop: Stop) -> bool:
        by_reviewer = self._of(stop.row)
        if stop.drawn in (OVERLAP, DISPUTED) or self.reviewer in by_reviewer:
            return True
        return all(verdict.verdict == SKIP for verdict in by_reviewer.values())

    def _of(self, row: Candidate) -> ByReviewer:
        return self._verdicts.of(row.id, row.content)

    def _mine(self, row: Candidate) -> Verdict | None:
        return self._of(row).get(self.reviewer)

    def _changed(self) -> set[str]:
        """The ids of rows of which this reviewer judged another text."""
        judged = (key for key, by_reviewer in self._verdicts.standing.items() if self.reviewer in by_reviewer)
        return {row_id for row_id, text in judged if (row := self.rows.by_id.get(row_id)) and row.content != text}

    def _last(self) -> Stop | None:
        """The row that this reviewer said something of last."""
        mine = [(verdict.at, stop) for stop in self._walk if (verdict := self._mine(stop.row)) is not None]
        return max(mine, key=lambda each: each[0])[1] if mine else None

    def _stop(self, id: str) -> Stop:
        stop = self._stops.get(id)
        if stop is None:
            raise UnknownRowError(f"no row {plain(id, 40)} is to be reviewed")
        return stop

    def _read(self, row: Candidate) -> Mapping[str, Any]:
        """All that a row says. Raises `ChangedRowError` where its build was written anew meanwhile."""
        found = self.rows.read([row.place]).get(row.place, {})
        if found.get("id") != row.id or (found.get(CONTENT) or row.content) != row.content:
            raise ChangedRowError(f"{self.rows.where} was built anew: end this, and start hfsft review again")
        return found

    @cached_property
    def _stops(self) -> dict[str, Stop]:
        return {stop.row.id: stop for stop in reversed(self._walk)}

    @cached_property
    def _titles(self) -> dict[int, str]:
        rows = self.rows.read([stop.row.place for stop in self._walk], ("id", "instruction", "response"))
        return {
            place: plain(row.get("instruction") or row.get("response") or row["id"], TITLE)
            for place, row in rows.items()
        }

    @cached_property
    def _texts(self) -> dict[str, str]:
        """All that each row says, in small letters."""
        rows = self.rows.read([stop.row.place for stop in self._walk])
        return {str(row["id"]): "\n".join(each.text for each in said(row)).casefold() for row in rows.values()}
