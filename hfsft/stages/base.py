"""What every section of a recipe shares, and what stages know of the rest of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from hfsft.errors import AnswerError, PromptError, nearest
from hfsft.marks import Loc
from hfsft.rows.columns import REVIEWED
from hfsft.sandbox.json_fields import fields_of
from hfsft.section import Section as Section
from hfsft.stages.asking_part import BEARS as BEARS
from hfsft.stages.asking_part import SAMPLED as SAMPLED
from hfsft.stages.asking_part import AskingPart as AskingPart
from hfsft.stages.handed_on import Answering as Answering
from hfsft.stages.handed_on import Judging as Judging
from hfsft.stages.told import CardPart as CardPart
from hfsft.stages.told import Fell as Fell
from hfsft.stages.told import Name as Name
from hfsft.stages.told import Outcome as Outcome
from hfsft.stages.told import Panel as Panel
from hfsft.stages.told import Shares as Shares
from hfsft.stages.told import ShownTable as ShownTable
from hfsft.stages.told import Warn as Warn

if TYPE_CHECKING:
    from hfsft.engine.executor import Rows
    from hfsft.engine.resources import Resource
    from hfsft.engine.step import Step
    from hfsft.errors import Place, Problem
    from hfsft.filters.base import Filter
    from hfsft.models.model import Model
    from hfsft.prompts import Prompt
    from hfsft.rows.batch import Row
    from hfsft.rows.columns import Column, Role

WRITER = "writer"
"""Who is asked where a recipe names nobody."""
STRUCTURED = "structured columns"
"""Among the values of a template: the names of those that are texts of JSON. No template can name it."""


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
    tasks: ClassVar[tuple[str, ...]] = ("chat",)  # what the models do that it asks
    goes_on: ClassVar[bool] = False  # whether it asks models to go on with a raw text, which not every server lets them
    implied_by: ClassVar[str] = ""  # the section that calls for this one, with its defaults, where it is left out
    early: ClassVar[bool] = False  # whether its steps stand as early as what they read is final, not at its place
    reports: ClassVar[tuple[str, ...]] = ()  # modules that tell of its rows at the end: imported while models answer
    changes: ClassVar[frozenset[str]] = frozenset()  # the columns of every row that its steps write something into

    @abstractmethod
    def steps(self, context: Context) -> list[Step]:
        """Its steps, in the order that rows meet them."""

    @property
    def varies(self) -> tuple[str, ...]:
        """The columns of attributes that it gives to rows which models write."""
        return ()

    def listed(self, key: str) -> Stage:
        """The section as an item of a list of sections, whose steps begin with that key, such as `seeds[2]`."""
        return self

    def with_models(self, models: Mapping[str, Model]) -> Stage:
        """The section as it is with the models that a recipe has under these names."""
        return self

    def behind(self, earlier: Sequence[Stage]) -> Stage:
        """The section with those that rows meet before it; an item of a list with those before it there too."""
        return self

    @property
    def balances(self) -> Mapping[str, Any] | None:
        """Of a section that bounds how many rows each value of a column has: `counted`, `rows`, `share`, `values`."""
        return None

    def groups(self, context: Context) -> list[list[Step]]:
        """Its steps; those that need not stand together in lists of their own, where it is `early`."""
        return [self.steps(context)]

    def ahead(self, context: Context) -> Sequence[Step]:
        """Steps of it that look whether it is fit for the build, before that asks any model for a row.

        They stand behind the sources and the filters that can look at these, and are left out of a preview.
        """
        return ()

    def measuring(self, context: Context) -> list[Step]:
        """Steps of a section behind the rules that stand as early as what they read is final, so that rules may bound
        what they measure: columns that `writes` names with the role `measure`.
        """
        return []

    def early_columns(self) -> Iterator[tuple[Collection[str], Collection[str]]]:
        """Of each of these groups the columns that it reads, and those that it writes. Raises `PromptError`.

        Templates of a section may use these where neither it nor any behind it writes what is read.
        """
        yield from ()

    def later(self, context: Context) -> Mapping[str, Sequence[Step]]:
        """Steps of it that come behind another section of the recipe, or behind itself, by that section's key.

        Between that section and them stand the filters that look at one row alone and can run there; filters that
        compare rows wait for them, where they choose among rows of one group (see `hfsft.recipe.filter_order`).
        """
        return {}

    def right_behind(self, context: Context) -> Mapping[str, Sequence[Step]]:
        """Steps of it that come behind the last one of another section, by that section's key: no filter between."""
        return {}

    @property
    def candidates(self) -> int:
        """How many answers to one prompt it leaves to the sections behind it; 0 where it answers none."""
        return 0

    def carries(self) -> list[Column]:
        """Columns that it has rows of a further wave bring along; see `carried`."""
        return []

    def carried(self, accepted: Callable[[str], Sequence[Any]]) -> Mapping[str, Any]:
        """What stands in these columns of each row of the next wave, by the columns of the rows accepted so far.

        Rows of the first wave have nothing there.
        """
        return {}

    def stands_in(self, base: Path) -> None:
        """Paths of files that the section names are relative to this folder."""
        return

    def standing_alone(self) -> dict[str, Any]:
        """Of keys that name files what stands there, so that the section says the same without them.

        Raises `PromptError` or `UserError` for a file that cannot be read.
        """
        return {}

    def renders(self) -> list[Template]:
        """The templates that a recipe's author wrote or chose."""
        return []

    def unfit_name(self, name: str) -> str:
        """Why no template of one's own may stand in a file of this name (without its ending); empty where one may."""
        return ""

    def answering(self, context: Context) -> Answering | None:
        """How it has rows answered, for a section behind it that goes on with them; None where it answers none."""
        return None

    def asks(self, models: Collection[str]) -> list[Asks]:
        """The models that it asks, of those that a recipe has under these names."""
        return []

    def judging(self, context: Context) -> Judging | None:
        """How it scores rows, by its first step that asks; None where it gives no scores."""
        columns = [each for each in self.writes() if each.role == "score"]
        return Judging(columns, lambda: next(step for step in self.steps(context) if step.asks)) if columns else None

    @property
    def did(self) -> str:
        """What it does to rows that were there before, in one word for the card, such as `split`; empty for nothing."""
        return ""

    @property
    def embeds(self) -> bool:
        """Whether its steps read vectors of texts, and it puts the steps that make them (`Context.embed`) before."""
        return False

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

    def tells(self, step: Step, rows: Rows) -> Iterator[str | ShownTable]:
        """What to say while a build is under way, as soon as a step of it has ended and left these rows."""
        yield from ()

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """What to know, of what it made, before training on the rows: a sentence each, the gravest first."""
        yield from ()

    def stops(self, outcome: Outcome) -> Iterator[str]:
        """Why a build that is written must not be published, as the recipe asks: a sentence each."""
        yield from ()

    def figures(self, outcome: Outcome) -> Mapping[str, Any]:
        """Numbers of the set, as JSON, that the next release is compared with; `notes`, `card`, `panel` find them."""
        return {}

    def losses(self, outcome: Outcome) -> Iterator[str]:
        """What to know of the rows that fell by it, told where no row is left too."""
        yield from ()

    def card(self, outcome: Outcome) -> CardPart | None:
        """What the card says of what it made; None for nothing."""
        return None

    def panel(self, outcome: Outcome) -> Panel | None:
        """What the report shows of it; columns of numbers it shows anyway, and choices that no panel counts."""
        return None


