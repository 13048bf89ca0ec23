"""Verdicts that are taken over from another file: those that are new, of rows that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from hfsft.review.drawn.reviewed_rows import ReviewedRows
from hfsft.verdicts import Verdict, VerdictFile


@dataclass(frozen=True)
class TakenOver:
    """What became of the verdicts of a file."""

    new: int
    known: int  # that stood there already, or a later one of the same reviewer did
    gone: int  # of rows that there are none of
    changed: int  # of other texts than the rows have now; they are kept, and count once a row says that again


def take(verdicts: Sequence[Verdict], rows: ReviewedRows, file: VerdictFile) -> TakenOver:
    """Add verdicts to a file; one that names no text is of the one that the row has now."""
    standing = file.read()
    new = known = gone = changed = 0
    for verdict in verdicts:
        row = rows.by_id.get(verdict.row)
        if row is None:
            gone += 1
            continue
        whole = replace(verdict, content=verdict.content or row.content)
        former = standing.of(*whole.key).get(whole.reviewer)
        if former and (_says(former) == _says(whole) or _time(former.at) > _time(whole.at)):
            known += 1
            continue
        file.append(whole)
        standing.add(whole)
        new += 1
        changed += whole.content != row.content
    return TakenOver(new, known, gone, changed)


def _says(verdict: Verdict) -> tuple[object, ...]:
    return verdict.verdict, verdict.reason or None, dict(verdict.scores), verdict.note or None, dict(verdict.edit)


def _time(at: str) -> datetime:
    """When; of what is no time the beginning of all."""
    try:
        found = datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError:
        return datetime.min.replace(tzinfo=timezone.utc)
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
