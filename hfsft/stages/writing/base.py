"""Sources that models write: a template, and of each row what it is to be about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field, PrivateAttr, field_validator

from hfsft.engine.resources import Work, path_of
from hfsft.engine.step import Step
from hfsft.errors import Problem, PromptError, unusable
from hfsft.hashing import digest, sampling_seed
from hfsft.marks import PROSE, TEMPLATE
from hfsft.models.model import Request, Turns
from hfsft.plain import plain
from hfsft.prompts import Prompt
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.choice.row_counts import Counts
from hfsft.rows.columns import SLOT, WRITTEN_BY, Column, variables
from hfsft.rows.reading.source_row import SourceRow
from hfsft.rows.row import WRITTEN
from hfsft.rows.views import setting_text
from hfsft.stages import prompt_check
from hfsft.stages.base import AskingStage, Context, Outcome, Template
from hfsft.stages.evolving.template_prompts import TURNS, messages_of, own_runs, parse, template_name
from hfsft.stages.source import NamedSource, Opened
from hfsft.stages.writing.empty_rows import EmptyRows, RowSubject
from hfsft.stages.writing.surroundings import Surroundings
from hfsft.texts.language import sample_of
from hfsft.texts.peel import peel
from hfsft.texts.prompt_faults import prompt_fault

FOLDER = "seeds"
FAULT = "written_fault"
SAID = variables("instruction", "response", "reasoning", "reference")  # what a row may say before it is written
ATTRIBUTES = "attributes"  # the variable of a template that holds all of them, by name

Weight = Annotated[float, Field(gt=0)]
S = TypeVar("S", bound="type[Written]")


class Written(NamedSource, AskingStage):
    """A source whose rows a model writes.

    Another kind is a subclass in a file of its own, its template in `templates/seeds/`, and one line in
    `hfsft.stages.writing`: what its rows are about is in `subjects`, what it shows its templates in `shown`.
    """

    key: ClassVar[str] = "seeds"
    way: ClassVar[str]  # what `from` calls it, and its template in templates/seeds/
    usual: ClassVar[Mapping[str, float]] = {}  # its templates with their weights, where it has other ones
    rests: ClassVar[bool] = False  # whether its rows rest on the recipe's documents
    brings: ClassVar[tuple[Column, ...]] = ()  # columns that its rows come with, beside attributes
    changes: ClassVar[frozenset[str]] = frozenset({"instruction", "topic"})
    sets: ClassVar[tuple[str, ...]] = ()  # columns of every row that it writes something of its own into
    knows: ClassVar[Mapping[str, Any]] = {}  # what its templates may use beside columns: name -> what says nothing
    compared: ClassVar[tuple[str, ...]] = ()  # columns of texts that a row must not repeat
    questions: ClassVar[bool] = False  # whether its rows are questions: what only tells something is none
    looks_at: ClassVar[tuple[str, ...]] = ()  # columns that `mine` and `shown` read, whatever templates do

    _key: str = PrivateAttr("seeds")

    count: int | None = Field(
        None,
        ge=1,
        description="Rows that are written in the first pass; left out, an equal part of the recipe's `size`.",
    )
    templates: Annotated[list[str | dict[str, Weight]] | None, PROSE, TEMPLATE] = Field(
        None,
        min_length=1,
        description="Names in templates/seeds/, files ask.jinja beside the recipe, or inline Jinja, each alone or as "
        "{name: weight}; left out: the one of this kind. Which of several writes a row is decided by a hash.",
    )
    model: str = Field("writer", description="Name under `models` of who writes.")
    temperature: float | None = Field(1.0, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(512, ge=1, description="Most tokens in one instruction.")
    eliminate: bool = Field(
        True,
        description="Take out what is no instruction before it is answered or grown: words of the template, a refusal, "
        "an answer, a list of several. false keeps and only marks it.",
    )

    @field_validator("templates")
    @classmethod
    def _one_each(cls, templates: list[Any] | None) -> list[Any] | None:
        for template in templates or ():
            if isinstance(template, Mapping) and len(template) != 1:
                raise ValueError("a template with its weight is a mapping with one key, as {name: 2}")
        names = [template_name(each) for each in _alone(templates or ())]
        if twice := next((name for name, times in Counter(names).items() if times > 1), None):
            raise ValueError(f"`{plain(twice, 60)}` stands there twice")
        return templates

    # What it is in a recipe.

    @property
    def own_name(self) -> str:
        """What it is called where it has no name."""
        return self.way

    @property
    def share(self) -> None:
        """None: it is no part of a mixture."""
        return

    def listed(self, key: str) -> Written:
        """The source whose steps begin with that key."""
        copied = self.model_copy()
        copied._key = key
        return copied

    @property
    def weights(self) -> dict[str, float]:
        """Each template as the recipe has it, with its weight."""
        found: dict[str, float] = {}
        for each in self.templates or [dict(self.usual) or self.way]:
            found |= each if isinstance(each, Mapping) else {each: 1.0}
        return found

    def prompts(self) -> dict[str, Prompt]:
        """Each template by the name that its rows carry. Raises `PromptError` for one that does not parse."""
        return {template_name(each): parse(each, FOLDER) for each in self.weights}

    def renders(self) -> list[Template]:
        """Each template."""
        loc = (
            [("templates", place) for place in range(len(self.templates))]
            if self.templates
            else [()] * len(self.weights)
        )
        may = (*SAID, *TURNS, ATTRIBUTES, *(each.name for each in self.brings), *self.knows)
        return [Template(at, partial(parse, each, FOLDER), may) for at, each in zip(loc, self.weights, strict=True)]

    def asks(self, models: Collection[str]) -> list[Any]:
        """The model under its key `model`."""
        from hfsft.stages.base import Asks

        return [Asks(("model",), self.model)] if models is not None else []

    def varied(self, attributes: Collection[str]) -> bool:
        """Whether its rows get a combination of attributes: where a template reads one, so that the row can be so."""
        try:
            read = {name for prompt in self.prompts().values() for name in prompt.variables}
        except PromptError:  # told where all templates are read
            return False
        return bool(read & {ATTRIBUTES, *attributes})

    def problems(self, context: Context) -> Iterator[Problem]:
        """That an attribute is called like what the source itself brings."""
        for name in (*(each.name for each in self.brings), *self.sets):
            if name in context.attributes:
                said = f"from: {self.way} writes `{name}` itself, and an attribute is called so"
                yield Problem(context.place(self.key, "from"), said, "call the attribute otherwise")

    # Its rows, before they say anything.

    def subjects(self, around: Surroundings) -> Sequence[RowSubject]:
        """What its rows are to be about; none where there is nothing but attributes. Raises `SourceError`."""
        return ()

    def slots(self, around: Surroundings) -> EmptyRows:
        """The rows that it can bring, see there. Raises `SourceError`."""
        names = around.attributes.names if around.attributes else ()
        weights = {template_name(each): weight for each, weight in self.weights.items()}
        return EmptyRows(around, self.subjects(around), weights, self.varied(names))

    def opened(self, base: Path, place: str, around: Surroundings | None = None, count: int | None = None) -> Opened:
        """Its first rows, `count` of them, as a source brings them."""
        around = around or Surroundings(self.name or self.own_name, base)
        slots, counts = self.slots(around), Counts()

        def rows(first: int | None) -> Iterator[SourceRow]:
            counts.clear()
            there = count or self.count or 0
            for row in slots(0, there if first is None else min(first, there)):
                counts.read += 1
                counts.taken += 1
                yield SourceRow({"source": None, **row}, None, whole=row)

        def depends_on() -> Mapping[str, Any]:
            told = self.model_dump(mode="json", include={"from", "templates", *self.settles})
            subjects = digest([[each.known_by, dict(each.columns)] for each in slots.subjects])
            return {**told, "count": count or self.count, **around.depends_on(), "subjects": subjects}

        return Opened(rows, depends_on, counts, slots=slots)

    @property
    def settles(self) -> frozenset[str]:
        """Its keys on which the rows depend before they are written, beside `templates` and `count`."""
        return frozenset()

    # Its steps.

    def steps(self, context: Context) -> list[Step]:
        """What writes the rows, checks them, and takes out what is no prompt."""
        return [self.asking(context), *self.checking(context)]

    def kept(self, context: Context) -> tuple[str, ...]:
        """The columns that its templates read, beside those that every row says something in."""
        prompts = self.prompts()
        read = set(context.kept_in(*prompts.values()))
        if any(ATTRIBUTES in prompt.variables for prompt in prompts.values()):
            read.update(context.attributes)
        read.update(each.name for each in self.brings if any(each.name in p.variables for p in prompts.values()))
        return tuple(sorted(read - set(SAID)))

    def asking(self, context: Context, step: str = "", number: int = 0) -> Step:
        """The step that asks for the instruction of each row, of a round alone where there are any."""
        kept = self.kept(context)
        return Step(
            name=step or self._key,
            asks=True,
            reads=tuple(
                dict.fromkeys(("id", "origin", WRITTEN_BY, "template", "instruction", *SAID, *kept, *self.looks_at))
            ),
            writes={"instruction": "string"},
            role="text",
            identity={
                "model": context.models[self.model],
                "temperature": self.temperature,
                "max_tokens": self.max_tokens,
                "templates": {name: context.template_identity(prompt) for name, prompt in self.prompts().items()},
                "called": context.called,
                **({"round": number} if number else {}),
            },
            version=2,
            work=Work("hfsft.stages.writing.base:asking", self._told(context, number)),
            models=(self.model,),
            max_failed_share=self.max_failed_share,
            place=context.place(self.key),
        )

    def checking(self, context: Context, step: str = "", number: int = 0) -> list[Step]:
        """The steps that look for faults in what was written, and take out what has any; `step` begins their names."""
        step, place = step or self._key, context.place(self.key)
        own = self._own(self._values(context), self.kept(context))
        found = [
            Step(
                name=f"{step}.check",
                reads=tuple(
                    dict.fromkeys(
                        ("origin", WRITTEN_BY, "template", "instruction", "context", *self.looks_at, *self.compared)
                    )
                ),
                optional=(FAULT,),
                writes={FAULT: "string"},
                role="verdict",
                about="Why what a model wrote is no prompt that a user would write.",
                identity={
                    "called": context.called,
                    "compared": list(self.compared),
                    "language": list(context.language),
                    "templates": {name: digest(sorted(runs)) for name, runs in own.items()},
                    **({"round": number} if number else {}),
                },
                version=2,
                work=Work("hfsft.stages.writing.base:checking", self._told(context, number)),
                place=place,
            )
        ]
        if self.eliminate:
            found.append(prompt_check.fall(step, FAULT, place))
        return found

    def _values(self, context: Context) -> dict[str, Any]:
        return {**context.values(), ATTRIBUTES: list(context.attributes)}

    def _told(self, context: Context, number: int) -> dict[str, Any]:
        """The arguments of what asks and of what checks."""
        named = {"kind": path_of(type(self)), "called": context.called, **({"number": number} if number else {})}
        return self.arguments(self._values(context), self.kept(context), **named)

    def mine(self, row: Row, called: str, number: int = 0) -> bool:
        """Whether a row is one that this source, which is called so, writes in that round."""
        return bool(row["origin"] == WRITTEN and row[WRITTEN_BY] == called)

    def shown(self, row: Row) -> dict[str, Any]:
        """What its templates may use of a row beside its columns: the names of `knows`."""
        return {}

    def ask(
        self,
        row: Row,
        *,
        called: str,
        number: int,
        prompts: dict[str, Prompt],
        values: dict[str, Any],
        kept: tuple[str, ...],
    ) -> Turns:
        """Ask for the instruction of a row of this source and round; all other rows keep theirs."""
        if not self.mine(row, called, number):
            return {"instruction": row["instruction"]}
        columns = {name: row[name] for name in (*SAID, *kept)}
        attributes = {name: row[name] for name in values[ATTRIBUTES] if row.get(name) is not None}
        shown = {**values, **columns, ATTRIBUTES: attributes, **self.shown(row)}
        answer = yield Request(
            model=self.model,
            messages=messages_of(prompts[row["template"]], shown),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], WRITTEN),
            chosen=self.chosen,
        )
        text = self.taken(answer.text)
        if not text:
            raise unusable("empty", "the model wrote no instruction")
        return {"instruction": text}

    def taken(self, answer: str) -> str:
        """The instruction that a model wrote, without what it put around it."""
        return peel(answer)

    def fault(self, row: Row, own: Mapping[str, Collection[str]], language: str = "") -> str | None:
        """What is wrong with a row that was written; None for nothing. `language` is a text in the one it must have."""
        shown = [each for name in self.compared for each in _texts(row[name])]
        runs, beside = own.get(row["template"], ()), setting_text(row) or ""
        return prompt_fault(
            row["instruction"], "", runs, shown=shown, beside=beside, language_of=language, asked=self.questions
        )

    def _own(self, values: Mapping[str, Any], kept: Sequence[str]) -> dict[str, Collection[str]]:
        """By name of a template, the runs of words that are its own and no row's."""
        return own_runs(
            self.prompts(), {**values, ATTRIBUTES: {}, **self.knows}, [*kept, *(each.name for each in self.brings)]
        )

    # What is told of it.

    def writes(self) -> list[Column]:
        """The columns that its rows come with."""
        return list(self.brings)

    def losses(self, outcome: Outcome) -> Iterator[str]:
        """Whether many of its rows were no prompts."""
        for number, step in enumerate(self.asked, 1):
            if names := outcome.removed(WRITTEN_BY, f"{step}.fault"):
                said, by = map(outcome.all_values, ("origin", WRITTEN_BY, SLOT)), next(iter(names))
                mine = {slot for *of, slot in zip(*said, strict=True) if of == [WRITTEN, by]}
                slots = sum(self.in_round(slot, number) for slot in mine)  # a row may have come to several answers
                written = slots - len(outcome.removed("origin", step))
                yield from prompt_check.told(outcome, step, FAULT, written, "prompts")

    def in_round(self, slot: int, number: int) -> bool:
        """Whether the row of a slot is one that its step of that number asks for, where there are several."""
        return True

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the steps that ask for its rows."""
        return (self._key,)


def asking(
    kind: str, section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str], called: str, number: int = 0
) -> Callable[[Row], Turns]:
    """What asks for the rows of a source; `values` are what templates may use of the recipe."""
    stage = written_source(kind, section)
    return partial(stage.ask, called=called, number=number, prompts=stage.prompts(), values=values, kept=tuple(kept))


def checking(
    kind: str, section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str], called: str, number: int = 0
) -> Callable[[Batch], Batch]:
    """What looks for faults in the rows of a source; of other rows it keeps what was found before."""
    stage = written_source(kind, section)
    own, language = stage._own(values, kept), sample_of(values["language"])

    def checked(batch: Batch) -> Batch:
        return {
            FAULT: [
                stage.fault(row, own, language) if stage.mine(row, called, number) else row.get(FAULT)
                for row in rows_of(batch)
            ]
        }

    return checked


def written_source(kind: str, section: Mapping[str, Any]) -> Written:
    """A source as it is told to another process: its kind, as `module:name`, and its keys."""
    module, _, name = kind.partition(":")
    found: type[Written] = getattr(import_module(module), name)
    return found.model_validate(section)


def _alone(templates: Sequence[str | Mapping[str, float]]) -> Iterator[str]:
    for each in templates:
        yield from [each] if isinstance(each, str) else each


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [each for each in value or () if isinstance(each, str)]
