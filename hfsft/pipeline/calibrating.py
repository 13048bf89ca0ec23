"""The judge of a recipe beside people: their labels joined with its scores of the last build, and a bound that follows.

No model is asked: the scores are those that the build's folder holds, of rows that were kept and of those that fell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from hfsft.agreement import agreement
from hfsft.agreement.bound_figures import at_bounds, suggested
from hfsft.agreement.calibration import Calibration, state_of
from hfsft.agreement.calibration_file import ENDING, calibration_of, keep
from hfsft.agreement.calibration_said import state_said
from hfsft.agreement.judge_figures import LabelledRow, ScoreBound, apart, by_bounds, by_criteria, used_of
from hfsft.agreement.label_file import BY, read_labels
from hfsft.agreement.labelled_rows import JudgedRow, is_verdict_file, joined
from hfsft.agreement.library import Figure
from hfsft.errors import Problem, RecipeError, ReleaseError, UserError, nearest
from hfsft.filters.score import Score
from hfsft.loading import AnyRecipe, AnyTrust, load
from hfsft.pipeline.building import OUT
from hfsft.recipe.compile import compile_recipe
from hfsft.rows.columns import SCORE, criterion_of
from hfsft.rows.reading.summaries import rows_said
from hfsft.stages.judging.calibrated import ASKS, parts
from hfsft.stages.judging.judge import Judge
from hfsft.stages.judging.rubric import SHARE, Rubric
from hfsft.stages.judging.score_columns import AGGREGATES
from hfsft.verdicts import Verdict, VerdictFile

if TYPE_CHECKING:
    from hfsft.engine.plan import Plan
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.rows.records import BuildRows

PRECISION = 0.9
"""The share of kept rows that people are to accept, unless somebody says otherwise."""
REVIEW = "review"
WRITTEN = "`hfsft review` lets people look at rows"


@dataclass(frozen=True)
class Calibrated:
    """A calibration, and where it is kept; None where the recipe came from no file of the user's."""

    recipe: Recipe
    found: Calibration
    path: Path | None


def calibrate(
    recipe: AnyRecipe,
    labels: str | Path | None = None,
    *,
    precision: float = PRECISION,
    by: str | None = None,
    good: float | None = None,
    out: str | Path = OUT,
    overrides: Sequence[str] = (),
    trust: AnyTrust = None,
) -> Calibrated:
    """Compare the scores that the judge gave the rows of the last build with people's labels, and keep what was found.

    Args:
        recipe: The recipe, which was built.
        labels: A file of labels; left out, the verdicts that `hfsft review` keeps beside the recipe.
        precision: The share of what a bound keeps that people are to accept.
        by: The score that a bound is suggested for, such as `mean`; left out, the one that the recipe bounds.
        good: Of rows that nobody accepts or rejects, from which mean of people's scores on they count as accepted;
            left out, they are compared by their scores alone.
        out: The folder that builds are in.
        overrides: Changes to the recipe, as `section.key=value`.
        trust: Whether the recipe may do whatever it says.

    Raises `UserError` where there is no judge, no build by this judge, no label, or a library is missing.
    """
    if not 0 < precision <= 1:
        raise UserError(f"precision is a share above 0 and up to 1, not {precision:g}")
    loaded = load(recipe, overrides, trust)
    judge = loaded.stages().get(Judge.key)
    if judge is None:
        place = loaded.source.place(())
        raise RecipeError([Problem(place, "has no judge, so there are no scores to compare with people's labels")])
    plan = compile_recipe(loaded, download=False, sources=False)
    (asks,) = [step for step in plan.steps if step.name == ASKS]
    folder, judged_by = Path(out) / loaded.name, parts(asks.identity)
    rows = _rows_of(folder, judged_by)
    bounds = [
        ScoreBound(name, limits.at_least, limits.at_most)
        for rule in loaded.filters or ()
        if type(rule) is Score
        for name, limits in rule.limits.items()
    ]
    rubric = judge.measure if isinstance(judge, Judge) else None
    build, ids = _judged(rows, rubric)
    known = list(dict.fromkeys(name for row in build.values() for name in row.judged))
    score = by or _bounded(bounds, known)
    if score not in known:
        raise UserError(f"the judge gives no score `{score}` ({nearest(score, known)})")
    given = list(_labels(loaded, Path(labels) if labels is not None else None, rubric))
    models = {*loaded.models, *(model.model for model in loaded.models.values())}
    labelled, told = joined(given, build, ids, models)
    if good is not None:
        labelled, told = [_counted(row, good) for row in labelled], [*told, _counted_said(labelled, good)]
    found = _compared(labelled, told, list(build.values()), rubric, bounds, score, precision, judged_by)
    found = found.model_copy(update={"among_people": _among_people(given, models, rubric)})
    path = _kept_at(loaded)
    if path is not None:
        keep(found, path)
    return Calibrated(loaded, found, path)


