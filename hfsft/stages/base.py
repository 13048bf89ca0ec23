"""What every section of a recipe shares, and what stages know of the rest of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from hfsft.errors import AnswerError, PromptError
from hfsft.rows.reading.finding import Drop, Finding
from hfsft.rows.reading.source_row import How, SourceRow
from hfsft.rows.tables.table import Table

if TYPE_CHECKING:
    from hfsft.engine.step import Step
    from hfsft.errors import Place, Problem
    from hfsft.prompts import Prompt
    from hfsft.rows.columns import Column

WRITER = "writer"
"""Who is asked where a recipe names nobody."""


class Section(BaseModel):
    """One section of a recipe: its fields are the YAML keys, their descriptions the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    example: ClassVar[str] = ""  # YAML of a recipe's part that has it, for who asks what it is


Loc = tuple[str | int, ...]
"""The way to a key, such as `("templates", 0)` within a section."""


class Template(NamedTuple):
    """A template of a section, before it is parsed."""

    loc: Loc  # where it stands in the section
    parse: Callable[[], Prompt]  # raises `PromptError`
    variables: tuple[str, ...]  # what it may use beside what every template may, see `Context.values` and `.kept`


class Asks(NamedTuple):
    """A model that a section asks."""

    loc: Loc  # which of its keys names it
    name: str  # under `models:`


class Stage(Section, ABC):
    """A section that makes steps, and all that others need to know of it.

    A new one is a subclass in a file of its own and one line in `hfsft.recipe.sections`: the recipe's schema, the
    checks of templates, models and filters, the plan, the card and the report follow from what is said here.
    """

    key: ClassVar[str]  # what recipes call the section
    implied_by: ClassVar[str] = ""  # the section that calls for this one, with its defaults, where it is left out

    @abstractmethod
    def steps(self, context: Context) -> list[Step]:
        """Its steps, in the order that rows meet them."""

    def renders(self) -> list[Template]:
        """The templates that a recipe's author wrote or chose."""
        return []

    def asks(self, models: Collection[str]) -> list[Asks]:
        """The models that it asks, of those that a recipe has under these names."""
        return []

    def writes(self) -> list[Column]:
        """What it adds to rows that filters may read, and templates of later sections."""
        return []

    @classmethod
    def lacking(cls, column: str) -> str:  # noqa: ARG003
        """What a recipe without this section lacks for a column that only it writes; empty for columns of others."""
        return ""

    def problems(self, context: Context) -> Iterator[Problem]:
        """What is wrong with it in the recipe around it, each at its place: `context.place(self.key, ...)`."""
        yield from ()


class Asking(Stage, ABC):
    """A section whose stage asks a model."""

    seeded: ClassVar[bool] = True  # whether its requests carry a seed for the sampling
    structured: ClassVar[bool] = False  # whether their answers must be JSON

    on_error: Literal["reject", "fail"] = Field(
        "reject", description="A row without a usable answer: `reject` sets it aside as failed, `fail` stops the build."
    )
    failed_at_most: float = Field(
        0.05, ge=0, le=1, description="Share of failed rows (after 20) above which the build stops all the same."
    )

    def asks(self, models: Collection[str]) -> list[Asks]:
        """The model under its key `model`; where that is left out the one called like the section, else the writer."""
        named: str | None = getattr(self, "model", None)
        return [Asks(("model",), named or (self.key if self.key in models else WRITER))]

    @property
    def max_failed_share(self) -> float:
        """The share of failed rows that the stage bears."""
        return 0.0 if self.on_error == "fail" else self.failed_at_most


@dataclass(frozen=True)
class Opened:
    """A source: the rows, at most so many where one says so, and what they depend on."""

    rows: Callable[[int | None], Iterator[SourceRow]]
    depends_on: Callable[[], Mapping[str, Any]]

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """What the rows depend on: of files what they hold, so that all of them is read for it, and only once.

        Raises `SourceError` where there is no such file. Rows that are read behind it are of what it saw, or an error.
        """
        return self.depends_on()


