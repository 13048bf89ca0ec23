"""The models of a recipe: which section asks whom, on what their answers depend, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from hfsft.embedding import embedding
from hfsft.engine.step import Step
from hfsft.errors import ModelError, Problem, RecipeError, nearest
from hfsft.marks import Loc
from hfsft.models.model import STATIC, Model
from hfsft.models.vectors.door import EMBEDDER, missing_library
from hfsft.recipe.overrides import name_path
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import filters_of
from hfsft.recipe.sections import loc_of
from hfsft.rows.columns import text_under
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
        SectionAsks(key, stage, (*loc_of(key), *asks.loc), asks.name)
        for key, stage in recipe.stages().items()
        for asks in stage.asks(recipe.models)
    ]
    return [each for each in found if name in (None, each.name)]


def asked(recipe: Recipe) -> list[str]:
    """The names of the models that some section asks, each once; the embedder among them where a filter needs it."""
    embedder = [EMBEDDER] if EMBEDDER in recipe.models and embedding_for(recipe) else []
    return list(dict.fromkeys([*(each.name for each in asking(recipe)), *embedder]))


def embedding_for(recipe: Recipe) -> list[str]:
    """The sections and filters that read vectors of texts."""
    rules = (rule for rule in filters_of(recipe) if any(text_under(name) is not None for name in rule.reads))
    stages = (key for key, stage in recipe.stages().items() if stage.embeds)
    return [*stages, *(f"filters[{rule.name}]" for rule in rules)]


def embedder(recipe: Recipe) -> Model:
    """The model that makes vectors: the one of that name, else the packaged one."""
    return recipe.models.get(EMBEDDER) or Model(model=STATIC, task="embed")


def embedding_step(recipe: Recipe, text: str, *, weights: bool = True, download: bool = True, table: str = "") -> Step:
    """The step that writes the vectors of a column of texts. Raises `RecipeError` where the embedder cannot be had."""
    model = embedder(recipe)
    place = recipe.source.place(("models", EMBEDDER) if EMBEDDER in recipe.models else ("filters",), key=True)
    known = None if model.local else identity(recipe, EMBEDDER, weights, download)
    try:
        return embedding(text, model, identity=known, load=weights, table=table, place=place)
    except ModelError as error:
        raise RecipeError([Problem(place, f"models.{EMBEDDER}: {error}")]) from None


def identity(recipe: Recipe, name: str, weights: bool, download: bool) -> dict[str, Any]:
    """What the answers of a model depend on; without `weights` not on those of an embedded one."""
    model = recipe.models[name]
    if not (model.embedded and weights) or model.local:
        return model.depends_on()
    from hfsft.models.embedded.server import revision

    try:
        return {**model.depends_on(), "weights": revision(model, download=download)}
    except ModelError as error:  # the download failed
        raise RecipeError([model_problem(recipe, name, "model", f"models.{name}: {error}")]) from None


def chat_template_of(recipe: Recipe, weights: bool, download: bool, name: str) -> str:
    """The chat template of an embedded model, as its weights have it; nothing without `weights`.

    Raises `ModelError` where there is none, as of a model at a server.
    """
    model = recipe.models.get(name)
    if model is None or not model.embedded:
        raise ModelError(f"models.{name} is at a server, which does not say how it begins a user's turn")
    if not weights:
        return ""
    from hfsft.models.embedded import gguf_metadata
    from hfsft.models.embedded.weights import find

    if not (found := gguf_metadata.chat_template(find(model, download=download))):
        raise ModelError(f"models.{name}: {model.model} has no chat template")
    return found


def model_problem(recipe: Recipe, name: str, key: str, message: str) -> Problem:
    """What is wrong with a model at one of its keys; one that the recipe does not write out, where it is asked."""
    source = recipe.source
    if name in (source.data.get("models") or {}):
        return Problem(source.place(("models", name, key)), message)
    by = next(iter(asking(recipe, name)), None)
    section = "models" if by is None else str(by.loc[0]) if by.loc[0] in source.data else by.stage.implied_by
    return Problem(source.place((section,), key=True), message)


def asking_problem(recipe: Recipe, error: ModelError) -> Problem | None:
    """The same at the model that it names, as it was found while a build asked it; None where it names none."""
    for name, model in recipe.models.items():
        if str(error).startswith(f"models.{name}: "):
            return model_problem(recipe, name, "base_url" if model.base_url else "model", str(error))
    return None


def model_problems(recipe: Recipe, download: bool) -> Iterator[Problem]:
    """What is wrong with models as far as the recipe itself tells; `download`: and their weights, where they are."""
    from hfsft.models import obstacles
    from hfsft.models.embedded import weights

    for key, _, loc, name in asking(recipe):
        if name not in recipe.models:
            at = "" if loc == (*loc_of(key), "model") else f" ({name_path(loc, recipe.source.data)})"
            message = f"{key} asks a model `{name}`{at}, which is not under models"
            yield Problem(recipe.source.place(loc), message, nearest(name, list(recipe.models)))
    yield from _tasks(recipe)
    for name, model in recipe.models.items():
        if wrong := obstacles.wrong_provider(model):
            yield replace(model_problem(recipe, name, "provider", f"models.{name}: {wrong[0]}"), help=wrong[1])
        if not (model.embedded and name in asked(recipe)):
            continue
        if model.local:
            if lacking := missing_library(model):
                yield model_problem(recipe, name, "model", f"models.{name}: {lacking}")
            continue
        try:
            (weights.require_obtainable if download else weights.require_known)(model)
        except ModelError as error:
            yield model_problem(recipe, name, "model", f"models.{name}: {error}")


def _tasks(recipe: Recipe) -> Iterator[Problem]:
    """Models that are asked for what is not their task."""
    for key, stage, loc, name in asking(recipe):
        model = recipe.models.get(name)
        if model and model.batch and stage.goes_on:
            said = f"{key} lets `{name}` go on with raw texts, which no batch holds"
            yield Problem(recipe.source.place(loc), said, "name a model without `batch`")
        if model and model.task not in stage.tasks:
            said = f"{key} asks `{name}` to write, and its task is {model.task}"
            yield Problem(recipe.source.place(loc), said, "name a model that chats")
    needed = embedding_for(recipe)
    if needed and embedder(recipe).task != "embed":
        said = f"models.{EMBEDDER}: {needed[0]} needs vectors of it"
        yield replace(model_problem(recipe, EMBEDDER, "model", said), help="write `task: embed`")