def state(recipe: Recipe, plan: Plan) -> Iterator[str]:
    """The state of a recipe's judge, where somebody has calibrated it; its plan may be one without weights."""
    asks, path = next((step for step in plan.steps if step.name == ASKS), None), recipe.beside(ENDING)
    if asks is None or path is None:
        return
    inside = any(not (model.base_urls or model.provider) for model in map(recipe.models.__getitem__, asks.models))
    judge = parts(asks.identity)
    found = calibration_of(path, {part: judge[part] for part in judge if not (inside and part == "model")})
    if found:
        yield state_said(found)


def _compared(
    labelled: Sequence[LabelledRow],
    told: Sequence[str],
    build: Sequence[JudgedRow],
    rubric: Rubric | None,
    bounds: Sequence[ScoreBound],
    score: str,
    precision: float,
    judged_by: Mapping[str, str],
) -> Calibration:
    """The calibration by some labelled rows, of all rows of the build that the judge scored."""
    scales = dict.fromkeys(rubric.criteria, (rubric.low, rubric.high)) if rubric else {}
    strange = sorted({name for row in labelled for name in row.scores if name not in scales})
    stood = [row for row in build if row.reached or row.fell]
    used = used_of(labelled, [(row.judged[score], row.fell) for row in stood if score in row.judged], score, scales)
    state, why = state_of(used.basis.rows, people=any(row.people for row in used.rows) or not used.rows)
    shown = list(dict.fromkeys([score, *(bound.score for bound in bounds)]))
    values = {name: [row.judged[name] for row in stood if name in row.judged] for name in shown}
    limits = {name: [b.at_least for b in bounds if b.score == name and b.at_least is not None] for name in shown}
    ends: tuple[float, float] | None = None
    if rubric:
        scale = rubric.scale(score) if score in rubric.criteria else rubric.scale_of_all
        ends = (scale.low, scale.high)
    tables = {name: at_bounds(used, name, values[name], limits[name]) for name in shown}
    return Calibration(
        at=datetime.now(tz=timezone.utc).date().isoformat(),
        judge=judged_by,
        state=state,
        why=why,
        basis=used.basis,
        criteria=by_criteria(used, scales),
        bounds=by_bounds(used, bounds),
        at_bounds={name: table for name, table in tables.items() if table},
        suggested=suggested(used, score, precision, values[score]),
        apart=apart(labelled, scales, score, ends),
        told=[*told, *(f"people's scores of `{name}` are by no criterion of the judge" for name in strange)],
    )


def _rows_of(folder: Path, judged_by: Mapping[str, str]) -> BuildRows:
    """The rows of a build. Raises `ReleaseError` where there is none, or another judge gave its scores."""
    from hfsft.release.reader import open_release
    from hfsft.release.rows.records import BuildRows

    if not folder.is_dir():
        raise ReleaseError(
            f"{folder}: there is no build whose scores could be compared (run `hfsft build`, or say --out)"
        )
    release = open_release(str(folder))
    there = (release.summary().get("figures") or {}).get(Judge.key, {}).get("judged_by")
    if there is None:
        raise ReleaseError(
            f"{folder}: does not say by which judge its scores are: build it again (no answer is asked twice)"
        )
    if changed := [part for part in {**judged_by, **there} if judged_by.get(part) != there.get(part)]:
        raise ReleaseError(
            f"{folder}: its scores are by another judge, as the recipe has another {' and '.join(changed)} now: build "
            "it again"
        )
    return BuildRows(release)


