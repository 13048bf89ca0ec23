"""The models of a recipe: which section asks whom, on what their answers depend, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from hfsft.errors import ModelError, Problem, RecipeError, nearest
from hfsft.marks import Loc
from hfsft.recipe.overrides import name_path
from hfsft.recipe.recipe import Recipe
from hfsft.stages.base import Stage


class SectionAsks(NamedTuple):
    """A section that asks a model."""

    key: str
    stage: Stage
    loc: Loc  # where in the recipe it names the model
    name: str  # of the model


def asking(recipe: Recipe, name: str | None = None) -> list[SectionAsks]:
    """The sections that ask a model, that of `name` if it is given, in the order that rows meet them."""
    found = [
        SectionAsks(key, stage, (key, *asks.loc), asks.name)
        for key, stage in recipe.stages().items()
        for asks in stage.asks(recipe.models)
    ]
    return [each for each in found if name in (None, each.name)]


def asked(recipe: Recipe) -> list[str]:
    """The names of the models that some section asks, each once."""
    return list(dict.fromkeys(each.name for each in asking(recipe)))


def identity(recipe: Recipe, name: str, weights: bool, download: bool) -> dict[str, Any]:
    """What the answers of a model depend on; without `weights` not on those of an embedded one."""
    model = recipe.models[name]
    if not (model.embedded and weights):
        return model.depends_on()
    from hfsft.models.embedded.server import revision

    try:
        return {**model.depends_on(), "weights": revision(model, download=download)}
    except ModelError as error:  # the download failed
        raise RecipeError([model_problem(recipe, name, "model", f"models.{name}: {error}")]) from None


def model_problem(recipe: Recipe, name: str, key: str, message: str) -> Problem:
    """What is wrong with a model at one of its keys; one that the recipe does not write out, where it is asked."""
    source = recipe.source
    if name in (source.data.get("models") or {}):
        return Problem(source.place(("models", name, key)), message)
    by = next(iter(asking(recipe, name)), None)
    section = "models" if by is None else by.key if by.key in source.data else by.stage.implied_by
    return Problem(source.place((section,), key=True), message)


def model_problems(recipe: Recipe, download: bool) -> Iterator[Problem]:
    """What is wrong with models as far as the recipe itself tells; `download`: and their weights, where they are."""
    from hfsft.models import obstacles
    from hfsft.models.embedded import weights

    for key, _, loc, name in asking(recipe):
        if name not in recipe.models:
            at = "" if loc == (key, "model") else f" ({name_path(loc, recipe.source.data)})"
            message = f"{key} asks a model `{name}`{at}, which is not under models"
            yield Problem(recipe.source.place(loc), message, nearest(name, list(recipe.models)))
    for name, model in recipe.models.items():
        if wrong := obstacles.wrong_provider(model):
            yield replace(model_problem(recipe, name, "provider", f"models.{name}: {wrong[0]}"), help=wrong[1])
        if not (model.embedded and name in asked(recipe)):
            continue
        try:
            (weights.require_obtainable if download else weights.require_known)(model)
        except ModelError as error:
            yield model_problem(recipe, name, "model", f"models.{name}: {error}")
