"""Recipe -> Plan: the order of steps, with templates, models and columns checked before anything runs.

Which sections and filters there are stands in `hfsft.recipe.sections` and `hfsft.filters`; what each of them does, in
its own file. None of them is named here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import Place, Problem, RecipeError
from hfsft.filters.base import Filter
from hfsft.marks import Loc
from hfsft.recipe.checks.cross_references import Contexts, filter_problems, section_problems
from hfsft.recipe.checks.init_placeholders import placeholders
from hfsft.recipe.checks.licences import meant
from hfsft.recipe.checks.rewrites import Rewrites
from hfsft.recipe.filter_order import FilterOrder
from hfsft.recipe.models_asked import asked, embedding_step, identity, model_problems
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import filters_of
from hfsft.recipe.sections import loc_of
from hfsft.recipe.sources import OpenedSources, given_of, kept_of, source_problems, source_steps
from hfsft.stages.base import AskingStage, Context

TEMPLATE_LANGUAGE = ["en"]  # what templates read where the recipe names no language


def compile_recipe(
    recipe: Recipe,
    limit: int | None = None,
    *,
    weights: bool = True,
    download: bool = True,
    sources: bool = True,
    former: Mapping[str, Any] | None = None,
    opened_sources: OpenedSources | None = None,
) -> Plan:
    """The plan of a recipe, over `limit` of its source rows only where given (picked by a hash of their ids).

    Without `weights` those of an embedded model are not looked for, without `sources` no file or dataset is opened:
    enough to check a recipe, but the plan's fingerprints are then not those of a build. Without `download` the same is
    true of weights that are not on this machine. `former` is what builds before left to sections, by their keys.
    `opened_sources`, where given, are those of the recipe that others look into as well.

    Raises `RecipeError` with every problem that only shows where sections meet, or when sources are opened.
    """
    if problems := list(placeholders(recipe)):
        raise RecipeError(problems)
    opened, problems = (opened_sources or OpenedSources(recipe))() if sources else ([], [])
    problems += [*model_problems(recipe, download and weights), *source_problems(recipe)]
    problems += [*section_problems(recipe, contexts_of(recipe)), *filter_problems(recipe), *_licence_problems(recipe)]
    if problems:
        raise RecipeError(problems)
    embed = partial(embedding_step, recipe, weights=weights, download=download)
    contexts = contexts_of(recipe, _identities(recipe, weights, download), former, embed)
    rules = [rule.at(recipe.base).speaking(recipe.language or ()) for rule in filters_of(recipe)]
    placed = [(rule, recipe.source.place(("filters", index)), _label(rule, rules)) for index, rule in enumerate(rules)]
    order, rewrites = FilterOrder(placed, bool(recipe.examples), embed), Rewrites(placed)
    start = recipe.source.place(("seeds" if recipe.seeds else "examples",), key=True)
    steps = list(rewrites.behind(source_steps(recipe, opened, start, limit)))
    made = [(key, list(rewrites.behind(each))) for key, each in _by_section(recipe, contexts)]
    waiting = [each for key, each in made if not recipe.behind_rules(key)]
    for position in range(len(waiting) + 1):
        if position:
            steps += waiting[position - 1]
        steps += list(order.steps(steps, [step for each in waiting[position:] for step in each]))
    if left := list(order.left()):
        raise RecipeError(left)
    steps += [step for key, each in made if recipe.behind_rules(key) for step in each]
    plan = Plan(recipe.name, tuple(_numbered(steps)))
    plan.check()
    return plan


def asking_steps(recipe: Recipe) -> list[Step]:
    """The steps that ask models, in the order that rows meet them; the sources are not opened for them."""
    embed = partial(embedding_step, recipe, weights=False, download=False)
    contexts = contexts_of(recipe, _identities(recipe, weights=False, download=False), embed=embed)
    return [step for _, each in _by_section(recipe, contexts) for step in each if step.asks]


def contexts_of(
    recipe: Recipe,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    former: Mapping[str, Any] | None = None,
    embed: Callable[..., Step] | None = None,
) -> Contexts:
    """What each section may know of the recipe; `models` are the identities of those that are asked."""
    context = Context(
        name=recipe.name,
        description=recipe.description,
        language=tuple(recipe.language or TEMPLATE_LANGUAGE),
        models=models or {},
        base=recipe.base,
        stem=recipe.stem,
        place=partial(_place, recipe, ()),
        attributes=tuple(name for stage in recipe.stages().values() for name in stage.varies),
        former=former or {},
        sections=frozenset(recipe.stages()),
        embed=embed,
        reasoning=recipe.publish.reasoning != "drop"
        and not any(isinstance(stage, AskingStage) and stage.reasons for stage in recipe.stages().values()),
    )
    found, kept = {}, tuple(kept_of(recipe).values())
    given = given_of(recipe)
    called: dict[Loc, str] = {(each.section, each.index): each.name for each in given}
    context = replace(context, peoples=not all(each.written for each in given))
    for key, stage in recipe.stages().items():
        at = loc_of(key)
        found[key] = replace(context, kept=kept, place=partial(_place, recipe, at), called=called.get(at, ""))
        kept += tuple(each.name for each in stage.writes())
    return found


def _place(recipe: Recipe, at: Loc, section: str, *loc: str | int) -> Place:
    """Where a section stands, one of a list by its number, or what is at a path in it."""
    return recipe.source.place((*(at or (section,)), *loc), key=True)


def _by_section(recipe: Recipe, contexts: Contexts) -> Iterator[tuple[str, Sequence[Step]]]:
    """The steps of each section, and behind them for each of the sections those that it puts there, if any."""
    later: dict[str, list[Sequence[Step]]] = defaultdict(list)
    for key, stage in recipe.stages().items():
        for other, steps in stage.later(contexts[key]).items():
            later[other].append(steps)
    for key, stage in recipe.stages().items():
        yield key, stage.steps(contexts[key])
        yield from ((key, steps) for steps in later[key])


def _identities(recipe: Recipe, weights: bool, download: bool) -> dict[str, dict[str, Any]]:
    return {name: identity(recipe, name, weights, download) for name in asked(recipe)}


def _label(rule: Filter, rules: list[Filter]) -> str:
    """What a filter's steps are called: by its column too, where the recipe uses the filter more than once."""
    return rule.name if sum(other.name == rule.name for other in rules) == 1 else rule.name_with_columns


def _numbered(steps: list[Step]) -> Iterator[Step]:
    """Steps under names of their own: a filter used twice on one column is told apart by a number."""
    seen: Counter[str] = Counter()
    for step in steps:
        seen[step.name] += 1
        yield step if seen[step.name] == 1 else replace(step, name=f"{step.name}#{seen[step.name]}")


def _licence_problems(recipe: Recipe) -> Iterator[Problem]:
    if recipe.license and (known := meant(recipe.license)):
        place = recipe.source.place(("license",))
        yield Problem(place, f"license: the Hub has no licence `{recipe.license}`", f"did you mean `{known}`?")
