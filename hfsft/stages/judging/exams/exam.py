"""The exam: before any row is paid for by its word, a judge grades its anchors, each left out of its own prompt, and
ten things twice.

What a judge says of an anchor that it was not shown is compared with the right scores, as of leaving one out; what it
says the second time with what it said the first. Rows are in none of this but as things that are graded twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hfsft.errors import UNREADABLE, AnswerError, StageError
from hfsft.hashing import digest, unit
from hfsft.models.model import Turns
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import PENDING, score_of
from hfsft.rows.views import answered
from hfsft.stages.judging.anchors import Anchor
from hfsft.stages.judging.exams.exam_figures import Levels, Twice, exam_figures
from hfsft.stages.judging.exams.exam_result import MEND, Exam, Examined, wrong_with
from hfsft.stages.judging.rubric import Rubric
from hfsft.stages.judging.score_columns import UNSCORED
from hfsft.stages.judging.verdict import Grader

TABLE = "exam"  # the side table of what is graded
ITEMS, ASKS, BOUNDS = "judge.exam.items", "judge.exam", "judge.exam.bounds"
TWICE = 10  # things that are graded two times
"""Why there is no verdict though a judge answered."""
OWN = {
    "id": "string",
    "judge": "string",
    "examined": "string",
    "item": "string",
    "anchor": "int32",
    "again": "int32",
}
"""The columns of the table beside those of a row: who grades, by what (a hash), what (an id), which anchor, and
whether for the second time.
"""


def right_of(criterion: str) -> str:
    """The column of an anchor's right score."""
    return f"right_{criterion}"


def table(columns: Mapping[str, Any], criteria: Sequence[str]) -> dict[str, Any]:
    """The columns of the side table, with those of a row that the judge sees."""
    return {**columns, **OWN, **{right_of(name): "float64" for name in criteria}}


def items(
    batch: Batch, anchors: Sequence[Anchor], criteria: Sequence[str], judges: Mapping[str, str], columns: Sequence[str]
) -> Batch:
    """The rows of the side table: for each judge every anchor, and what is graded for the second time.

    That are examples, those whose ids have the lowest hashes, else anchors. `judges` are the hashes of what each judges
    by. A row is graded once in any case, so that its first grading here costs nothing once it comes to that.
    """
    rows = list(rows_of(batch))
    some = [rows[place] for place in graded_twice(rows)]
    asked: list[tuple[Row, int | None, int]] = []
    for place, anchor in enumerate(anchors):
        asked += [(anchor.row(), place, again) for again in range(2 if place < TWICE - len(some) else 1)]
    asked += [(row, None, again) for row in some for again in (0, 1)]
    found: list[Row] = []
    for judge, by in judges.items():
        for row, number, again in asked:
            right = anchors[number].scores if number is not None else {}
            found.append(
                {
                    **{name: row.get(name) for name in columns},
                    "id": digest([TABLE, judge, row["id"], number, again]),
                    "judge": judge,
                    "examined": by,
                    "item": row["id"],
                    "anchor": number,
                    "again": again,
                    **{right_of(name): right.get(name) for name in criteria},
                }
            )
    return {name: [row[name] for row in found] for name in table(dict.fromkeys(columns), criteria)}


def graded_twice(rows: Sequence[Row]) -> list[int]:
    """The places of the examples that are graded two times."""
    examples = [place for place, row in enumerate(rows) if row["origin"] == "example" and answered(row)]
    return sorted(examples, key=lambda place: unit(rows[place]["id"], TABLE))[:TWICE]


def ask(row: Row, graders: Mapping[str, Grader]) -> Turns:
    """What a judge says of one item; None in each score where that cannot be read.

    Its requests are to go into no batch, see `Grader.at_once`: all the rest of a build waits for the exam.
    """
    grader = graders[row["judge"]]
    blank: Row = dict.fromkeys(map(score_of, grader.rubric.criteria))
    try:
        grades = yield from grader.grade({**row, "id": row["item"]}, without=row["anchor"], again=row["again"])
    except AnswerError as error:
        if error.cause not in UNREADABLE:
            raise
        return {**blank, UNSCORED: str(error)}
    return {**{score_of(name): grade.score for name, grade in grades.items()}, UNSCORED: None}


def errors(rows: Sequence[Row], judges: Sequence[str], criteria: Sequence[str]) -> Iterator[list[list[float | None]]]:
    """By each criterion the errors of each judge on the anchors, in their order; None where there is no score."""
    graded = {(row["judge"], row["anchor"]): row for row in rows if row["anchor"] is not None and not row["again"]}
    anchors = sorted({anchor for _, anchor in graded})
    for name in criteria:
        yield [[_error(graded.get((judge, anchor)), name) for anchor in anchors] for judge in judges]


def _error(row: Row | None, name: str) -> float | None:
    return None if row is None or row[score_of(name)] is None else float(row[score_of(name)] - row[right_of(name)])


def examined(rows: Sequence[Row], rubric: Rubric, bounds: Exam, *, between: bool) -> list[Examined]:
    """What the exam of each judge came to, by the rows of the side table; `between` where scores are no whole ones."""
    judges = dict.fromkeys(row["judge"] for row in rows)
    return [_examined([row for row in rows if row["judge"] == judge], rubric, bounds, between) for judge in judges]


def _examined(rows: Sequence[Row], rubric: Rubric, bounds: Exam, between: bool) -> Examined:
    second = {(row["item"], row["anchor"]): row for row in rows if row["again"]}
    first = [row for row in rows if not row["again"]]
    both = [(row, second[of]) for row in first if (of := (row["item"], row["anchor"])) in second]
    anchors = [row for row in first if row["anchor"] is not None]
    wide = float(rubric.high - rubric.low)
    mixed = len({bool(criterion.checklist) for criterion in rubric.criteria.values()}) > 1
    units = {name: wide for name, criterion in rubric.criteria.items() if mixed and criterion.checklist}
    figures, broken = {}, {}
    for name, criterion in rubric.criteria.items():
        column = score_of(name)
        low, high = rubric.scale(name)[:2]
        figures[name] = exam_figures(
            [(row[right_of(name)], row[column]) for row in anchors],
            [Twice(one[column], other[column]) for one, other in both],
            Levels(low, high, 1 / len(criterion.checklist) if criterion.checklist else 1.0, between),
            [row[column] for row in rows],
        )
        if wrong := bounds.broken(figures[name], units.get(name, 1.0)):
            broken[name] = wrong
    return Examined(rows[0]["judge"], rows[0]["examined"], len(anchors), len(both), figures, broken, units)


def held(batch: Batch, rubric: Rubric, bounds: Exam, between: bool, place: str) -> Batch:
    """That each judge keeps its bounds. Raises `StageError` where one does not, but for rows that are not known yet."""
    rows = list(rows_of(batch))
    if not any(row.get(PENDING) for row in rows):
        told = [said for each in examined(rows, rubric, bounds, between=between) for said in wrong_with(each, bounds)]
        if told:
            told = [f"{place}: the judge fails its exam, so that no row was asked for", *told, MEND]
            raise StageError("\n".join(told))
    return {"held": [True] * len(rows)}
