"""What can be explained: each key of a recipe and each filter, with an example, what it writes and whom it asks."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from textwrap import dedent
from typing import Any, Literal

from pydantic import BaseModel

from hfsft.errors import RecipeError, UserError, nearest
from hfsft.filters import DEFAULT_FILTERS, FILTERS, entry_points
from hfsft.filters.base import Filter
from hfsft.recipe.compile import contexts_of
from hfsft.recipe.explain.schema_keys import ANY, Key, Schema, written
from hfsft.recipe.json_schema import first_sentence, reachable, recipe_schema
from hfsft.recipe.models_asked import embedding_step
from hfsft.recipe.overrides import name_path
from hfsft.recipe.recipe import Recipe, with_filters
from hfsft.recipe.recipe_file import load, parse, validate
from hfsft.recipe.sections import loc_of, stage_kinds
from hfsft.rows.columns import MESSAGES, Column, column

FIELD = "filters"
KNOWN: dict[str, Any] = {
    "name": "example",
    "models": {"writer": "smollm2-135m-instruct", "judge": "smollm2-135m-instruct"},
    "seeds": [{"prompts": ["Where is my parcel?"]}],
    "judge": {},
}
"""The least that a recipe has: each example stands in one like this."""


@dataclass(frozen=True)
class Form:
    """One way to write a section: most have but one."""

    about: str
    keys: tuple[Key, ...]
    example: str  # YAML of a recipe's part that has it


@dataclass(frozen=True)
class Subject:
    """A key of a recipe, or a filter."""

    name: str
    kind: Literal["key", "section", "filter"]
    key: Key  # as it stands in the recipe; of a filter, in the list of them
    forms: tuple[Form, ...]
    range: str = ""  # of a filter's measure
    blind: str = ""  # what a filter does not see
    writes: tuple[Column, ...] = ()
    asks: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What it is, in a sentence."""
        return self.forms[0].about.partition("\n\n")[0] if self.kind == "filter" else self.key.about

    @property
    def top(self) -> tuple[Key, ...]:
        """The keys right below it, of all its forms."""
        found = {key.name: key for form in reversed(self.forms) for key in reversed(form.keys)}
        return tuple(reversed(found.values()))

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        forms = [
            {"about": form.about, "example": form.example, "keys": [key.as_dict() for key in form.keys]}
            for form in self.forms
        ]
        filters = {"range": self.range, "blind": self.blind} if self.kind == "filter" else {}
        found = {"name": self.name, "kind": self.kind, **self.key.as_dict(), **filters, "forms": forms}
        return {
            **{name: value for name, value in found.items() if name not in ("key", "keys")},
            "writes": [each.as_dict() for each in self.writes],
            "asks": list(self.asks),
        }


@cache
def subjects(model: type[Recipe] = Recipe) -> tuple[Subject, ...]:
    """Everything that has a name in a recipe: its keys in their order, then the filters in theirs."""
    schema = Schema(recipe_schema(model))
    kinds = reachable(model)
    return (*_keys(schema, {kind.__name__: kind for kind in kinds}, model), *_filters(schema, kinds, model))


@cache
def installed() -> tuple[type[Recipe], list[str]]:
    """A recipe as it may be written here, with filters of other packages; a sentence for each that cannot be used."""
    kinds, unusable = entry_points.Installed().every()
    return with_filters({**FILTERS, **kinds}), unusable


def found(name: str, model: type[Recipe] = Recipe) -> list[Subject | Key]:
    """What a name such as `judge`, `judge.scale`, `near_duplicate` or `seeds[0].path` stands for.

    A name without a section before it may be that of several. Raises `UserError` for one that nothing has.
    """
    path = [part for part in name.replace("[", ".").replace("]", "").split(".") if part and not part.isdecimal()]
    known = subjects(model)
    if len(path) > 1 and path[0] == FIELD:
        known, path = tuple(each for each in known if each.kind == "filter"), path[1:]
    first, *rest = path or [""]
    there = [each for each in known if each.name == first]
    if there and not rest:
        return list(there)
    if there:
        return [key for key in [_below(there[0], rest)] if key]
    anywhere = [key for each in known for top in each.top for key in top.all() if key.name == first]
    if anywhere and not rest:
        return list({key.path: key for key in anywhere}.values())
    raise UserError(f"no key of a recipe and no filter is called `{first}` ({nearest(first, [s.name for s in known])})")


def _below(subject: Subject, path: Sequence[str]) -> Key:
    keys, inside = subject.top, subject.name
    by_name = subject.key.by_name
    current: Key | None = None
    for part in path:
        match = next((key for name in (part, ANY) for key in keys if key.name == name), None)
        if match is None and by_name:  # a name of the author's own
            by_name = False
            continue
        if match is None:
            hint = nearest(part, [key.name for key in keys]) if keys else "it has no keys of its own"
            raise UserError(f"no key `{part}` in {inside} ({hint})")
        current, keys, by_name, inside = match, match.inside, match.by_name, f"{inside}.{part}"
    return current or subject.key


