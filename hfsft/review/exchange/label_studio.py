"""Rows and verdicts as tasks of Label Studio, in the JSON that it imports and exports.

A task has the row under `data`, what the judge gave under `predictions`, and each reviewer's verdict as one of its
`annotations`: choices for verdict and reason, a rating for each score (a number where the scale does not begin at 1),
texts for the note and for what the row should say. A skipped row is a cancelled annotation. Who reviewed is a text too,
since Label Studio knows its own users alone. The labelling configuration that shows these is written beside the tasks.

Source: https://labelstud.io/guide/task_format and the pages of its tags Choices, Rating, Number and TextArea.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from hfsft.errors import SourceError
from hfsft.hashing import digest
from hfsft.release.folder.outputs import writing
from hfsft.review.exchange.tasks import (
    EDIT,
    WHOLE_EDIT,
    ReviewTask,
    VerdictReading,
    edit_cells,
    json_file,
    verdicts_in,
)
from hfsft.review.said.criteria import PeoplesCriterion
from hfsft.rows.columns import reason_of, score_of
from hfsft.rows.views import said
from hfsft.verdicts import SKIP, Verdict

SHOWN = "turns"  # the tag that shows the row, to which all others belong
CHOICES, RATING, NUMBER, TEXT = "choices", "rating", "number", "textarea"
MOST_STARS = 10
VERSION = "judge"  # what the predictions are called


def write(
    path: Path,
    tasks: Sequence[ReviewTask],
    criteria: Sequence[PeoplesCriterion],
    reasons: Sequence[str],
    texts: Sequence[str],
) -> Path:
    """Write the tasks, and the labelling configuration beside them; where that is."""
    with writing(path) as file:
        json.dump([_task(task, criteria) for task in tasks], file, ensure_ascii=False, indent=1, allow_nan=False)
        file.write("\n")
    with writing(beside := path.with_suffix(".xml")) as file:
        file.write(configuration(criteria, reasons, texts))
    return beside


def read(path: Path, reading: VerdictReading) -> list[Verdict]:
    """The verdicts in a JSON export of Label Studio. Raises `SourceError` with all that is wrong."""
    tasks = json_file(path)
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise SourceError(f"{path}: is no list of tasks", help="export from Label Studio as JSON, not as JSON_MIN")
    return verdicts_in(path, ((0, each) for task in tasks for each in _annotated(task)), reading)


def configuration(criteria: Sequence[PeoplesCriterion], reasons: Sequence[str], texts: Sequence[str]) -> str:
    """The labelling configuration of a project for these tasks."""
    lines = [
        "<View>",
        f'  <Paragraphs name="{SHOWN}" value="${SHOWN}" layout="dialogue" nameKey="role" textKey="text"/>',
        *_choices("verdict", ("accept", "reject")),
        *_choices("reason", reasons),
    ]
    for criterion in criteria:
        lines.append(f"  <Header value={quoteattr(criterion.question or criterion.name)}/>")
        name = quoteattr(criterion.name)
        if _kind(criterion) == RATING:
            lines.append(f'  <Rating name={name} toName="{SHOWN}" maxRating="{criterion.high}"/>')
        else:
            bounds = f'min="{criterion.low}" max="{criterion.high}" step="1"'
            lines.append(f'  <Number name={name} toName="{SHOWN}" {bounds}/>')
    edits = [(f"{EDIT}{text}", f"what the {text} should say") for text in texts]
    for name, told in (("note", "note"), *edits, (WHOLE_EDIT, "an edit of turns, as JSON")):
        lines.append(f'  <TextArea name="{name}" toName="{SHOWN}" placeholder="{told}" maxSubmissions="1" rows="2"/>')
    lines.append(f'  <TextArea name="reviewer" toName="{SHOWN}" placeholder="who reviews" maxSubmissions="1"/>')
    return "\n".join([*lines, "</View>", ""])


def _choices(name: str, values: Sequence[str]) -> list[str]:
    choices = [f"    <Choice value={quoteattr(value)}/>" for value in values]
    return [f'  <Choices name="{name}" toName="{SHOWN}" choice="single-radio">', *choices, "  </Choices>"]


def _task(task: ReviewTask, criteria: Sequence[PeoplesCriterion]) -> dict[str, Any]:
    row = task.row
    turns = [{"role": each.title, "text": each.text} for each in said(row)]
    about = {"row": row["id"], "content": task.content, "drawn": task.drawn, "why": task.why}
    scores = {each.name: row[score_of(each.name)] for each in criteria if row.get(score_of(each.name)) is not None}
    judged = [_score(each, scores[each.name], row["id"]) for each in criteria if each.name in scores]
    why = [
        f"{name}: {text}" for name in scores for text in [row.get(reason_of(name))] if isinstance(text, str) and text
    ]
    note = [_result("note", TEXT, {"text": ["\n".join(why)]}, row["id"])] if why else []
    return {
        "data": {**about, "topic": row.get("topic") or "", SHOWN: turns},
        "predictions": [{"model_version": VERSION, "result": [*judged, *note]}] if judged else [],
        "annotations": [_annotation(verdict, criteria) for verdict in task.verdicts],
    }


def _annotation(verdict: Verdict, criteria: Sequence[PeoplesCriterion]) -> dict[str, Any]:
    key = [verdict.row, verdict.reviewer]
    result = []
    if verdict.verdict != SKIP:
        result.append(_result("verdict", CHOICES, {"choices": [verdict.verdict]}, key))
    if verdict.reason:
        result.append(_result("reason", CHOICES, {"choices": [verdict.reason]}, key))
    result += [_score(each, verdict.scores[each.name], key) for each in criteria if each.name in verdict.scores]
    texts = {"note": verdict.note, **edit_cells(verdict.edit), "reviewer": verdict.reviewer}
    result += [_result(name, TEXT, {"text": [text]}, key) for name, text in texts.items() if isinstance(text, str)]
    timed = {} if verdict.seconds is None else {"lead_time": verdict.seconds}
    cancelled = verdict.verdict == SKIP
    return {"result": result, "was_cancelled": cancelled, "created_at": verdict.at, "updated_at": verdict.at, **timed}


def _score(criterion: PeoplesCriterion, kept: float, key: Any) -> dict[str, Any]:
    kind = _kind(criterion)
    return _result(criterion.name, kind, {kind: criterion.chosen(kept)}, key)


def _kind(criterion: PeoplesCriterion) -> str:
    """Whether scores are stars; of a scale with none or with too many they are numbers."""
    return RATING if criterion.low == 1 and criterion.high <= MOST_STARS else NUMBER


def _result(name: str, kind: str, value: Mapping[str, Any], key: Any) -> dict[str, Any]:
    return {"id": digest([key, name], 10), "from_name": name, "to_name": SHOWN, "type": kind, "value": value}


def _annotated(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What each annotation of a task says, in the names of `Verdict`."""
    data = task.get("data")
    about = {name: data.get(name) for name in ("row", "content", "drawn")} if isinstance(data, Mapping) else {}
    for annotation in _objects(task.get("annotations")):
        found: dict[str, Any] = {**about, "scores": {}, "edit": {}}
        for result in _objects(annotation.get("result")):
            name, kind, value = (result.get(key) for key in ("from_name", "type", "value"))
            told = value.get("text" if kind == TEXT else kind) if isinstance(value, Mapping) else None
            told = (told[0] if told else None) if isinstance(told, list) else told
            if kind in (RATING, NUMBER):
                found["scores"][name] = told
            elif kind == TEXT and name == WHOLE_EDIT:
                found["whole_edit"] = told
            elif kind == TEXT and str(name).startswith(EDIT):
                found["edit"][str(name).removeprefix(EDIT)] = told
            elif kind in (CHOICES, TEXT):
                found[str(name)] = told
        if annotation.get("was_cancelled"):
            found["verdict"] = SKIP
        found.setdefault("reviewer", _user(annotation.get("completed_by")))
        found["at"] = annotation.get("updated_at") or annotation.get("created_at")
        yield {**found, "seconds": annotation.get("lead_time")}


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, Mapping))


def _user(completed: Any) -> str | None:
    """Who an annotation is by, as exports name them: by an address, or by a number."""
    if isinstance(completed, Mapping):
        completed = completed.get("email") or completed.get("username") or completed.get("id")
    return None if completed is None else completed if isinstance(completed, str) else f"user {completed}"
