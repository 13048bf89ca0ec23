"""What goes into such a file, whatever its format: rows with what is known of them, and what people said so far."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfsft.errors import Place, SourceError
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.rows.reading import edited_row
from hfsft.verdicts import Verdict

VERDICTS = ("accept", "reject", "skip")
EDIT = "edit_"  # how the name begins of what a text of the row should say
WHOLE_EDIT = "edit"  # an edit that holds more than texts, as JSON
BAD = 20  # faults that are told


@dataclass(frozen=True)
class ReviewTask:
    """One row to look at."""

    row: Mapping[str, Any]
    content: str
    drawn: str
    why: str
    verdicts: Sequence[Verdict]  # that stand, of each reviewer one


@dataclass(frozen=True)
class VerdictReading:
    """How verdicts are read from a file: what is asked of rows, and whose the verdicts are that name nobody."""

    criteria: Sequence[PeoplesCriterion]
    reasons: Collection[str]
    texts: Sequence[str]  # columns that people may rewrite
    reviewer: str
    now: str

    def verdict(self, said: Mapping[str, Any]) -> Verdict:
        """A verdict by what a file says, in the names of `Verdict`. Raises `ValueError` with what is wrong."""
        word = said.get("verdict") or None
        if word is not None and word not in VERDICTS:
            raise ValueError(f"verdict is `{word}` (allowed: {', '.join(VERDICTS)})")
        scores = {name: self._score(name, value) for name, value in said.get("scores", {}).items()}
        edit: dict[str, Any] = {name: text for name, text in said.get("edit", {}).items() if text}
        if unknown := [name for name in edit if name not in self.texts]:
            raise ValueError(f"{EDIT}{unknown[0]}: no text of a row is called so (allowed: {', '.join(self.texts)})")
        edit = {**_columns(said.get("whole_edit")), **edit}
        if fault := edited_row.fault(edit):
            raise ValueError(f"{WHOLE_EDIT}: {fault}")
        reason = said.get("reason") or None
        if reason and reason not in self.reasons:
            raise ValueError(f"reason is `{reason}` (allowed: {', '.join(self.reasons)}; `review.reasons` adds more)")
        if not said.get("row"):
            raise ValueError("says not which row it is of")
        if word is None and not scores:
            raise ValueError("has neither a verdict nor scores")
        return Verdict(
            row=str(said["row"]),
            content=str(said.get("content") or ""),
            reviewer=str(said.get("reviewer") or self.reviewer),
            at=str(said.get("at") or self.now),
            verdict=word or "skip",
            reason=reason,
            scores=scores,
            note=said.get("note") or None,
            edit=edit,
            drawn=said.get("drawn") or None,
            seconds=_number(said.get("seconds")),
        )

    def _score(self, name: str, value: Any) -> float:
        criterion = next((each for each in self.criteria if each.name == name), None)
        if criterion is None:
            known = ", ".join(each.name for each in self.criteria) or "none"
            raise ValueError(f"no criterion is called `{name}` (there is {known})")
        score = _number(value)
        if score is None or not criterion.takes(score):
            raise ValueError(f"{name} is {value} (allowed: {criterion.low} to {criterion.high})")
        return criterion.kept(int(score))


def verdicts_in(path: Path, said: Iterator[tuple[int, Mapping[str, Any]]], reading: VerdictReading) -> list[Verdict]:
    """The verdicts of a file, of which each is told with its line, 0 where it has none.

    Raises `SourceError` with all that is wrong.
    """
    found, wrong = list[Verdict](), list[str]()
    for line, each in said:
        place = str(Place(str(path), line))
        try:
            found.append(reading.verdict(each))
        except ValueError as error:
            row = f"row {each['row']}: " if not line and each.get("row") else ""
            wrong.append(f"{place}: {row}{error}")
    if wrong:
        more = [f"and {len(wrong) - BAD:,} more"] if len(wrong) > BAD else []
        raise SourceError("\n".join([*wrong[:BAD], *more]), help="nothing was taken over")
    return found


def _number(value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{value}` is no number") from None


def edit_cells(edit: Mapping[str, Any]) -> dict[str, str]:
    """An edit as fields of a file: each text by its name, or all of it as JSON where it is more than texts."""
    if all(isinstance(text, str) for text in edit.values()):
        return {f"{EDIT}{name}": text for name, text in edit.items()}
    return {WHOLE_EDIT: json.dumps(edit, ensure_ascii=False)}


def _columns(text: Any) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{WHOLE_EDIT} is no JSON object of columns")
    return found


def json_file(path: Path) -> Any:
    """What a JSON file holds. Raises `SourceError` for one that is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{path}: cannot be read as JSON: {error}") from None
