"""What a build came to, as its sections are told it (`hfsft.stages.base.Outcome`): of a build, and of its folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from hfsft.models.model import Model
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.sections import stage_kinds
from hfsft.release.removal_causes import Cause, listed
from hfsft.release.report import measures
from hfsft.stages.base import Fell, Outcome, Stage
from hfsft.tallies.column_values import chained

if TYPE_CHECKING:
    from hfsft.release.report.page_data import PageData
    from hfsft.release.result import Built


def outcome_of(built: Built) -> Outcome:
    """Of a build, as it is written down."""
    return replace(_without_figures(built), figures=built.figures, before=built.before)


def figures_of(built: Built) -> dict[str, Any]:
    """By section the numbers that the next release is compared with, of those that have any."""
    outcome = _without_figures(built)
    found = {key: dict(stage.figures(outcome)) for key, stage in built.recipe.stages().items()}
    return {key: figures for key, figures in found.items() if figures}


def _without_figures(built: Built) -> Outcome:
    removals, scored = built.ledger.removals, measures.scored(built.plan)
    return Outcome(
        splits=list(built.ledger.splits),
        values=built.values,
        removed=lambda column, step="": chained(
            *(each.column(column) for each in removals if step in ("", each.stage))
        ),
        fell=[
            Fell(each.stage, each.rule, each.bound, len(each.rows), each.value_column in scored) for each in removals
        ],
        models=built.recipe.models,
        wrote=measures.writers(built.plan),
        why=lambda step: listed_causes([cause for cause in built.causes if cause.stage == step]),
        lines={line.step: line for line in built.ledger.funnel},
        table=lambda name: built.ledger.tables[name].to_list() if name in built.ledger.tables else [],
        samples=built.recipe.publish.samples,
        leaves={"split": built.sides},
        ended=built.ledger.ended,
        identities={step.name: step.identity for step in built.plan.steps if step.asks},
        beside=built.recipe.beside,
        embed=_packaged,
        resource=partial(_needed, built),
    )


def outcome_in(folder: PageData) -> Outcome:
    """Of a folder that a build wrote, whenever that was."""
    fell = Counter(zip(*(folder.removed.column(name) for name in ("stage", "rule", "bound")), strict=True))
    return Outcome(
        splits=[table.split for table in folder.kept],
        values=folder.values,
        removed=folder.fell,
        fell=[Fell(stage, rule or "", bound or "", rows) for (stage, rule, bound), rows in fell.items()],
        samples=folder.release.shows_samples,
        figures=folder.summary.get("figures", {}),
        before=folder.summary.get("figures_before", {}),
    )


def stages_in(recipe: Mapping[str, Any]) -> Iterator[Stage]:
    """The sections that make steps, of a recipe as a folder holds it; none that this version cannot read any more."""
    models = {}
    for name, said in (recipe.get("models") or {}).items():
        with suppress(ValidationError):
            models[name] = Model.model_validate(said)
    for key, kind in stage_kinds(Recipe, recipe).items():
        section = recipe.get(key)
        for item in section if isinstance(section, list) else [section]:
            with suppress(ValidationError):
                if isinstance(item, Mapping):
                    yield kind.model_validate(item).with_models(models)


def _packaged(texts: Sequence[str]) -> Any:
    from hfsft.models.vectors.static import Static

    return Static().embed(texts)


def _needed(built: Built, step: str, kind: str) -> Any:
    (found,) = [need for each in built.plan.steps if each.name == step for need in each.needs if need.kind == kind]
    return found.load()


def listed_causes(found: Sequence[Cause]) -> str:
    """Causes in one line."""
    return "; ".join(listed(found, places=False))