def _judged(rows: BuildRows, rubric: Rubric | None) -> tuple[dict[str, JudgedRow], list[str]]:
    """The rows that the judge scored, by id, and the ids of all rows."""
    at_scores = {bound["step"] for bound in rows.bounds if str(bound["column"]).startswith(SCORE)}
    found: dict[str, JudgedRow] = {}
    ids: list[str] = []
    for record in rows:
        ids.append(record.id)
        columns = ((criterion_of(name), value) for name, value in record.row.items())
        judged = {name: float(value) for name, value in columns if name and isinstance(value, int | float)}
        if not judged:
            continue
        stage = record.verdict.get("stage")
        found[record.id] = JudgedRow(
            record.id,
            record.content,
            judged,
            _compared_with(judged, rubric),
            fell=stage in at_scores,
            reached=stage is None or str(stage).split(".")[0] == REVIEW,
        )
    return found, ids


def _compared_with(judged: Mapping[str, float], rubric: Rubric | None) -> dict[str, float]:
    """The scores by each criterion on the scale that people score by, which a checklist's shares are put on."""
    if rubric is None:
        return {}
    width = rubric.high - rubric.low
    found = {name: judged[name] for name in rubric.criteria if name in judged}
    return {name: rubric.low + value * width if rubric.scale(name) == SHARE else value for name, value in found.items()}


def _labels(recipe: Recipe, path: Path | None, rubric: Rubric | None) -> Iterable[Verdict]:
    """The labels of a file, or the verdicts beside the recipe. Raises `UserError` where there are none."""
    named = path is not None
    path = path or recipe.verdicts
    if path is None or not path.is_file():
        where = (
            f"{path}: there is no such file" if path else "the recipe came from no file, so no verdicts lie beside it"
        )
        raise UserError(f"{where} ({WRITTEN}, or name a file of labels)")
    if not named or is_verdict_file(path):
        return list(_standing(path))
    return read_labels(path, list(rubric.criteria) if rubric else [])


def _standing(path: Path) -> Iterator[Verdict]:
    for given in VerdictFile(path).read().standing.values():
        yield from given.values()


def _bounded(bounds: Sequence[ScoreBound], known: Sequence[str]) -> str:
    """The score that a bound is suggested for: the one that the recipe bounds from below, else the mean of all."""
    named = [bound.score for bound in bounds if bound.at_least is not None]
    return next((name for name in named if name in known), AGGREGATES[0])


def _among_people(labels: Iterable[Verdict], models: Collection[str], rubric: Rubric | None) -> dict[str, Figure]:
    """How far people agree with each other, by what they label; nothing where no row has labels of two."""
    standing: dict[tuple[str, str], dict[str, Verdict]] = {}
    for label in labels:
        if label.more.get(BY) != "models" and label.reviewer not in models:
            standing.setdefault(label.key, {})[label.reviewer] = label
    found = agreement(standing, (rubric.low, rubric.high) if rubric else None)
    return {each.name: each.main for each in found if each.rows and each.main.value is not None}


def _counted(row: LabelledRow, good: float) -> LabelledRow:
    """The row, accepted or rejected by people's scores where nobody says which."""
    if row.accepted is not None or not row.scores:
        return row
    known = [score for name, score in row.scores.items() if name in row.compared]
    return replace(row, accepted=fmean(known or row.scores.values()) >= good)


def _counted_said(rows: Sequence[LabelledRow], good: float) -> str:
    unsaid = sum(row.accepted is None and bool(row.scores) for row in rows)
    return f"{rows_said(unsaid)} without a verdict count as accepted from a mean of people's scores of {good:g} on"


def _kept_at(recipe: Recipe) -> Path | None:
    """Where a calibration is kept; None where the recipe is no file of the user's, or was changed by an override."""
    from hfsft.release.folder.file_names import RESOLVED

    path = recipe.source.path
    return None if path is None or path.name == RESOLVED else recipe.beside(ENDING)
