"""Recipe -> Plan: the order of steps, with templates, models and columns checked before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from hfsft.engine.plan import Plan
from hfsft.engine.step import Step
from hfsft.errors import ModelError, Problem, PromptError, RecipeError, nearest
from hfsft.filters.base import Filter
from hfsft.filters.privacy.rewriting import Rewriting
from hfsft.filters.score import Score
from hfsft.prompts import Prompt
from hfsft.recipe.checks.licences import meant
from hfsft.recipe.checks.rewrites import Rewrites
from hfsft.recipe.filter_order import FilterOrder
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.sources import filters_of, kept_of, open_sources, source_steps
from hfsft.rows.columns import COLUMNS
from hfsft.stages.base import Context
from hfsft.stages.evolve import TURNS, Evolve
from hfsft.stages.evolve import parse as parse_evolution
from hfsft.stages.examples import ExampleTable
from hfsft.stages.generate import Generate
from hfsft.stages.judge import Judge
from hfsft.stages.seeds import Prompts
from hfsft.stages.split.sides import NONE, Sides

UNTOUCHED = "this is still the template's own text"
REPLACE = "Replace me "  # how the texts begin that a recipe of `hfsft init` is to lose
RECIPE_VARIABLES = ("name", "description", "language")
TEMPLATE_LANGUAGE = ["en"]  # what templates read where the recipe names no language
EVOLVE_VARIABLES = ("instruction", "context", "topic", "system", "round", *TURNS, *RECIPE_VARIABLES)
GENERATE_VARIABLES = ("instruction", "context", "topic", *RECIPE_VARIABLES)


def compile_recipe(
    recipe: Recipe,
    limit: int | None = None,
    *,
    weights: bool = True,
    download: bool = True,
    sources: bool = True,
    former: Sides = NONE,
) -> Plan:
    """The plan of a recipe, over `limit` of its source rows only where given (picked by a hash of their ids).

    Without `weights` those of an embedded model are not looked for, without `sources` no file or dataset is opened:
    enough to check a recipe, but the plan's fingerprints are then not those of a build. Without `download` the same is
    true of weights that are not on this machine. `former` are the sides of the split that builds before gave.

    Raises `RecipeError` with every problem that only shows where sections meet, or when sources are opened.
    """
    if untouched := list(_untouched(recipe)):
        raise RecipeError(untouched)
    opened, problems = open_sources(recipe) if sources else ([], [])
    problems += [*_model_problems(recipe, download and weights), *_template_problems(recipe), *_filter_problems(recipe)]
    problems += _licence_problems(recipe)
    if problems:
        raise RecipeError(problems)
    source = recipe.source
    context = _context(recipe, weights, download)
    rules = [rule.at(recipe.base).speaking(recipe.language or ()) for rule in filters_of(recipe)]
    placed = [(rule, source.place(("filters", index)), _label(rule, rules)) for index, rule in enumerate(rules)]
    order = FilterOrder([each for each in placed if not isinstance(each[0], Rewriting)], given=bool(recipe.examples))
    rewrites = Rewrites([(rule, at, label) for rule, at, label in placed if isinstance(rule, Rewriting)])
    read = source_steps(recipe, opened, context.place("seeds" if recipe.seeds else "examples"), limit)
    steps = list(rewrites.behind(read))
    stages = [list(rewrites.behind(stage)) for stage in _stages(recipe, context)]
    for position in range(len(stages) + 1):
        if position:
            steps += stages[position - 1]
        later = {name for stage in stages[position:] for step in stage for name in step.writes}
        steps += order.steps({name for step in steps for name in step.writes}, later)
    steps += recipe.split.steps(context, former)
    plan = Plan(recipe.name, tuple(_numbered(steps)))
    plan.check()
    return plan


def asking_steps(recipe: Recipe) -> list[Step]:
    """The steps that ask models, in the order that rows meet them; the sources are not opened for them."""
    stages = _stages(recipe, _context(recipe, weights=False))
    return [step for stage in stages for step in stage if step.asks]


def _label(rule: Filter, rules: list[Filter]) -> str:
    """What a filter's steps are called: by its column too, where the recipe uses the filter more than once."""
    column = getattr(rule, "column", None)
    alone = sum(other.name == rule.name for other in rules) == 1
    if alone or column is None:
        return rule.name
    return f"{rule.name} {column if isinstance(column, str) else '+'.join(column)}"


