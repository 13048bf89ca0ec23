"""References from one part of a recipe to another: variables of templates, and columns that filters read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from hfsft.errors import ModelError, Place, Problem, PromptError, nearest
from hfsft.filters.base import Around
from hfsft.marks import Loc
from hfsft.recipe.checks.template_files import TemplateFile
from hfsft.recipe.overrides import name_path
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import filters_of
from hfsft.recipe.sections import loc_of, stage_kinds
from hfsft.recipe.sources import kept_of
from hfsft.rows.columns import ROW, Column, column, vector_of
from hfsft.stages.base import STRUCTURED, Context

Contexts = Mapping[str, Context]
"""Section -> what its stage may know of the recipe."""


def section_problems(recipe: Recipe, contexts: Contexts) -> Iterator[Problem]:
    """What is wrong with the templates of each section, and what it says itself is wrong with it."""
    measured = {name: rule.name for rule in filters_of(recipe) for name in rule.writes}
    for key, stage in recipe.stages().items():
        context, at = contexts[key], loc_of(key)
        for loc, parse, variables in stage.renders():
            allowed = dict.fromkeys((*variables, *context.values(), *context.kept))
            allowed.pop(STRUCTURED, None)
            file = recipe.template_files.get((*at, *loc))
            if file and file.fault:
                yield Problem(recipe.source.place(file.loc), file.fault.message, file.fault.help)
                continue
            if file and (why := stage.unfit_name(PurePath(file.name).stem)):
                yield Problem(recipe.source.place(file.loc), f"{file.name}: {why}", "call the file otherwise")
            try:
                prompt = parse()
            except PromptError as error:
                place, where = _in_template(recipe, (*at, *loc), error.line, file)
                yield Problem(place, f"{where}{error.message}", error.help)
                continue
            for name in sorted(prompt.variables - set(allowed)):
                place, where = _in_template(recipe, (*at, *loc), prompt.line_of(name), file)
                said, hint = context.unknown(name, "column or setting", list(allowed))
                yield Problem(place, f"{where}the template uses `{name}`, {said}", hint)
        yield from stage.problems(context)
        for each in stage.writes():
            if each.name in measured:
                place, rule = recipe.source.place(at, key=True), measured[each.name]
                said = f"{name_path(at, recipe.source.data)} writes `{each.name}`, as the filter {rule} does"
                yield Problem(place, said, "call it otherwise")


def _in_template(recipe: Recipe, loc: Loc, line: int, file: TemplateFile | None) -> tuple[Place, str]:
    """Where a line of a template stands, and what to say before all else: of one in a file, that line of it."""
    if file is None:
        return recipe.source.place_in_text(loc, line or 1), ""
    return recipe.source.place(file.loc), f"{file.name}, line {line or 1}: "


def filter_problems(recipe: Recipe, *, opened: bool = True) -> Iterator[Problem]:
    """What each filter says is wrong with it; unless `opened`, no other sets are looked into that it compares with."""
    if recipe.filters is None:
        return
    kept = [column(name, "string", "kept") for name in kept_of(recipe).values()]
    written = [
        each
        for key, stage in recipe.stages().items()
        for each in stage.writes()
        if not recipe.behind_rules(key) or each.role == "measure"
    ]
    rules = filters_of(recipe)
    measured = {name: column(name, kind) for rule in rules for name, kind in rule.writes.items()}
    measuring = Counter(name for rule in rules for name in rule.writes)
    given = {each.name: each for each in (*ROW, *kept, *written)}
    for index, rule in enumerate(rules):
        own = {name for name in rule.writes if measuring[name] == 1}
        columns = {name: each for name, each in measured.items() if name not in own} | given
        loc = ("filters", index, rule.name)
        vectors = {vector_of(name): column(vector_of(name)) for name, each in columns.items() if each.type == "string"}
        around = Around(
            columns | vectors, _lacking(recipe, columns), lambda *path, loc=loc: recipe.source.place((*loc, *path))
        )
        try:
            rule = rule.at(recipe.base) if opened else rule.at(recipe.base).unopened()
        except ModelError as error:  # there is no such folder
            yield Problem(around.place(*rule.names_file()), str(error))
        else:
            yield from rule.problems(around)


def _lacking(recipe: Recipe, columns: Mapping[str, Column]) -> Callable[[str], tuple[str, str]]:
    def lacking(name: str) -> tuple[str, str]:
        kinds: Mapping[str, Any] = stage_kinds(type(recipe))
        for key, kind in kinds.items():
            if not getattr(recipe, key) and (why := kind.lacking(name)):
                return f"but {why}", f"add a {key} section"
        return "which no stage writes", nearest(name, sorted(columns))

    return lacking
