"""Recipe -> Plan: the order of steps, with templates, models and columns checked before anything runs.

Which sections and filters there are stands in `hfsft.recipe.sections` and `hfsft.filters`; what each of them does, in
its own file. None of them is named here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from hfsft.engine.plan import Plan
from hfsft.engine.resources import Resource
from hfsft.engine.step import Step
from hfsft.errors import Place, Problem, PromptError, RecipeError
from hfsft.filters.base import Filter
from hfsft.marks import Loc
from hfsft.recipe.checks.cross_references import Contexts, filter_problems, section_problems
from hfsft.recipe.checks.init_placeholders import placeholders
from hfsft.recipe.checks.licences import meant
from hfsft.recipe.checks.rewrites import Rewrites
from hfsft.recipe.documents.opened_corpus import unopened_corpus
from hfsft.recipe.filter_order import FilterOrder
from hfsft.recipe.models_asked import asked, chat_template_of, embedding_step, identity, model_problems
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import filters_of
from hfsft.recipe.sections import loc_of
from hfsft.recipe.sources import (
    OpenedSources,
    given_of,
    in_waves,
    inline_rows,
    kept_of,
    source_problems,
    source_steps,
    topics_of,
)
from hfsft.rows.columns import COLUMNS
from hfsft.stages.base import AskingStage, Context, Judging, Stage

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
    opened_sources = opened_sources or OpenedSources(recipe)
    opened, problems = opened_sources() if sources else ([], [])
    corpus, _ = opened_sources.corpus() if sources else (None, [])
    problems += [*model_problems(recipe, download and weights), *source_problems(recipe)]
    template = partial(chat_template_of, recipe, weights, download)
    problems += section_problems(recipe, contexts_of(recipe, chat_template=template, opened=sources))
    problems += [*filter_problems(recipe, opened=sources), *_licence_problems(recipe)]
    if problems:
        raise RecipeError(problems)
    embed = partial(embedding_step, recipe, weights=weights, download=download)
    models = _identities(recipe, weights, download)
    contexts = contexts_of(recipe, models, former, embed, corpus, template, opened=sources)
    rules = _rules(recipe) if sources else [rule.unopened() for rule in _rules(recipe)]
    placed = [(rule, recipe.source.place(("filters", index)), _label(rule, rules)) for index, rule in enumerate(rules)]
    order, rewrites = FilterOrder(placed, bool(recipe.examples), embed), Rewrites(placed)
    start = recipe.source.place(("seeds" if recipe.seeds else "examples",), key=True)
    steps = list(rewrites.behind(source_steps(recipe, opened, start, limit, corpus)))
    made = [(key, list(rewrites.behind(each))) for key, each in _by_section(recipe, contexts)]
    # Of a few rows that somebody looks at nothing is asked but what these need.
    stages = recipe.stages().items() if limit is None else ()
    ahead = [step for key, stage in stages for step in stage.ahead(contexts[key])]
    waiting = [each for key, each in made if not key or not recipe.behind_rules(key)]
    for position in range(len(waiting) + 1):
        if position:
            steps += waiting[position - 1]
        steps += list(order.steps(steps, [step for each in waiting[position:] for step in each]))
        steps += ahead if not position else []
    if left := list(order.left()):
        raise RecipeError(left)
    steps += [step for key, each in made if key and recipe.behind_rules(key) for step in each]
    plan = Plan(recipe.name, tuple(_numbered(steps)))
    plan.check()
    return plan


def steps_of_sections(recipe: Recipe) -> list[Step]:
    """The steps of all sections, in the order that rows meet them, without the sources' and the filters'."""
    embed = partial(embedding_step, recipe, weights=False, download=False)
    identities = _identities(recipe, weights=False, download=False)
    contexts = contexts_of(recipe, identities, embed=embed, opened=False)
    return [step for _, each in _by_section(recipe, contexts) for step in each]


def contexts_of(
    recipe: Recipe,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    former: Mapping[str, Any] | None = None,
    embed: Callable[..., Step] | None = None,
    corpus: Resource | None = None,
    chat_template: Callable[[str], str] | None = None,
    *,
    opened: bool = True,
) -> Contexts:
    """What each section may know of the recipe; `models` are the identities of those that are asked.

    `corpus` is what its documents came to; left out, they are not opened.
    """
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
        roles={each.name: each.role for stage in recipe.stages().values() for each in stage.writes()},
        sections=frozenset([*recipe.stages(), *(["examples"] if recipe.examples else [])]),
        topics=topics_of(recipe),
        waves=in_waves(recipe),
        chat_template=chat_template,
        embed=embed,
        corpus=corpus or unopened_corpus(recipe),
        opened=opened,
        rules=partial(_rules, recipe),
        inline=partial(inline_rows, recipe),
        reasoning=recipe.publish.reasoning != "drop"
        and not any(isinstance(stage, AskingStage) and stage.reasons for stage in recipe.stages().values()),
    )
    found, kept = {}, tuple(kept_of(recipe).values())
    given = given_of(recipe)
    called: dict[Loc, str] = {(each.section, each.index): each.name for each in given}
    context = replace(context, peoples=not all(each.written for each in given))
    structured: tuple[str, ...] = ()
    scoring: Judging | None = None
    stages = recipe.stages()
    for key, stage in stages.items():
        at = loc_of(key)
        place = partial(_place, recipe, at)
        there, not_yet = _written_elsewhere(stages, key)
        if not called.get(at):  # no row that is to be written has them
            there = [name for name in there if name not in kept]
            found[key] = replace(context, kept=(*kept, *there), structured=structured, place=place, not_yet=not_yet)
        else:
            found[key] = replace(context, kept=kept, structured=structured, place=place, called=called[at])
        scoring = scoring or stage.judging(found[key])
        context = replace(context, judge=scoring)
        kept += tuple(each.name for each in stage.writes() if each.name not in COLUMNS)
        structured += tuple(each.name for each in stage.writes() if each.structured)
        context = replace(
            context,
            answering=stage.answering(found[key]) or context.answering,
            candidates=stage.candidates or context.candidates,
        )
    return found


def _written_elsewhere(stages: Mapping[str, Stage], key: str) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """The columns that sections behind one have there by then, as they stand early, and those that only come later:
    each with the section that writes it, and what helps.
    """
    behind = dict(islice(stages.items(), list(stages).index(key), None))
    changed = {name for stage in behind.values() if not stage.early for name in (*stage.changes, *_names(stage))}
    there: list[str] = []
    for each in [stage for other, stage in behind.items() if stage.early and other != key]:
        with suppress(PromptError):  # told where its template is read
            there += [
                name for reads, writes in each.early_columns() if not changed.intersection(reads) for name in writes
            ]
    helps = "it comes earlier where it looks at what is final by then, such as `column: instruction`"
    later = {
        name: (other, helps if stage.early else "")
        for other, stage in behind.items()
        if other != key
        for name in _names(stage)
    }
    return there, {name: told for name, told in later.items() if name not in there}


def _names(stage: Stage) -> list[str]:
    return [each.name for each in stage.writes()]


def _rules(recipe: Recipe) -> list[Filter]:
    """The filters of a recipe, with its folder and languages. Raises `ModelError` where one names what is not there."""
    return [rule.at(recipe.base).speaking(recipe.language or ()) for rule in filters_of(recipe)]


def _place(recipe: Recipe, at: Loc, section: str, *loc: str | int) -> Place:
    """Where a section stands, one of a list by its number, or what is at a path in it."""
    return recipe.source.place((*(at or (section,)), *loc), key=True)


def _by_section(recipe: Recipe, contexts: Contexts) -> list[tuple[str, Sequence[Step]]]:
    """The steps of each section, and behind them for each of the sections those that it puts there, if any.

    Those that are to stand right behind a section's own are of one list with these.

    Of sections that stand early each group of steps has its place where what it reads is final; so have, under no key,
    those that measure for a section behind the rules.
    """
    later: dict[str, list[Sequence[Step]]] = defaultdict(list)
    joined: dict[str, list[Step]] = defaultdict(list)
    for key, stage in recipe.stages().items():
        for other, steps in stage.later(contexts[key]).items():
            later[other].append(steps)
        for other, steps in stage.right_behind(contexts[key]).items():
            joined[other] += steps
    found: list[tuple[str, Sequence[Step]]] = []
    early: list[tuple[str, Sequence[Step]]] = []
    for key, stage in recipe.stages().items():
        if stage.early:
            early += [(key, group) for group in stage.groups(contexts[key])]
        else:
            found.append((key, [*stage.steps(contexts[key]), *joined[key]]))
        found += [(key, steps) for steps in later[key]]
        early += [("", steps) for steps in [stage.measuring(contexts[key])] if steps]
    for key, group in early:
        found.insert(_earliest([steps for _, steps in found], group), (key, group))
    return found


def _earliest(made: Sequence[Sequence[Step]], group: Sequence[Step]) -> int:
    """The first place among groups of steps behind which no step writes what a group reads.

    Where rows of one prompt are there by then, of which some are chosen later, it stands behind the choice.
    """
    reads = {name for step in group for name in (*step.reads, *step.optional)}
    place = max(
        (at for at, steps in enumerate(made, 1) for step in steps if reads.intersection(step.writes)), default=0
    )
    known = {name for steps in made[:place] for step in steps for name in step.writes}
    choices = (
        at for at, steps in enumerate(made, 1) for step in steps if step.sees == "group" and step.group_by in known
    )
    return max(place, *choices, 0)


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