def generate_of(recipe: Recipe) -> Generate | None:
    """How responses are written: seeds always need some, examples alone only where the recipe says so."""
    return recipe.generate or (Generate() if recipe.seeds else None)


def _context(recipe: Recipe, weights: bool, download: bool = True) -> Context:
    source = recipe.source
    return Context(
        name=recipe.name,
        description=recipe.description,
        language=tuple(recipe.language or TEMPLATE_LANGUAGE),
        models={name: _model_identity(recipe, name, weights, download) for name in asked(recipe)},
        base=recipe.base,
        place=lambda *loc: source.place(loc, key=True),
        kept=tuple(kept_of(recipe).values()),
    )


def _stages(recipe: Recipe, context: Context) -> Iterator[list[Step]]:
    generate = generate_of(recipe)
    if recipe.evolve:
        yield recipe.evolve.steps(context)
    if generate:
        yield generate.steps(context)
    if recipe.judge:
        yield recipe.judge.steps(context, recipe.role(recipe.judge))


def _model_identity(recipe: Recipe, name: str, weights: bool, download: bool) -> dict[str, Any]:
    model = recipe.models[name]
    if not (model.embedded and weights):
        return model.depends_on()
    from hfsft.models.embedded.server import revision

    try:
        return {**model.depends_on(), "weights": revision(model, download=download)}
    except ModelError as error:  # the download failed
        raise RecipeError([model_problem(recipe, name, "model", f"models.{name}: {error}")]) from None


def _numbered(steps: list[Step]) -> Iterator[Step]:
    """Steps under names of their own: a filter used twice on one column is told apart by a number."""
    seen: Counter[str] = Counter()
    for step in steps:
        seen[step.name] += 1
        yield step if seen[step.name] == 1 else replace(step, name=f"{step.name}#{seen[step.name]}")


def _roles(recipe: Recipe) -> dict[str, str]:
    """Section -> the name under `models` that it asks, for the sections that the recipe has."""
    return {section: recipe.role(stage) for section, stage in asking(recipe).items()}


def asking(recipe: Recipe) -> dict[str, Evolve | Generate | Judge]:
    """The sections that ask a model, in the order that rows meet them."""
    stages = {"evolve": recipe.evolve, "generate": generate_of(recipe), "judge": recipe.judge}
    return {section: stage for section, stage in stages.items() if stage}


def _untouched(recipe: Recipe) -> Iterator[Problem]:
    """What `hfsft init` wrote to be replaced: grown as it stands, it would be data."""
    for index, seeds in enumerate(recipe.seeds):
        texts = seeds.prompts if isinstance(seeds, Prompts) else [seeds.path]
        for number, text in enumerate(texts):
            if text.startswith(REPLACE):
                loc = ("prompts", number) if isinstance(seeds, Prompts) else ("path",)
                place = recipe.source.place(("seeds", index, *loc))
                yield Problem(place, UNTOUCHED, "write prompts as your users would, or name a file of them")
    for index, examples in enumerate(recipe.examples):
        if isinstance(examples, ExampleTable) and examples.path.startswith(REPLACE):
            place = recipe.source.place(("examples", index, "path"))
            yield Problem(place, UNTOUCHED, "name a file, or a dataset on the Hub")


def asked(recipe: Recipe) -> list[str]:
    """The names of the models that some section asks, each once."""
    return list(dict.fromkeys(_roles(recipe).values()))


def model_problem(recipe: Recipe, name: str, key: str, message: str) -> Problem:
    """What is wrong with a model at one of its keys; one that the recipe does not write out, where it is asked."""
    source = recipe.source
    if name in (source.data.get("models") or {}):
        return Problem(source.place(("models", name, key)), message)
    section = next((section for section, role in _roles(recipe).items() if role == name), "models")
    return Problem(source.place((section if section in source.data else "seeds",), key=True), message)


