"""The verdicts that stand: of each reviewer the last one over each row and text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hfsft.verdicts.one_verdict import Verdict

ByReviewer = Mapping[str, Verdict]
"""What each reviewer says of one text of one row, in the order in which they said so."""
_NOBODY: ByReviewer = {}


class Verdicts:
    """What stands of many verdicts, given in the order of their lines."""

    def __init__(self, verdicts: Iterable[Verdict] = (), told: Iterable[str] = ()) -> None:
        self.standing: dict[tuple[str, str], dict[str, Verdict]] = {}
        self.told = list(told)  # what is odd about their file, with places
        self.changed = 0  # verdicts that their reviewers replaced by another, without taking them back first
        self._reviewers: dict[str, None] = {}
        for verdict in verdicts:
            self.add(verdict)

    def add(self, verdict: Verdict) -> None:
        """Let one more stand; one without a verdict takes back what its reviewer said of the text before."""
        self._reviewers.setdefault(verdict.reviewer)
        said = self.standing.setdefault(verdict.key, {})
        former = said.pop(verdict.reviewer, None)
        if verdict.verdict is not None:
            self.changed += former is not None
            said[verdict.reviewer] = verdict
        elif not said:
            del self.standing[verdict.key]

    def of(self, row: str, content: str) -> ByReviewer:
        """What each reviewer says of a text of a row."""
        return self.standing.get((row, content), _NOBODY)

    @property
    def reviewers(self) -> list[str]:
        """Everybody who ever said something, in the order of their first lines."""
        return list(self._reviewers)

    def __len__(self) -> int:
        return sum(map(len, self.standing.values()))