class AskingStage(AskingPart, Stage, ABC):
    """A section whose stage asks a model."""

    seeded: ClassVar[bool] = True  # whether its requests carry a seed for the sampling
    structured: ClassVar[bool] = False  # whether their answers must be JSON

    def asks(self, models: Collection[str]) -> list[Asks]:
        """The model under its key `model`; where that is left out the one called like the section, else the writer."""
        named: str | None = getattr(self, "model", None)
        return [Asks(("model",), named or (self.key if self.key in models else WRITER))]

    @property
    def reasons(self) -> bool:
        """Whether what a model thought becomes part of the row."""
        return False


@dataclass(frozen=True)
class Context:
    """What a stage may know of the recipe around it."""

    name: str
    description: str
    language: tuple[str, ...]
    models: Mapping[str, Mapping[str, Any]]  # name under `models:` -> the model's identity
    base: Path  # what relative paths are relative to
    place: Callable[..., Place]  # where a section or one of its keys stands in the recipe
    stem: str = ""  # of the recipe's file, by which files beside it are called
    called: str = ""  # of a source that models write, what its rows are called
    peoples: bool = True  # whether people wrote some rows of the sources
    kept: tuple[str, ...] = ()  # columns of sources and earlier sections that every template may use
    not_yet: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # columns of sections behind it -> see there
    attributes: tuple[str, ...] = ()  # of them those that say what a written row was asked to be like
    roles: Mapping[str, Role] = field(default_factory=dict)  # of the columns that sections write, by name
    structured: tuple[str, ...] = ()  # of these the texts that are JSON, whose fields templates read
    former: Mapping[str, Any] = field(default_factory=dict)  # by section, what builds before leave to this one
    sections: frozenset[str] = frozenset()  # keys of those that the recipe has
    topics: frozenset[str] | None = None  # that rows may have; None where that is not known yet
    waves: bool = False  # whether rows come in waves, until there are as many as the recipe wants
    judge: Judging | None = None  # how rows are scored, where a section before does that
    inline: Callable[[], Iterable[tuple[Place, Row]]] = tuple  # rows of sources that stand in the recipe, by place
    candidates: int = 1  # answers to one prompt that there are, of those that a section before wrote
    rules: Callable[[], Sequence[Filter]] = tuple  # the recipe's filters; raises `ModelError` where one names no file
    opened: bool = True  # whether files and datasets are looked into, or the recipe alone is checked
    answering: Answering | None = None  # how the last section before that answers rows does so
    chat_template: Callable[[str], str] | None = None  # of a model by its name; raises `ModelError` where it has none
    embed: Callable[..., Step] | None = None  # of a section that `embeds`: column of texts -> the step to its vectors
    corpus: Resource | None = None  # the recipe's documents, as `hfsft.documents.corpus.Corpus`
    reasoning: bool = True  # whether a judge sees what was thought before an answer, where its section says nothing

    @property
    def reviewed(self) -> tuple[str, ...]:
        """The column that says what people say of rows, where the recipe asks them."""
        return (REVIEWED,) if "review" in self.sections else ()

    def kept_in(self, *prompts: Prompt) -> tuple[str, ...]:
        """The kept columns that some of the templates read."""
        return tuple(name for name in self.kept if any(name in prompt.variables for prompt in prompts))

    def unknown(self, name: str, what: str, known: Collection[str]) -> tuple[str, str]:
        """Why a section cannot read a column, as the end of a sentence, and what helps; `known` are those it can."""
        if name in self.not_yet:
            section, helps = self.not_yet[name]
            return f"which {section} writes behind it", helps
        return f"which no {what} is called", nearest(name, known)

    def values(self) -> dict[str, Any]:
        """The variables that any template may use beside the row's columns."""
        more = {STRUCTURED: list(self.structured)} if self.structured else {}
        return {"name": self.name, "description": self.description, "language": list(self.language), **more}

    def template_identity(self, prompt: Prompt) -> dict[str, Any]:
        """What a rendered prompt depends on beside the row: its text, and the variables of the recipe it uses."""
        used = {name: value for name, value in self.values().items() if name in prompt.variables}
        return {"template": prompt.identity, "values": used}


def structured_in(row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row whose texts are JSON, by what a template is given as `values`, with what these say."""
    return {name: fields_of(row[name]) for name in values.get(STRUCTURED, ()) if name in row}


def rendered(prompt: Prompt, **values: Any) -> str:
    """A template with a row in it. Raises `AnswerError`, not `PromptError`: another row may suit it.

    Values that are named under `STRUCTURED` are texts of JSON, of which the template reads the fields.
    """
    values |= structured_in(values, values)
    values.pop(STRUCTURED, None)
    with _unsuitable():
        return prompt.render(**values)


def around(prompt: Prompt, name: str, **values: Any) -> list[str]:
    """`Prompt.around`, which raises `AnswerError` as `rendered` does."""
    with _unsuitable():
        return prompt.around(name, **values)


@contextmanager
def _unsuitable() -> Iterator[None]:
    try:
        yield
    except PromptError as error:
        raise AnswerError("template", str(error)) from error