def _model_problems(recipe: Recipe, download: bool) -> Iterator[Problem]:
    from hfsft.models import obstacles
    from hfsft.models.embedded import weights

    for section, name in _roles(recipe).items():
        if name not in recipe.models:
            place = recipe.source.place((section, "model"))
            yield Problem(
                place, f"{section} asks a model `{name}`, which is not under models", nearest(name, list(recipe.models))
            )
    for name, model in recipe.models.items():
        if wrong := obstacles.wrong_provider(model):
            yield replace(model_problem(recipe, name, "provider", f"models.{name}: {wrong[0]}"), help=wrong[1])
        if not (model.embedded and name in asked(recipe)):
            continue
        try:
            (weights.require_obtainable if download else weights.require_known)(model)
        except ModelError as error:
            yield model_problem(recipe, name, "model", f"models.{name}: {error}")


def _template_problems(recipe: Recipe) -> Iterator[Problem]:
    for loc, parse, allowed in _templates(recipe):
        try:
            prompt = parse()
        except PromptError as error:
            yield Problem(recipe.source.place_in_text(loc, error.line or 1), error.message, error.help)
            continue
        for name in sorted(prompt.variables - set(allowed)):
            place = recipe.source.place_in_text(loc, prompt.line_of(name) or 1)
            hint = nearest(name, list(allowed))
            yield Problem(place, f"the template uses `{name}`, which no column or setting is called", hint)


def _templates(recipe: Recipe) -> Iterator[tuple[tuple[str | int, ...], Callable[[], Prompt], tuple[str, ...]]]:
    """Every template of the recipe: where it stands, what parses it, the variables that it may use."""
    kept = tuple(kept_of(recipe).values())
    if recipe.evolve:
        for index, template in enumerate(recipe.evolve.templates):
            yield ("evolve", "templates", index), partial(parse_evolution, template), (*EVOLVE_VARIABLES, *kept)
    if recipe.generate:
        for field, allowed in (("system", GENERATE_VARIABLES), ("template", (*GENERATE_VARIABLES, "system"))):
            text = getattr(recipe.generate, field)
            if text:
                yield ("generate", field), partial(Prompt.parse, text, f"generate.{field}"), (*allowed, *kept)


def _filter_problems(recipe: Recipe) -> Iterator[Problem]:
    scores = recipe.judge.columns if recipe.judge else []
    known = {*COLUMNS, *kept_of(recipe).values(), *scores}
    for index, rule in enumerate(filters_of(recipe)):
        place = recipe.source.place(("filters", index))
        if recipe.filters is None:
            continue
        for column in rule.reads:
            if column in known:
                continue
            if column.startswith("score_") and not scores:
                yield Problem(
                    place, f"filters[{rule.name}] reads {column}, but nothing is judged", "add a judge section"
                )
            else:
                hint = nearest(column, sorted(known))
                yield Problem(place, f"filters[{rule.name}] reads `{column}`, which no stage writes", hint)
        try:
            rule.at(recipe.base).identity()
        except ModelError as error:  # a tokenizer that cannot be loaded
            yield Problem(recipe.source.place(("filters", index, rule.name, "tokenizer")), str(error))
        if isinstance(rule, Score) and recipe.judge:
            yield from _scale_problems(recipe, rule, recipe.judge.scale, ("filters", index, rule.name))


def _scale_problems(
    recipe: Recipe, rule: Score, scale: tuple[int, int], loc: tuple[str | int, ...]
) -> Iterator[Problem]:
    """Bounds off the judge's scale, which no row could pass."""
    low, high = scale
    for criterion, limits in rule.limits.items():
        for name, bound, off in (
            ("at_least", limits.at_least, limits.at_least is not None and limits.at_least > high),
            ("at_most", limits.at_most, limits.at_most is not None and limits.at_most < low),
        ):
            if off:
                place = recipe.source.place((*loc, criterion, name))
                message = f"filters[score].{criterion}: {name} {bound:g} keeps no row: scores go from {low} to {high}"
                yield Problem(place, message, "judge.scale says which scores there are")


def _licence_problems(recipe: Recipe) -> Iterator[Problem]:
    if recipe.license and (known := meant(recipe.license)):
        place = recipe.source.place(("license",))
        yield Problem(place, f"license: the Hub has no licence `{recipe.license}`", f"did you mean `{known}`?")
