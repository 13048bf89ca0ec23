"""The steps of the exam, over a side table, and those that watch the run of a judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hfsft.engine.resources import Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.rows.columns import COLUMNS, PENDING, Column, score_of
from hfsft.stages.judging.exams.controls import (
    CONTROL,
    DRIFT,
    DRIFTED,
    STRETCH_OF,
    Control,
    columns,
    control_of,
)
from hfsft.stages.judging.exams.exam import ASKS, BOUNDS, ITEMS, OWN, TABLE, TWICE, right_of, table
from hfsft.stages.judging.exams.exam_result import Exam
from hfsft.stages.judging.score_columns import UNSCORED

_WORK = "hfsft.stages.judging.exams.exam_work"


def exam_steps(
    judge: Step,
    bounds: Exam,
    criteria: Sequence[str],
    section: Mapping[str, Any],
    judges: Mapping[str, tuple[Mapping[str, Any], str]],
) -> list[Step]:
    """The exam of each of the judges (by name its model's identity, and a hash of all that it grades by), who are asked
    as the step `judge` asks: what is graded, the gradings, and, where a failed exam stops a build, the look at them.
    """
    seen = [name for name in judge.reads if name != "id"]
    scores = [score_of(name) for name in criteria]
    common: dict[str, Any] = {"role": "score", "place": judge.place}
    made = Step(
        ITEMS,
        rows="many",
        sees="all",
        makes=TABLE,
        reads=("id", "origin", *seen),
        writes=table({name: COLUMNS[name] for name in seen}, criteria),
        identity={"judges": {name: by for name, (_, by) in judges.items()}, "twice": TWICE},
        work=Work(f"{_WORK}:items", {"section": section, "judges": {name: by for name, (_, by) in judges.items()}}),
        **common,
    )
    asked = Step(
        ASKS,
        asks=True,
        table=TABLE,
        reads=("id", "judge", "item", "anchor", "again", *seen),
        writes={**dict.fromkeys(scores, "float64"), UNSCORED: "string"},
        identity={
            **{name: value for name, value in judge.identity.items() if name != "model"},
            "models": {name: model for name, (model, _) in judges.items()},
        },
        work=Work(f"{_WORK}:asking", {"section": section, "models": list(judges), "reasoning": _sees(judge)}),
        models=tuple(judges),
        max_failed_share=judge.max_failed_share,
        follows=(judge.follows + 1) / len(judges) - 1,
        **common,
    )
    if bounds.on_fail != "stop":
        return [made, asked]
    looked = Step(
        BOUNDS,
        sees="all",
        table=TABLE,
        reads=(*OWN, *map(right_of, criteria), *scores, UNSCORED),
        optional=(PENDING,),
        writes={"held": "bool"},
        identity={"bounds": bounds.model_dump(mode="json")},
        work=Work(f"{_WORK}:held", {"section": section, "place": str(judge.place or "judge")}),
        **common,
    )
    return [made, asked, looked]


def _sees(judge: Step) -> bool:
    assert judge.work is not None, "who asks has a function"
    return bool(judge.work.arguments["reasoning"])


def controlled_step(judge: Step, criteria: Sequence[str], share: float) -> Step:
    """The step that asks the judge, with controls beside so many of its rows."""
    known = columns(criteria)
    return replace(
        judge,
        writes={**judge.writes, **{each.name: each.type for each in known}},
        known=(*judge.known, *known),
        follows=judge.follows + 2 * share * (1 + judge.follows),
    )


def drift_steps(
    judge: Step, criteria: Sequence[str], scores: Sequence[str], section: Mapping[str, Any], control: Control
) -> list[Step]:
    """The steps behind the judge's: what takes the `scores` of rows where it drifted, and the end of these rows."""
    drift = Step(
        DRIFT,
        sees="all",
        reads=("id", CONTROL, *map(control_of, criteria), *scores),
        optional=(PENDING,),
        writes={STRETCH_OF: "int32", **dict.fromkeys(scores, "float64"), UNSCORED: "string"},
        known=(Column(STRETCH_OF, "int32", "lineage", "Which part of the run it was judged in, by the controls."),),
        identity={"drift": control.model_dump(mode="json")["drift"], "anchors": judge.identity["anchors"]},
        work=Work(f"{_WORK}:watched", {"section": dict(section), "scores": list(scores)}),
        place=judge.place,
    )
    return [drift, compare(DRIFTED, Bound(UNSCORED, UNSCORED, absent=True), judge.place)]
