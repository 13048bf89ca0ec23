"""Controls: among the rows of a run some carry an anchor, which is graded right behind them, and are graded twice.

What a judge says of the same anchors tells where in the run it was another judge (`hfsft.stages.judging.exams.drift`);
what it says of the same rows, how far it agrees with itself. Which rows carry one is a hash of their ids, so that none
moves where others come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from statistics import fmean
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, field_validator

from hfsft.errors import AnswerError
from hfsft.hashing import unit
from hfsft.models.model import Answer, Request
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import PENDING, Column
from hfsft.rows.limits import Limits
from hfsft.stages.base import Section
from hfsft.stages.judging.anchors import Anchor
from hfsft.stages.judging.exams.drift import STRETCH, Graded, drifts, stretches
from hfsft.stages.judging.jury import Jury
from hfsft.stages.judging.rubric import Rubric
from hfsft.stages.judging.score_columns import UNSCORED
from hfsft.stages.judging.verdict import Grade, Grader

DRIFT, DRIFTED = "judge.drift", "judge.drifted"
CONTROL, STRETCH_OF = "control", "stretch"
USUAL = 1 / 8  # of a criterion's scale, beyond which a stretch drifted where no bound is given: half a level of five


class Control(Section):
    """Controls among the rows: how many, and how far the judge may drift.

    A row that carries one costs two requests more: an anchor that is left out of its own prompt, and the row itself
    once more. Eight controls in a row make a stretch of the run; the rows of one whose scores of anchors lie off those
    of the others become unscored.
    """

    example: ClassVar[str] = """\
    judge:
      rubric: {usefulness: Would it help a real person act?}
      anchors:
        - instruction: How long does a refund take?
          response: It depends.
          scores: {usefulness: 1}
        - instruction: How long does a refund take?
          response: Five working days; after seven, ask your bank.
          scores: {usefulness: 5}
      control: {share: 0.05, drift: {at_most: 1}}
    """

    share: float = Field(0.05, gt=0, le=1, description="Share of the rows that carry a control.")
    drift: Limits | None = Field(
        None,
        description="How far the mean of a stretch's scores of anchors may lie off, in scores of its criterion; left "
        "out, an eighth of its scale. What the judge's own noise explains is no drift, whatever the bound.",
    )

    @field_validator("drift")
    @classmethod
    def _has_a_most(cls, drift: Limits | None) -> Limits | None:
        if drift and (drift.at_least is not None or drift.at_most is None or drift.at_most < 0):
            raise ValueError("has `at_most` alone, from 0: how far off, up or down")
        return drift

    def most(self, low: float, high: float) -> float:
        """How far a stretch may lie off, of a criterion with this scale."""
        return self.drift.at_most if self.drift and self.drift.at_most is not None else USUAL * (high - low)


def _from_share(value: Any) -> Any:
    return {"share": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


AnyControl = Annotated[Control, BeforeValidator(_from_share, json_schema_input_type=float | Control)]
"""Controls as a recipe writes them: their share, or more."""


def control_of(criterion: str) -> str:
    """The column of what the judge gave the anchor that a row carries."""
    return f"control_{criterion}"


def repeat_of(criterion: str) -> str:
    """The column of how far off what it gave the row the second time lies."""
    return f"repeat_{criterion}"


def columns(criteria: Sequence[str]) -> list[Column]:
    """What the judge's answers to controls become."""
    found = [Column(CONTROL, "int32", "lineage", "The number of the anchor that was graded with it, if one was.")]
    for name in criteria:
        said = name.replace("_", " ")
        about = f"The judge's score of {said} of that anchor."
        found.append(Column(control_of(name), "float64", "measure", about))
        about = f"How far its score of {said} lay off when the row was graded once more."
        found.append(Column(repeat_of(name), "float64", "measure", about))
    return found


def controlled(
    row: Row, grader: Grader | Jury, anchors: Sequence[Anchor], share: float, first: Mapping[str, float]
) -> Generator[Request, Answer, Row]:
    """What a row's control comes to: nothing for one that carries none. `first` are the scores of the row itself.

    A control without an answer is none: no row is lost for it.
    """
    criteria = list(grader.rubric.criteria)
    made: Row = dict.fromkeys(each.name for each in columns(criteria))
    if not first or unit(row["id"], CONTROL) >= share:
        return made
    number = int(unit(row["id"], CONTROL, "anchor") * len(anchors))
    # The same anchor is asked for again by each row that carries it.
    again = 2 + int(unit(row["id"], CONTROL, "again") * 2**31)
    graded = yield from _grades(grader.grade(anchors[number].row(), without=number, again=again))
    repeated = yield from _grades(grader.grade(row, again=1))
    made |= {control_of(name): grade.score for name, grade in graded.items()}
    made |= {repeat_of(name): grade.score - first[name] for name, grade in repeated.items()}
    return {**made, CONTROL: number if graded else None}


