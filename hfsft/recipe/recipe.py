"""Recipe: one field per section of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag, field_validator, model_validator

from hfsft.errors import Place, Problem, RecipeError, SourceError
from hfsft.filters import FILTERS
from hfsft.filters.base import Filter
from hfsft.keys import masked
from hfsft.models.model import AnyModel, Model
from hfsft.recipe.checks.secrets import secrets_in
from hfsft.recipe.publish import Publish
from hfsft.recipe.yaml.file import UNNAMED, Source, load, validate
from hfsft.rows.tables.table import Table
from hfsft.stages.base import Section
from hfsft.stages.evolve import Evolve
from hfsft.stages.examples import ExampleRows, ExampleTable
from hfsft.stages.generate import Generate
from hfsft.stages.judge import Judge
from hfsft.stages.seeds import Prompts, PromptTable
from hfsft.stages.split import Split

WrittenBy = Literal["people", "models", "both"]
EMBEDDED = "smollm2-135m-instruct"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,95}$"
NO_FOLDER = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.", re.IGNORECASE)  # on Windows


def _filter_name(value: Any) -> str | None:
    if isinstance(value, Filter):
        return value.name
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        return str(next(iter(value)))
    return None


def _filter_arguments(value: Any) -> Any:
    if isinstance(value, str):
        return {}
    if isinstance(value, Mapping):
        (arguments,) = value.values()
        return {} if arguments is None else arguments
    return value


if TYPE_CHECKING:
    AnyFilter = Filter
else:  # the union of the table, told apart by the single key of each item
    AnyFilter = Annotated[
        Union[  # noqa: UP007 - its members are only known at run time
            tuple(Annotated[kind, BeforeValidator(_filter_arguments), Tag(name)] for name, kind in FILTERS.items())
        ],
        Discriminator(_filter_name),
    ]


class Budget(Section):
    """Hard bounds on one build, or on all builds of the dataset: nothing is sent that could pass one of them."""

    usd: float | None = Field(None, gt=0, description="Most US dollars; needs the price of every model that is asked.")
    calls: int | None = Field(None, ge=1, description="Most requests.")
    tokens: int | None = Field(None, ge=1, description="Most tokens, read and written together.")
    per: Literal["build", "dataset"] = Field(
        "build",
        description="What the bounds are of: each build by itself, or all builds of this name together, interrupted "
        "and failed ones too.",
    )

    @model_validator(mode="after")
    def _some_bound(self) -> Budget:
        if self.usd is None and self.calls is None and self.tokens is None:
            raise ValueError("needs usd, calls or tokens")
        return self


class Recipe(Section):
    """A dataset, as its author asks for it."""

    name: str = Field(
        pattern=NAME,
        description="Name of the dataset: letters, digits, dots, dashes and underscores.",
    )
    description: str = Field("", description="What the data is about; templates may use it.")
    language: list[str] | None = Field(
        None,
        min_length=1,
        description="Languages of the data, as ISO 639-1 codes; left out, the card names none, and templates read en.",
    )
    license: str | None = Field(None, description="Licence of the data, as the Hub names it, such as apache-2.0.")
    written_by: WrittenBy | None = Field(
        None, description="Who wrote the seeds and examples, as far as you know; the card says so, or that it is open."
    )
    budget: Budget | None = Field(
        None, description="What a build, or the dataset over all its builds, may spend; left out: as much as it takes."
    )
    models: dict[str, AnyModel] = Field(
        {"writer": Model(model=EMBEDDED)}, min_length=1, description="The models, each under the name stages use."
    )
    seeds: list[Prompts | PromptTable] = Field([], description="Prompts to grow from: inline, files, or any dataset.")
    examples: list[ExampleRows | ExampleTable] = Field(
        [], description="Complete rows that join the data and pass the same filters."
    )
    evolve: Evolve | None = Field(None, description="Grow the seeds into more instructions; left out: seeds alone.")
    generate: Generate | None = Field(None, description="Write the responses; seeds always get one.")
    judge: Judge | None = Field(None, description="Score the rows; left out: no scores.")
    filters: list[AnyFilter] | None = Field(None, description="Rules that rows must pass; left out: a sensible few.")
    split: Split = Field(Split(), description="Hold rows out for validation.")
    publish: Publish = Field(Publish(), description="The format that trainers find, and where on the Hub.")

    _source: Source = PrivateAttr(default_factory=lambda: Source(None, {}))

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
    def source(self) -> Source:
        """The file that the recipe was read from."""
        return self._source

    @property
    def base(self) -> Path:
        """The folder that paths in the recipe are relative to."""
        return _base(self._source)

    def resolved(self) -> dict[str, Any]:
        """The recipe with every default in it, as YAML would be written; it builds the same rows."""
        plain: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        if self.filters is not None:
            plain["filters"] = [{rule.name: rule.model_dump(mode="json", exclude_none=True)} for rule in self.filters]
        return plain

    def role(self, stage: Generate | Evolve | Judge) -> str:
        """The name under `models` that a stage asks."""
        return stage.model or ("judge" if "judge" in self.models else "writer")


def load_recipe(
    recipe: str | Path | Mapping[str, Any] | Recipe, overrides: Sequence[str] = (), *, trusted: bool = True
) -> Recipe:
    """The recipe of a file (or of a mapping as YAML would give it), with `section.key=value` overrides applied.

    Raises `RecipeError` with every problem found in it; of one that is not `trusted`, no file that it names is looked
    for.
    """
    if isinstance(recipe, Recipe):
        if found := secrets_in(recipe.model_dump(mode="json", exclude_defaults=True)):
            raise RecipeError([Problem(Place(UNNAMED), secret.message, secret.help) for secret in found])
        return recipe
    source = load(recipe, overrides)
    try:
        loaded = validate(source, Recipe)
    except RecipeError as error:
        raise RecipeError([*error.problems, *(_missing_files(source) if trusted else ())]) from None
    loaded._source = source
    loaded.models.update({name: model.at(loaded.base) for name, model in loaded.models.items()})
    return loaded


def _base(source: Source) -> Path:
    return source.path.parent if source.path else Path.cwd()


def _missing_files(source: Source) -> Iterator[Problem]:
    """The sources that are not there, of a recipe that has other mistakes too: all are told at once."""
    for section in ("seeds", "examples"):
        items = source.data.get(section)
        for index, item in enumerate(items if isinstance(items, list) else []):
            path = item.get("path") if isinstance(item, Mapping) else None
            if isinstance(path, str) and path:
                try:
                    Table(path, _base(source)).local  # noqa: B018 - looks for it
                except SourceError as error:
                    # Such a recipe may hold a secret too, even in this very address.
                    yield Problem(source.place((section, index, "path")), masked(error.message), masked(error.help))
