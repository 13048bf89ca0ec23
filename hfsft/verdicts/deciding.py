"""What becomes of a row by all that its reviewers say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hfsft.verdicts.all_verdicts import ByReviewer
from hfsft.verdicts.one_verdict import ACCEPT, REJECT, Verdict
from hfsft.verdicts.reasons import OTHER

DISPUTED = "disputed"
"""The reason of a row that falls because as many accept it as reject it."""


@dataclass(frozen=True)
class Decision:
    """What becomes of a row."""

    what: Literal["accept", "reject", "edit"]
    reason: str = ""  # of a rejected row
    note: str = ""  # what its reviewer wrote beside that, or beside the edit
    edit: Mapping[str, Any] | None = None  # of an edited row: what its columns shall say
    disputed: bool = False  # whether some accept it and some reject it
    edits_differ: bool = False  # whether reviewers gave it different texts

    @property
    def wrong(self) -> bool:
        """Whether something was wrong with the row as it was."""
        return self.what != ACCEPT


def decided(by_reviewer: ByReviewer) -> Decision | None:
    """What becomes of a row by the verdicts of its reviewers; None where nobody says more than that they skip it.

    The majority decides; a row that as many accept as reject falls, with the reason `disputed`. An edit accepts the new
    text: where the row stays, the last edit stands, whoever accepts the text as it was. Of several reasons the one that
    most give stands. Which is the last is told by the time, then by the reviewer's name, never by the order of lines.
    """
    said = sorted(by_reviewer.values(), key=lambda each: (each.at, each.reviewer))
    accepts = [each for each in said if each.verdict == ACCEPT]
    rejects = [each for each in said if each.verdict == REJECT]
    if not accepts and not rejects:
        return None
    disputed = bool(accepts and rejects)
    if len(rejects) >= len(accepts):
        reason, note = _why(rejects)
        return Decision("reject", DISPUTED if len(rejects) == len(accepts) else reason, note, disputed=disputed)
    edits = [each for each in accepts if each.edits]
    if not edits:
        return Decision("accept", disputed=disputed)
    last = edits[-1]
    differ = any(dict(each.edit) != dict(last.edit) for each in edits)
    return Decision("edit", note=last.note or "", edit=last.edit, disputed=disputed, edits_differ=differ)


def _why(rejects: list[Verdict]) -> tuple[str, str]:
    """The reason that most give, of several the last, and the last note beside it; `other` where nobody gives one."""
    given = Counter(each.reason for each in rejects if each.reason)
    most = max(given.values(), default=0)
    reason = next((each.reason for each in reversed(rejects) if each.reason and given[each.reason] == most), OTHER)
    return reason, next((each.note for each in reversed(rejects) if (each.reason or OTHER) == reason and each.note), "")
