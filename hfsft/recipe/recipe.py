"""Recipe: one field per section of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, Field, PrivateAttr, create_model, field_validator, model_validator

from hfsft.errors import Place, Problem, RecipeError, SourceError, UserError
from hfsft.filters import FILTERS, entry_points
from hfsft.filters.base import Filter
from hfsft.filters.listed import AnyFilter, any_of, filter_name, written
from hfsft.keys import masked
from hfsft.marks import PROSE, ROWS, Loc
from hfsft.recipe.checks.recipe_secrets import secrets_in
from hfsft.recipe.checks.template_files import TemplateFile, with_templates
from hfsft.recipe.recipe_file import UNNAMED, RecipeFile, load, validate
from hfsft.recipe.sections import Sections, Unusable, loc_of
from hfsft.recipe.yaml.content_files import with_contents
from hfsft.recipe.yaml.type_paths import bare, places
from hfsft.section.later import imported
from hfsft.stages.base import Section

WrittenBy = Literal["people", "models", "both"]
Heard = Callable[[Mapping[str, Any]], None]
RELEASED = "recipe.resolved"  # the stem of the recipe in a release that can be built from there
NAME = r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,95}$"
NO_FOLDER = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.", re.IGNORECASE)  # on Windows


class Head(Section):
    """What a recipe says of its dataset before its sections."""

    name: str = Field(
        pattern=NAME,
        description="Name of the dataset: letters, digits, dots, dashes and underscores.",
        examples=["support-desk"],
    )
    description: Annotated[str, PROSE] = Field(
        "",
        description="What the data is about; templates may use it.",
        examples=["questions of customers of a small online shop"],
    )
    language: list[str] | None = Field(
        None,
        min_length=1,
        description="Languages of the data, as ISO 639-1 codes; left out, the card names none, and templates read en.",
        examples=[["en", "vi"]],
    )
    license: str | None = Field(
        None, description="Licence of the data, as the Hub names it, such as apache-2.0.", examples=["cc-by-4.0"]
    )
    written_by: WrittenBy | None = Field(
        None,
        description="Who wrote the seeds and examples, as far as you know; the card says so, or that it is open.",
        examples=["people"],
    )


class Recipe(Sections, Head):
    """A dataset, as its author asks for it."""

    _source: RecipeFile = PrivateAttr(default_factory=lambda: RecipeFile(None, {}))
    _template_files: Mapping[Loc, TemplateFile] = PrivateAttr(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if NO_FOLDER.fullmatch(name):
            raise ValueError(f"no folder can be called `{name}` on Windows, and a build is a folder of its name")
        return name

    @model_validator(mode="after")
    def _something_to_build(self) -> Recipe:
        if not self.seeds and not self.examples:
            raise ValueError("needs `seeds` (prompts to grow from) or `examples` (complete rows)")
        return self

    @property
    def source(self) -> RecipeFile:
        """The file that the recipe was read from."""
        return self._source

    @property
    def template_files(self) -> Mapping[Loc, TemplateFile]:
        """The files in which templates of it stand, by where its sections tell these."""
        return self._template_files

    @property
    def base(self) -> Path:
        """The folder that paths in the recipe are relative to."""
        return _base(self._source)

    @property
    def stem(self) -> str:
        """The name of its file without the ending, by which files beside it are called; empty where it has none."""
        return self._source.path.stem if self._source.path else ""

    def beside(self, ending: str) -> Path | None:
        """The file beside the recipe's that is called like it, but for the ending; None where it has no file.

        In a release it is called by the ending alone.
        """
        if not self.stem:
            return None
        return self.base / (ending.removeprefix(".") if self.stem == RELEASED else f"{self.stem}{ending}")

    @property
    def verdicts(self) -> Path | None:
        """The file of what people say of its rows: the one that its `review` names, else the one beside it."""
        return self.verdicts_by(self.base, self.stem)

    def resolved(self) -> dict[str, Any]:
        """The recipe with every default in it, as YAML would be written; it builds the same rows.

        Templates and schemas that stand in files of their own stand in it.
        """
        plain: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        if self.filters is not None:
            plain["filters"] = written(list(self.filters))
        for key, stage in self.stages().items():
            if contents := stage.standing_alone():
                place: Any = plain
                for step in loc_of(key):
                    place = place[step]
                place.update(contents)
        return plain


def load_recipe(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    overrides: Sequence[str] = (),
    *,
    trusted: bool = True,
    heard: Heard = lambda _: None,
) -> Recipe:
    """The recipe of a file (or of a mapping as YAML would give it), with `section.key=value` overrides applied.

    Raises `RecipeError` with every problem found in it; of one that is not `trusted`, no file that it names is looked
    for. `heard` is told what the file says, before that is looked through.
    """
    if isinstance(recipe, Recipe):
        if found := secrets_in(recipe.model_dump(mode="json", exclude_defaults=True), type(recipe)):
            raise RecipeError([Problem(Place(UNNAMED), secret.message, secret.help) for secret in found])
        return recipe
    source = load(recipe, overrides)
    heard(source.data)
    kinds, problems = _foreign_filters(source)
    model = with_filters(kinds)
    source = with_contents(source, model, _base(source), trusted=trusted)
    whole, files = with_templates(source, model, _base(source), trusted=trusted)
    try:
        loaded = validate(whole, model, with_sections if model is Recipe else None)
    except RecipeError as error:
        lacking = [Problem(source.place(at), why.message, why.help) for _, at, why in files.values() if why]
        missing = missing_files(source) if trusted else ()
        raise RecipeError(list(dict.fromkeys([*error.problems, *problems, *lacking, *missing]))) from None
    if problems:
        raise RecipeError(problems)
    loaded._source, loaded._template_files = source, files
    loaded.models.update({name: model.at(loaded.base) for name, model in loaded.models.items()})
    for stage in loaded.stages().values():
        stage.stands_in(loaded.base)
    return loaded


def with_filters(kinds: Mapping[str, type[Filter]]) -> type[Recipe]:
    """The type of recipes that may use these filters too, by their names; of ours those that stand among them are
    built with it, as whoever writes its schema needs them, and so are all sections.
    """
    if not kinds:
        return Recipe
    items: Any = GenericAlias(list, (any_of(kinds),))
    fields: dict[str, Any] = {**_sections(), "filters": (items | None, _alike("filters"))}
    for key, name, kind in _checking_sections(Recipe.model_fields):
        checks: Any = Field([], description=kind.model_fields[name].description)
        own: Any = _model(kind, {name: (items, checks)})
        fields[key] = (own | None, _alike(key))
    made: type[Recipe] = _model(Recipe, fields)
    return made


@cache
def with_sections() -> type[Recipe]:
    """The type of recipes with all sections in it: what is wrong in one is told by its own type."""
    made: type[Recipe] = _model(Recipe, _sections())
    return made


def _sections() -> dict[str, Any]:
    """The fields of sections that are imported later, with their types."""
    kinds = {key: imported(field.annotation) for key, field in Recipe.model_fields.items()}
    return {key: (kind, _alike(key)) for key, kind in kinds.items() if kind != Recipe.model_fields[key].annotation}


def _alike(key: str) -> Any:
    """A field like that of recipes, for another type."""
    field = Recipe.model_fields[key]
    return Field(field.default, description=field.description)


def _model(base: type[BaseModel], fields: dict[str, Any]) -> Any:
    """The model under its own name, with these fields in place of those that it has, and its example."""
    made = cast(
        "Any",
        create_model(base.__name__, __base__=base, __doc__=base.__doc__, __module__=base.__module__, **fields),
    )
    if "example" in vars(base):
        made.example = vars(base)["example"]
    return made


def _checking_sections(keys: Iterable[str]) -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Those of some sections in which filters stand too, each with the key of theirs, and its type."""
    for key in keys:
        kind = bare(Recipe.model_fields[key].annotation) if key in Recipe.model_fields else None
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, inside in kind.model_fields.items():
                if AnyFilter in get_args(inside.annotation):
                    yield key, name, kind