def _grades(
    turns: Generator[Request, Answer, dict[str, Grade]],
) -> Generator[Request, Answer, dict[str, Grade]]:
    try:
        return (yield from turns)
    except AnswerError:
        return {}


def watched_run(
    batch: Batch, rubric: Rubric, control: Control, anchors: Sequence[Anchor], scores: Sequence[str]
) -> Batch:
    """The rows with their stretches, and without scores in those that drifted; the batch is in the order of the run."""
    rows = list(rows_of(batch))
    found = [row[CONTROL] is not None for row in rows]
    numbers = stretches(found)
    why: Mapping[int, str] = {}
    if not any(row.get(PENDING) for row in rows):
        placed = [{**row, STRETCH_OF: number} for row, number in zip(rows, numbers, strict=True)]
        why = lost_in(placed, rubric, control, anchors)
    made: list[Row] = []
    for row, number in zip(rows, numbers, strict=True):
        lost = dict.fromkeys(scores) if number in why else {name: row[name] for name in scores}
        made.append({STRETCH_OF: number, **lost, UNSCORED: why.get(number)})
    return {name: [row[name] for row in made] for name in (STRETCH_OF, *scores, UNSCORED)}


def lost_in(rows: Sequence[Row], rubric: Rubric, control: Control, anchors: Sequence[Anchor]) -> dict[int, str]:
    """By stretch that drifted, why its rows have no scores; of rows that carry a control and have their stretches."""
    return _reasons(found_drifts(rows, rubric, control, [anchor.scores for anchor in anchors]))


Found = Mapping[str, tuple[Mapping[int, float], frozenset[int], float]]
"""By criterion: how far each stretch lies off, those that drifted, and the bound."""


def found_drifts(rows: Sequence[Row], rubric: Rubric, control: Control, rights: Sequence[Mapping[str, float]]) -> Found:
    """The drift by each criterion, of rows that have their stretches; `rights` are the right scores of the anchors."""
    found = {}
    for name in rubric.criteria:
        graded = [
            Graded(row[STRETCH_OF], row[CONTROL], row[control_of(name)], rights[row[CONTROL]][name])
            for row in rows
            if row[CONTROL] is not None
        ]
        most = control.most(*rubric.scale(name)[:2])
        off, drifted = drifts(graded, most)
        found[name] = off, frozenset(drifted), most
    return found


def _reasons(found: Found) -> dict[int, str]:
    """By stretch that drifted, why its rows have no scores."""
    said: dict[int, list[str]] = defaultdict(list)
    for name, (off, drifted, most) in found.items():
        for number in drifted:
            said[number].append(f"{name} {off[number]:+.2f} (at_most {most:g})")
    return {
        number: f"drift: in this stretch of the run scores of control anchors are off: {', '.join(each)}"
        for number, each in said.items()
    }


def control_figures(
    rows: Sequence[Row], rubric: Rubric, control: Control, rights: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """What the controls of a run came to, as JSON: of rows that have their stretches, those that fell too."""
    carry = [row for row in rows if row[CONTROL] is not None]
    sizes = Counter(row[STRETCH_OF] for row in rows)
    found = found_drifts(rows, rubric, control, rights)
    gone = {number for _, drifted, _ in found.values() for number in drifted}
    told: dict[str, Any] = {}
    for name, (off, drifted, most) in found.items():
        questions = len(rubric.criteria[name].checklist)
        level = 1 / questions if questions else 1.0
        both = [abs(row[repeat_of(name)]) for row in carry if row[repeat_of(name)] is not None]
        told[name] = {
            "drift": {str(number): round(each, 4) for number, each in sorted(off.items())},
            "drifted": sorted(drifted),
            "at_most": most,
            "repeated": len(both),
            "same": round(sum(each <= level / 2 + 1e-9 for each in both) / len(both), 4) if both else None,
            "differs": round(fmean(both), 4) if both else None,
        }
    return {
        "controls": len(carry),
        "stretches": len(set(sizes)),
        "enough": len(carry) >= 2 * STRETCH,
        "unscored": sum(sizes[number] for number in gone),
        "criteria": told,
    }
