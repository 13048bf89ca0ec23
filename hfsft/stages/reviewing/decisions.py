"""The decisions of a verdict file, by rows and by what these said when they were looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from hfsft.engine.resources import Resource, Work
from hfsft.hashing import digest
from hfsft.rows.columns import TEXTS
from hfsft.rows.reading import edited_row
from hfsft.rows.row import EDITED, child_id
from hfsft.rows.views import content
from hfsft.verdicts import REJECT, Decision, Verdict, VerdictFile, Verdicts, decided
from hfsft.verdicts.error_rate import RANDOM

KIND, KIND_OF_EDITS = "verdicts", "edits"


class DecidedText(NamedTuple):
    """What becomes of one text of a row."""

    decision: Decision
    random: bool  # whether it was drawn at random
    reviewers: tuple[str, ...]  # who decided, as they are called in public


class Decisions:
    """All decisions, by row and by the hash of what it said."""

    def __init__(self, verdicts: Verdicts, *, named: bool = False) -> None:
        self.by_row: dict[str, dict[str, DecidedText]] = {}
        self.verdicts, self.replaced, self.torn = verdicts, verdicts.changed, len(verdicts.told)
        called = {name: name for name in verdicts.reviewers} if named else names_of(verdicts)
        for (row, text), said in sorted(verdicts.standing.items()):
            if (decision := decided(said)) is not None:
                drawn = any(each.drawn in RANDOM for each in said.values())
                who = tuple(sorted(called[each.reviewer] for each in said.values() if each.verdict != "skip"))
                self.by_row.setdefault(row, {})[text] = DecidedText(decision, drawn, who)

    def __iter__(self) -> Iterator[tuple[str, str, DecidedText]]:
        """Row, hash of its text, and what becomes of it."""
        for row, texts in self.by_row.items():
            yield from ((row, text, stand) for text, stand in texts.items())

    def of(self, row: Mapping[str, Any]) -> DecidedText | None:
        """What becomes of a row as it is; None where nobody decided on what it says now."""
        texts = self.by_row.get(row["id"])
        return texts.get(content(row) or "") if texts else None

    def edits(self) -> Decisions:
        """Those alone that give rows another text."""
        found = Decisions(Verdicts())
        for row, text, stand in self:
            if stand.decision.what == "edit":
                found.by_row.setdefault(row, {})[text] = stand
        return found

    def identity(self, *, edits: bool) -> str:
        """A hash of all that rows depend on: of `edits` the texts, else also what falls, for which reason and note."""
        told = []
        for row, text, (decision, *_) in self:
            changed = digest(decision.edit) if decision.edit else ""
            why = (decision.what, decision.reason, decision.note if decision.what == REJECT else "")
            told.append([row, text, changed, *([] if edits else why)])
        return digest(told)


def names_of(verdicts: Verdicts) -> dict[str, str]:
    """What each reviewer is called in public: r1, r2 and so on, in the order of their names."""
    names = sorted(verdicts.reviewers)
    width = len(str(len(names)))
    return {name: f"r{number:0{width}}" for number, name in enumerate(names, 1)}


def verdicts_in(path: Path) -> Verdicts:
    """The verdicts of a file, none where there is none; read once as long as it does not change.

    Raises `SourceError` for a file that holds something else.
    """
    try:
        stat = path.stat()
    except OSError:
        return VerdictFile(path).read()
    return _read(path, stat.st_mtime_ns, stat.st_size, stat.st_ino)


@lru_cache(maxsize=4)
def _read(path: Path, *_: int) -> Verdicts:
    return VerdictFile(path).read()


class DecisionsTold:
    """Loads decisions from verdicts that are told as lines; of `edits` those alone that give rows another text.

    A file to which somebody adds while a build is under way does not change what that build goes by.
    """

    def __init__(self, lines: Sequence[str], *, edits: bool, named: bool, replaced: int = 0, torn: int = 0) -> None:
        self._found = Decisions(Verdicts(map(Verdict.from_line, lines)), named=named)
        self._found.replaced, self._found.torn = replaced, torn
        self._edits = edits

    def identity(self) -> str:
        """A hash of what rows depend on."""
        return self.load().identity(edits=self._edits)

    def load(self) -> Decisions:
        """The decisions."""
        return self._found.edits() if self._edits else self._found


def resource(verdicts: Verdicts, *, edits: bool = False, named: bool = False) -> Resource:
    """The decisions of all verdicts as what a step needs."""
    lines = [each.to_line() for _, said in sorted(verdicts.standing.items()) for _, each in sorted(said.items())]
    told = {"replaced": verdicts.changed, "torn": len(verdicts.told)} if not edits else {}
    work = Work(
        "hfsft.stages.reviewing.decisions:DecisionsTold", {"lines": lines, "edits": edits, "named": named, **told}
    )
    return Resource.of(KIND_OF_EDITS if edits else KIND, work)


def child_of(row: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any] | None:
    """The texts and the lineage of the row that an edit makes of one; None where it changes nothing."""
    said = edited_row.edited(row, edit)
    if content({**row, **said}) == content(row):
        return None
    return {**said, "id": id_of(row["id"], edit), "parent_id": row["id"], "origin": EDITED}


def id_of(row: str, edit: Mapping[str, Any]) -> str:
    """The id of the row that an edit makes of another."""
    return child_id(row, "review", {name: edit[name] for name in TEXTS if name in edit})