def _keys(schema: Schema, kinds: Mapping[str, type[BaseModel]], model: type[Recipe]) -> Iterator[Subject]:
    stages, required = stage_kinds(model), schema.whole.get("required", ())
    for name, part in schema.whole["properties"].items():
        key = schema.key(name, part, name in required)
        forms = tuple(
            Form(_about(kinds[each["title"]]), schema.keys(each, name + suffix), example_of(kinds[each["title"]]))
            for suffix, each in schema.models(part)
        )
        if name == FIELD:
            key, forms = replace(key, type="list of filters", allowed=" | ".join(schema.tags(part))), _of_filters()
        shown = [f"{name}: {written(value)}" for value in part.get("examples", ())]
        plain = (Form("", (), "\n".join(shown)),)
        writes, asks = _effects(name, forms[0].example, model) if name in stages else ((), ())
        yield Subject(name, "section" if forms else "key", key, forms or plain, writes=writes, asks=asks)


def _of_filters() -> tuple[Form, ...]:
    few = [(rule.name, rule.model_dump(mode="json", exclude_defaults=True)) for rule in DEFAULT_FILTERS]
    usual = "\n".join(f"  - {name}" + (f": {written(given)}" if given else "") for name, given in few)
    return (Form("Where a recipe has none of its own, these hold:", (), f"{FIELD}:\n{usual}"),)


def _filters(schema: Schema, kinds: Iterable[type[BaseModel]], model: type[Recipe]) -> Iterator[Subject]:
    rules_by_name = {kind.name: kind for kind in kinds if issubclass(kind, Filter) and kind.name}
    for name, part in schema.tags(schema.whole["properties"][FIELD]).items():
        (each,) = schema.choices(part)
        kind = rules_by_name[name]
        form = Form(_about(kind), schema.keys(each, name), example_of(kind, name))
        try:
            rules = [rule for rule in around(form.example, model).filters or () if rule.name == name]
        except RecipeError:  # one of another package, without an example, that needs arguments
            rules, form = [], replace(form, example="")
        made = {
            name: column(name, of, about=_meaning(rule, name)) for rule in rules for name, of in rule.writes.items()
        }
        key = Key(f"{FIELD}[].{name}", "mapping", "", False, None, "")
        yield Subject(name, "filter", key, (form,), kind.values, kind.blind, tuple(made.values()))


def _meaning(rule: Filter, name: str) -> str:
    """What a filter says of one of its columns: of the first it is the filter's own first sentence."""
    if name == next(iter(rule.writes)):
        return first_sentence(type(rule))
    for called in sorted(set(dir(type(rule))) - set(dir(BaseModel))):  # the property that gives the column its name
        each = getattr(type(rule), called)
        if isinstance(each, property) and getattr(rule, called) == name:
            return inspect.getdoc(each) or ""
    return ""


def _effects(key: str, example: str, model: type[Recipe]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """What the steps of a section write, and the keys that name whom they ask, in a recipe with its example."""
    recipe = around(example or f"{key}: {{}}", model)
    models = {name: {"model": name} for name in recipe.models}
    key, stage = next(((each, one) for each, one in recipe.stages().items() if loc_of(each)[0] == key), ("", None))
    if stage is None:
        return (), ()
    embed = partial(embedding_step, recipe, weights=False, download=False)
    steps = stage.steps(contexts_of(recipe, models, embed=embed, opened=False)[key])
    dropped = {name for step in steps for name in step.drops}
    writes = {name: step.column(name, step.about) for step in steps for name in step.writes if name not in dropped}
    asks = (name_path((*loc_of(key), *each.loc), recipe.source.data) for each in stage.asks(recipe.models))
    return tuple(writes.values()), tuple(dict.fromkeys(asks))


def around(example: str, model: type[Recipe] = Recipe) -> Recipe:
    """The least recipe that has the example in it."""
    return validate(load({**KNOWN, **parse(example).data}), model)


def example_of(kind: type[BaseModel], name: str = "") -> str:
    """The example that a class carries itself; of a filter without one, its name in the list."""
    return dedent(vars(kind).get("example", "") or (f"{FIELD}:\n  - {name}" if name else "")).strip()


def type_told(made: Column) -> str:
    """The type of a column in one line."""
    if made.type == MESSAGES:
        return "list of messages"
    return made.type if isinstance(made.type, str) else json.dumps(made.type).replace('"', "")


def _about(kind: type[BaseModel]) -> str:
    return inspect.getdoc(kind) or ""
