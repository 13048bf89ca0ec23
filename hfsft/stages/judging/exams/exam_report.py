"""What is told of a judge's exam and of the controls among its rows: at once, in notes, in the card, in the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hfsft.rows.batch import Row
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.base import Outcome, ShownTable, Warn
from hfsft.stages.judging.exams.controls import (
    CONTROL,
    DRIFTED,
    STRETCH_OF,
    Control,
    control_figures,
    control_of,
    repeat_of,
)
from hfsft.stages.judging.exams.drift import STRETCH
from hfsft.stages.judging.exams.exam import TABLE, examined
from hfsft.stages.judging.exams.exam_result import Exam, counted, result_table, results, shown, told, wrong_with
from hfsft.stages.judging.rubric import Rubric


def tells(rows: Sequence[Row], rubric: Rubric, bounds: Exam, *, between: bool) -> Iterator[str | ShownTable]:
    """An exam as soon as it is known, with what is wrong where that stops nothing."""
    found = examined(rows, rubric, bounds, between=between)
    if not found:
        return
    yield f"exam of the judge: {told(found)}"
    yield result_table(found)
    if bounds.on_fail == "warn":
        yield from (Warn(said) for each in found for said in wrong_with(each, bounds))


def figures(
    outcome: Outcome,
    rubric: Rubric,
    bounds: Exam | None,
    control: Control | None,
    rights: Sequence[Mapping[str, float]],
    *,
    between: bool,
) -> dict[str, Any]:
    """The exam, judge by judge, and what the controls came to; nothing of what there was not."""
    found: dict[str, Any] = {}
    rows = outcome.table(TABLE)
    if rows and bounds:
        found["exam"] = {each.judge: each.as_dict() for each in examined(rows, rubric, bounds, between=between)}
    if control:
        names = [CONTROL, STRETCH_OF, *(of(name) for name in rubric.criteria for of in (control_of, repeat_of))]
        run = zip(*map(outcome.all_values, names), strict=True)
        judged = [dict(zip(names, row, strict=True)) for row in run if row[1] is not None]
        found["control"] = control_figures(judged, rubric, control, rights)
    return found


def notes(outcome: Outcome, key: str, bounds: Exam | None) -> Iterator[str]:
    """That it failed its exam, where it drifted, and how often it gave another score the second time."""
    figures = outcome.figures.get(key, {})
    for each in results(figures):
        yield from map(Warn, wrong_with(each, bounds or Exam()))
    control = figures.get("control")
    if control is None:
        return
    if control["unscored"]:
        yield Warn(f"{rows_said(control['unscored'])} fell as the judge drifted: {outcome.why(DRIFTED)}")
    if not control["enough"]:
        many = counted(control["controls"], "control")
        yield f"{many} cannot tell whether the judge drifts: {2 * STRETCH} are needed, by a larger `control`"
    repeated = {name: each for name, each in control["criteria"].items() if each["repeated"] >= STRETCH}
    if repeated:
        same = ", ".join(f"{name} {each['same']:.0%} ({each['differs']:.2g} off)" for name, each in repeated.items())
        most = max(each["repeated"] for each in repeated.values())
        yield f"graded once more, {most:,} rows got the same score as before in so many cases: {same}"


def card(outcome: Outcome, key: str) -> dict[str, Any]:
    """The exam and the controls, for the card's part on scores."""
    figures = outcome.figures.get(key, {})
    found, control = results(figures), figures.get("control")
    return {
        "exam": result_table(found) if found else None,
        "examined": told(found) if found else "",
        "exam_of": ", ".join(each.of[:12] for each in found),
        "failed": any(each.broken for each in found),
        "controls": _controls(control) if control and control["controls"] else None,
        "control": {name: control[name] for name in ("controls", "stretches", "unscored")} if control else None,
    }


def pieces(outcome: Outcome, key: str) -> Iterator[str | ShownTable]:
    """The exam and the controls, for the report."""
    figures = outcome.figures.get(key, {})
    if found := results(figures):
        of = ", ".join(each.of[:12] for each in found)
        yield f"Before any row {told(found)} (rubric, anchors and model: {of})."
        yield result_table(found)
    control = figures.get("control")
    if control and control["controls"]:
        yield (
            f"{control['controls']:,} rows carried a control, in {control['stretches']:,} stretches of the run; "
            f"{rows_said(control['unscored'])} lost their scores as the judge drifted."
        )
        yield _controls(control)


def _controls(control: Mapping[str, Any]) -> ShownTable:
    rows = [
        (
            name,
            f"{max(map(abs, each['drift'].values()), default=0):.2f}",
            ", ".join(str(number + 1) for number in each["drifted"]) or "none",
            shown("consistency", each["same"]),
            shown("error", each["differs"]),
        )
        for name, each in control["criteria"].items()
    ]
    head = ("criterion", "largest drift", "stretches that drifted", "same score again", "mean difference")
    return ShownTable(head, rows, (1, 3, 4), about="What the controls among the rows found")
