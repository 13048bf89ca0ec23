"""Rows and verdicts as CSV, one line a verdict and one for each row without any: for a spreadsheet, and back from it.

A cell that a spreadsheet would run as a formula is written with an apostrophe before it, which is taken off again when
the table is read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hfsft.errors import SourceError
from hfsft.release.export import FORMULA
from hfsft.release.folder.outputs import writing
from hfsft.review.exchange.tasks import EDIT, WHOLE_EDIT, ReviewTask, VerdictReading, edit_cells, verdicts_in
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.rows.columns import SCORE
from hfsft.rows.views import quoted_turns
from hfsft.verdicts import Verdict

ROW = ("row", "content", "drawn", "why", "topic", "text")
SAID = ("reviewer", "verdict", "reason", "note")
MEASURED = ("at", "seconds")
LONGEST_CELL = 2**24  # characters that a cell may hold when it is read


def write(path: Path, tasks: Sequence[ReviewTask], criteria: Sequence[PeoplesCriterion], texts: Sequence[str]) -> int:
    """Write the table; the number of cells before which an apostrophe stands."""
    scores, edits = (
        [f"{SCORE}{criterion.name}" for criterion in criteria],
        [*(f"{EDIT}{name}" for name in texts), WHOLE_EDIT],
    )
    head = [*ROW, *SAID[:2], *scores, *SAID[2:], *edits, *MEASURED]
    marked = 0
    with writing(path, newline="") as file:
        lines = csv.writer(file)
        lines.writerow(head)
        for task in tasks:
            for verdict in task.verdicts or (None,):
                said = _said(task, verdict, criteria)
                cells = [str(said.get(name, "")) for name in head]
                safe = [_safe(cell) for cell in cells]
                marked += sum(cell != other for cell, other in zip(cells, safe, strict=True))
                lines.writerow(safe)
    return marked


def read(path: Path, reading: VerdictReading) -> list[Verdict]:
    """The verdicts in such a table; lines without any say nothing. Raises `SourceError` with all that is wrong."""
    return verdicts_in(path, _lines(path), reading)


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = csv.DictReader(file, dialect=_dialect(file.readline()), restkey="")
            file.seek(0)
            if lacking := [name for name in ("row", "verdict") if name not in (text.fieldnames or ())]:
                raise SourceError(
                    f"{path}: has no column {' and no column '.join(lacking)}", help="see --export FILE.csv"
                )
            end = 1
            for line in text:
                begin, end = end + 1, text.line_num
                if said := _told({name: _bare(cell) for name, cell in line.items() if name and isinstance(cell, str)}):
                    yield begin, said
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(f"{path}: cannot be read as CSV: {error}") from None


def _dialect(head: str) -> type[csv.excel]:
    """Commas, or what spreadsheets of many countries write in place of them."""

    class Delimited(csv.excel):
        delimiter = max(",;\t", key=head.count)

    return Delimited


def _told(cells: Mapping[str, str]) -> dict[str, Any]:
    """What a line says, in the names of `Verdict`; empty for a row that nobody has judged."""
    scores = {name.removeprefix(SCORE): cell for name, cell in cells.items() if name.startswith(SCORE) and cell.strip()}
    if not cells.get("verdict", "").strip() and not scores:
        return {}
    edit = {name.removeprefix(EDIT): cell for name, cell in cells.items() if name.startswith(EDIT) and cell}
    plain = {name: cells.get(name, "").strip() for name in (*ROW[:3], "reviewer", "verdict", "reason", *MEASURED)}
    return {
        **plain,
        "verdict": plain["verdict"].lower(),
        "note": cells.get("note"),
        "scores": scores,
        "edit": edit,
        "whole_edit": cells.get(WHOLE_EDIT),
    }


def _said(task: ReviewTask, verdict: Verdict | None, criteria: Sequence[PeoplesCriterion]) -> dict[str, Any]:
    row = task.row
    found = {"row": row["id"], "content": task.content, "drawn": task.drawn, "why": task.why}
    found |= {"topic": row.get("topic") or "", "text": quoted_turns(row)}
    if verdict is None:
        return found
    named = {criterion.name: criterion for criterion in criteria}
    scores = {f"{SCORE}{name}": named[name].chosen(score) for name, score in verdict.scores.items() if name in named}
    own = {name: getattr(verdict, name) for name in (*SAID, *MEASURED, "drawn")}
    known = {name: value for name, value in own.items() if value is not None}
    return {**found, **known, **scores, **edit_cells(verdict.edit)}


def _safe(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell.lstrip("'")) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell.lstrip("'")) else cell