class TableSection(Section):
    """Rows from a file, a folder of files, or a dataset."""

    path: str = Field(
        min_length=1,
        description="A .jsonl, .json, .csv, .tsv, .txt or .parquet file (also packed, as .jsonl.gz), a folder of them, "
        "or a dataset on the Hub, owner/name.",
    )
    split: str | None = Field(None, description="The split, of a dataset or a folder.")
    config: str | None = Field(None, description="The dataset's configuration.")
    revision: str | None = Field(None, description="The dataset's revision on the Hub.")
    delimiter: Literal[",", ";", "\t", "|"] | None = Field(
        None, description="What separates the columns of a CSV, where its header leaves that open."
    )
    topic: str | None = Field(None, description="Column of the topic.")
    context: str | None = Field(None, description="Column of a text that belongs to the instruction.")
    system: str | None = Field(None, description="Column of the system prompt.")
    keep: list[str] = Field(
        [],
        description="Columns that stay with their row, for templates, filters and provenance; never trained on. One "
        "that is called like a column of ours becomes source_<name>.",
    )
    drop: list[Drop] = Field([], description="What to leave out of rows that would else be set aside for it.")
    limit: int | None = Field(None, ge=1, description="Read only the first rows.")

    def table(self, base: Path) -> Table:
        """Where the rows are."""
        return Table(self.path, base, self.split, self.config, self.revision, self.delimiter)

    def how(self) -> How:
        """How they are read."""
        parts = ("instruction", "response", "messages", "prompt", "topic", "context", "system")
        named = {part: getattr(self, part, None) for part in parts}
        return How(
            named={part: column for part, column in named.items() if column is not None},
            format=getattr(self, "format", "auto"),
            drop=self.drop,
            keep=self.keep,
        )

    def open_with(self, base: Path, read: Callable[[Table, How, int | None], Iterator[SourceRow]]) -> Opened:
        """The table, opened; both what rows depend on and the rows raise `SourceError` where there is none."""
        table, how = self.table(base), self.how()

        def depends_on() -> dict[str, Any]:
            # The path and the revision stand in it as what they came to: names, hashes of content, a commit.
            return {**self.model_dump(mode="json", exclude={"path", "revision"}), "table": table.identity()}

        def rows(limit: int | None) -> Iterator[SourceRow]:
            bounds = [bound for bound in (self.limit, limit) if bound is not None]
            return read(table, how, min(bounds, default=None))

        return Opened(rows, depends_on)


def written(texts: Mapping[str, Any], place: str) -> SourceRow:
    """A row that stands in the recipe itself, at `place` in it, such as `seeds[0].prompts[2]`."""
    finding = Finding()
    said = {name: finding.text(value, name) for name, value in texts.items()}
    for name in ("instruction", "response"):
        if name in said and said[name] is None:
            finding.odd(f"no {name}")
    return SourceRow({**said, "source": place, "unread": []}, finding.defect)


@dataclass(frozen=True)
class Context:
    """What a stage may know of the recipe around it."""

    name: str
    description: str
    language: tuple[str, ...]
    models: Mapping[str, Mapping[str, Any]]  # name under `models:` -> the model's identity
    base: Path  # what relative paths are relative to
    place: Callable[..., Place]  # where a section or one of its keys stands in the recipe
    kept: tuple[str, ...] = ()  # columns of sources and earlier sections that every template may use
    former: Mapping[str, Any] = field(default_factory=dict)  # by section, what builds before leave to this one
    reasoning: bool = True  # whether the recipe keeps what was thought before an answer

    def kept_in(self, *prompts: Prompt) -> tuple[str, ...]:
        """The kept columns that some of the templates read."""
        return tuple(name for name in self.kept if any(name in prompt.variables for prompt in prompts))

    def values(self) -> dict[str, Any]:
        """The variables that any template may use beside the row's columns."""
        return {"name": self.name, "description": self.description, "language": list(self.language)}

    def template_identity(self, prompt: Prompt) -> dict[str, Any]:
        """What a rendered prompt depends on beside the row: its text, and the variables of the recipe it uses."""
        used = {name: value for name, value in self.values().items() if name in prompt.variables}
        return {"template": prompt.identity, "values": used}


def rendered(prompt: Prompt, **values: Any) -> str:
    """A template with a row in it. Raises `AnswerError`, not `PromptError`: another row may suit it."""
    try:
        return prompt.render(**values)
    except PromptError as error:
        raise AnswerError("template", str(error)) from error