def _foreign_filters(source: RecipeFile) -> tuple[dict[str, type[Filter]], list[Problem]]:
    """The filters of other packages that a recipe names, and what is wrong with those that cannot be used."""
    named = [(loc, filter_name(item)) for loc, item in _listed_filters(source.data)]
    theirs = [(loc, name) for loc, name in named if name is not None and name not in FILTERS]
    if not theirs:
        return {}, []
    installed, problems = entry_points.Installed(), []
    # Beside those that are named, all are known by name: what is misspelt may be one of them.
    found: dict[str, type[Filter]] = dict.fromkeys(installed.names, Unusable)
    for loc, name in theirs:
        try:
            if kind := installed.find(name):
                found[name] = kind
        except UserError as error:  # noqa: PERF203 - each at its place
            problems.append(Problem(source.place(loc, key=True), masked(str(error))))
    return found, problems


def _listed_filters(data: Mapping[str, Any]) -> Iterator[tuple[Loc, Any]]:
    """Each filter that a recipe names, with where it does."""
    lists: dict[Loc, Any] = {("filters",): data.get("filters")}
    for key, name, _ in _checking_sections(data):
        section = data.get(key)
        lists[key, name] = section.get(name) if isinstance(section, Mapping) else None
    for at, items in lists.items():
        yield from (((*at, index), item) for index, item in enumerate(items if isinstance(items, list) else ()))


def _base(source: RecipeFile) -> Path:
    return source.path.parent if source.path else Path.cwd()


def missing_files(source: RecipeFile) -> Iterator[Problem]:
    """The files and folders of rows that a recipe names and that are not there."""
    from hfsft.rows.tables.table import Table

    for loc, path in places(source.data, [Recipe], ROWS):
        if isinstance(path, str) and path:
            try:
                Table(path, _base(source)).local  # noqa: B018 - looks for it
            except SourceError as error:
                # Such a recipe may hold a secret too, even in this very address.
                yield Problem(source.place(loc), masked(error.message), masked(error.help))
