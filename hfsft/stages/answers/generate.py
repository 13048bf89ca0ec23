"""Generate: a response to every instruction that has none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr, field_serializer, field_validator, model_validator

from hfsft.documents import retrieving
from hfsft.documents.retrieving import Retrieved
from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Problem, UserError, nearest
from hfsft.filters.base import Filter
from hfsft.filters.listed import AnyFilter, written
from hfsft.marks import PROSE, TEMPLATE
from hfsft.models.model import Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column
from hfsft.section.late_module import LateModule
from hfsft.stages.answers import answer_notes, checking
from hfsft.stages.answers.answer_notes import FAULT, TRIES, WRITER
from hfsft.stages.answers.answer_openings import OPENINGS, openings
from hfsft.stages.answers.answering import FOLDER, READS, REASONING, TEMPERATURE, VARIABLES, RowAnswerer
from hfsft.stages.answers.by_topic import DEFAULT, stray, topics_in
from hfsft.stages.answers.demonstrations import SHOWN, TURNS, Demonstrations
from hfsft.stages.answers.samples import Samples
from hfsft.stages.base import Answering, AskingStage, Asks, CardPart, Context, Outcome, Panel, Template
from hfsft.stages.several_answers import CANDIDATE, PROMPT
from hfsft.stages.tools.tools_section import AnyTools

if TYPE_CHECKING:
    from hfsft.stages.tools import tool_report, toolbox
else:
    tool_report = LateModule("hfsft.stages.tools.tool_report")
    toolbox = LateModule("hfsft.stages.tools.toolbox")

Temperature = Annotated[float, Field(ge=0, le=2)]


class Generate(AskingStage):
    """Write the responses."""

    key: ClassVar[str] = "generate"
    changes: ClassVar[frozenset[str]] = frozenset({"system", "response", "messages", "reasoning", "tools"})
    implied_by: ClassVar[str] = "seeds"  # which always need some
    example: ClassVar[str] = """\
    seeds:
      - {topic: refunds, prompts: [How long does a refund take?]}
    generate:
      system:
        default: You answer for a small shop.
        refunds: You answer for the refund desk of a small shop.
      temperature: 0.7
      max_tokens: 400
      samples: {count: 3, keep: first_valid}
      check: [{tokens: {at_least: 10}}]
    """

    system: Annotated[str | dict[str, str] | None, PROSE, TEMPLATE] = Field(
        None,
        description="System prompt for rows that have none of their own, or one for each `topic`, with `default` for "
        "all others; becomes part of the data. May be Jinja, and a file system.jinja of it beside the recipe.",
    )
    template: Annotated[str | None, PROSE, TEMPLATE] = Field(
        None,
        description="Jinja for what the writer is asked, or a file ask.jinja of it beside the recipe, if it should be "
        "more than the instruction; the data keeps the plain instruction.",
    )
    model: str | Annotated[list[str], Field(min_length=1)] = Field(
        "writer",
        description="Name under `models` of who answers; of several each row's is picked by a hash of its id, and the "
        "candidates of one prompt are of one after the other.",
    )
    temperature: Temperature | dict[str, Temperature] | None = Field(
        TEMPERATURE, description="Sampling temperature, or one for each `topic`, with `default` for all others."
    )
    max_tokens: int = Field(1024, ge=1, description="Most tokens in one response; one cut there fails.")
    demonstrations: Annotated[int, Field(ge=1, le=20)] | Demonstrations | None = Field(
        None,
        description="Complete rows of `examples` that the model is shown as turns before each row's own, so many or "
        "how; none of the row's own family. The data does not show them; a column keeps their ids.",
    )
    samples: Samples | None = Field(None, description="Several answers to each prompt; left out: one.")
    check: list[AnyFilter] = Field(
        [],
        description="Filters of single rows that an answer must pass when it is written: one that does not is asked "
        "for again. A row whose last answer does not pass either falls by the rule `check`, with the fault as value.",
    )
    tries: int = Field(
        3, ge=1, le=20, description="Answers to a row that are asked for at most, where they fail `check` or are cut."
    )
    retry: Literal["resample", "repair"] = Field(
        "resample",
        description="How an answer is asked for again: `resample` sends the same with another seed; `repair` adds the "
        "answer and what is wrong with it as turns, which the data does not show.",
    )
    digest: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Against drift: each wave of a recipe with `size` is shown how so many of the answers begin that "
        "were accepted before it, as what not to do again. The data does not show them.",
    )
    context: Retrieved | None = Field(
        None, description="Documents that rows are answered from, found by what they ask; left out: none."
    )
    reasoning: Literal["drop", "keep", "require"] = Field(
        "drop",
        description="What a thinking model thought before its response: `keep` puts it into the column `reasoning`, "
        "where filters read it and `publish: {reasoning: ...}` says how it is written; `require` fails a row without "
        "any; `drop` leaves it in the store, where it is found when this is changed, without another request.",
    )

    tools: AnyTools | None = Field(
        None, description="Tools that answers may call: a file, the schemas, or more; `{}` for those of rows alone."
    )

    _base: Path = PrivateAttr(default_factory=Path)

    @field_validator("model")
    @classmethod
    def _different(cls, model: str | list[str]) -> str | list[str]:
        if isinstance(model, list) and len(set(model)) < len(model):
            raise ValueError("names a model twice")
        return model

    @model_validator(mode="after")
    def _of_check(self) -> Generate:
        fields = type(self).model_fields
        given = [name for name in ("tries", "retry") if getattr(self, name) != fields[name].default]
        if given and not self.check:
            raise ValueError(f"{' and '.join(given)} without `check`: no answer is asked for again")
        return self

    @field_serializer("check")
    def _by_name(self, check: list[Filter]) -> list[dict[str, Any]]:
        return written(check)

    def stands_in(self, base: Path) -> None:
        """Paths are relative to this folder."""
        self._base = base

    def standing_alone(self) -> dict[str, Any]:
        """Tools whose schemas stand in a file with these schemas. Raises `UserError`."""
        if self.tools is None or self.tools.path is None:
            return {}
        try:
            schemas = [tool.as_openai() for tool in self.tools.declared(self._base)]
        except ValueError as error:  # the file was another one when the build began
            raise UserError(f"generate.tools: {error}") from None
        told = self.tools.model_dump(mode="json", exclude_none=True, exclude={"path"})
        return {"tools": {**told, "schemas": schemas}}

    @property
    def reasons(self) -> bool:
        """Whether what was thought becomes part of the row."""
        return self.reasoning != "drop"

    @property
    def names(self) -> list[str]:
        """The models that answer, by their names under `models`."""
        return [self.model] if isinstance(self.model, str) else self.model

    def asks(self, models: Collection[str]) -> list[Asks]:
        """Each of the models, and who writes results of tools."""
        results = self.tools.asks("tools") if self.tools else []
        if isinstance(self.model, str):
            return [Asks(("model",), self.model), *results]
        return [*(Asks(("model", place), name) for place, name in enumerate(self.model)), *results]

    @property
    def candidates(self) -> int:
        """As many as are asked for, where the choice among them is made behind the judge, or none is."""
        return self.samples.count if self.samples and self.samples.choice_behind != self.key else 1

    def answering(self, context: Context) -> Answering:
        """For a section that goes on with what it answered."""
        given = self.temperature if isinstance(self.temperature, dict) else {DEFAULT: self.temperature}
        writer = WRITER if len(self.names) > 1 else ""
        chosen = sorted(self.chosen)
        return Answering(
            self.names, {DEFAULT: TEMPERATURE, **given}, self.max_tokens, self.reasons, chosen, writer, self.tools
        )

    def prompts(self) -> dict[str, Prompt]:
        """The templates, each by its place in the section. Raises `PromptError` for one that does not parse."""
        return {".".join(map(str, loc)): parse() for loc, parse, _ in self.renders()}

    def renders(self) -> list[Template]:
        """The system prompts, and the template, where the recipe has them."""
        systems = self.system if isinstance(self.system, dict) else {None: self.system}
        found = [
            (("system",) if topic is None else ("system", topic), text, VARIABLES) for topic, text in systems.items()
        ]
        found.append((("template",), self.template, (*VARIABLES, "system", *retrieving.tells(self.context))))
        return [
            Template(loc, partial(Prompt.parse, text, name=".".join(("generate", *loc))), variables)
            for loc, text, variables in found
            if text
        ] + (self.tools.renders(("tools",)) if self.tools else [])

    @property
    def embeds(self) -> bool:
        """Whether documents are found by vectors."""
        return self.context is not None and self.context.by == "embedder"

    def writes(self) -> list[Column]:
        """Beside the answer: which of several it is, who wrote it, what the model was shown, documents, tools."""
        found = answer_notes.columns(self.samples is not None, len(self.names) > 1, bool(self.check))
        shown = Column(SHOWN, ["string"], "lineage", "Ids of the examples that the model was shown first.", True)
        found += [shown] if self._demonstrations else []
        return [*found, *retrieving.columns(self.context), *(toolbox.columns() if self.tools else [])]

    def problems(self, context: Context) -> Iterator[Problem]:
        """Documents that are not there, tools and filters that cannot be used, a choice by scores that nobody gives."""
        yield from retrieving.problems(self.context, context, (self.key, "context"))
        if self.tools:
            yield from self.tools.problems(context, self.key, "tools")
        for place, rule in enumerate(self.check):
            yield from checking.problems(rule, context, self.writes(), partial(context.place, self.key, "check", place))
        if self._demonstrations and "examples" not in context.sections:
            said = "generate.demonstrations: there are no examples to show"
            yield Problem(context.place(self.key, "demonstrations"), said, "add an examples section")
        if self.digest and not context.waves:
            said = "generate.digest: without `size` there is one wave, and nothing before it"
            yield Problem(context.place(self.key, "digest"), said, "say how many rows there are to be: `size: 1000`")
        for key in ("system", "temperature") if context.topics is not None else ():
            for topic in stray(topics_in(getattr(self, key)), context.topics or ()):
                said = f"generate.{key}: no row has the topic `{topic}`"
                yield Problem(context.place(self.key, key, topic), said, nearest(topic, sorted(context.topics or ())))
        if self.samples and self.samples.keep == "best" and "judge" not in context.sections:
            said = "generate.samples: `best` goes by the judge's scores, and nothing is judged"
            yield Problem(context.place(self.key, "samples", "keep"), said, "add a judge section")

    def steps(self, context: Context) -> list[Step]:
        """One step that writes `system` and `response`, and `reasoning` where it is kept; before it those that find
        documents and make room for candidates, behind it one that takes out what passed no check.
        """
        prompts, place, rules = self.prompts(), context.place(self.key), self._rules(context)
        kept = context.kept_in(*prompts.values())
        carried = [OPENINGS] if self.digest else []
        shown = [TURNS] if self._demonstrations else []
        thought = [REASONING] if self.reasons else []
        given = dict.fromkeys([*READS, *shown, *thought, *retrieving.tells(self.context), *kept])
        own = {"system", "response", *([REASONING] if self.reasons else [])}
        checked = [name for rule in rules for name in rule.reads if name not in own]
        tools = self.tools.arguments(context, self.names[0]) if self.tools else None
        branched = {PROMPT, CANDIDATE} if self.samples and (len(self.names) > 1 or self.tools) else ()
        answer = Step(
            name="generate",
            asks=True,
            reads=(*dict.fromkeys([*given, *checked, *sorted(branched)]),),
            optional=tuple(dict.fromkeys([*carried, *(n for rule in rules for n in rule.optional if n not in own)])),
            writes={
                "system": "string",
                "response": "string",
                **({REASONING: "string"} if self.reasons else {}),
                **({WRITER: "string"} if len(self.names) > 1 else {}),
                **({TRIES: "int32", FAULT: "string"} if rules else {}),
                **(toolbox.WRITES if tools else {}),
            },
            role="lineage",  # of what the registry does not know
            about="Of an answer: the model that wrote it, the tries it took, what the checks say of the last.",
            identity={
                **self._models(context),
                "temperature": self.temperature,
                "max_tokens": self.max_tokens,
                **({REASONING: self.reasoning} if self.reasons else {}),
                **retrieving.told_identity(self.context),
                **{name: context.template_identity(prompt) for name, prompt in prompts.items()},
                **({"check": checking.identity(rules), "tries": self.tries} if rules else {}),
                **({"openings": Prompt.named(FOLDER, "openings").identity} if self.digest else {}),
                **({"repair": Prompt.named(FOLDER, "repair").identity} if rules and self.retry == "repair" else {}),
                **({"tools": self.tools.identity(context, self.names[0])} if self.tools else {}),
            },
            work=Work(
                "hfsft.stages.answers.generate:asking",
                self.arguments(
                    context.values(),
                    kept,
                    **({"checks": checking.as_json(rules, self.tries, self.retry)} if rules else {}),
                    **({"tools": tools} if tools else {}),
                ),
            ),
            needs=checking.needed(rules),
            drops=tuple(shown),
            models=self._asked,
            follows=self.tools.follows if self.tools else 0,
            max_failed_share=self.max_failed_share,
            place=place,
        )
        found = retrieving.steps(self.context, context, (self.key, "context"))
        demonstrate = [self._demonstrations.step(place)] if self._demonstrations else []
        branch = self.samples.branch(place) if self.samples else []
        passed = [compare(answer_notes.CHECKED, Bound("check", FAULT, absent=True), place)] if rules else []
        return [*found, *demonstrate, *branch, answer, *passed]

    def carries(self) -> list[Column]:
        """How earlier answers begin, where it has a digest of them."""
        about = "How accepted answers of earlier waves begin: what the model was shown, to begin in another way."
        return [Column(OPENINGS, ["string"], "lineage", about)] if self.digest else []

    def carried(self, accepted: Callable[[str], Sequence[Any]]) -> Mapping[str, Any]:
        """How accepted answers begin."""
        return {OPENINGS: openings(accepted, self.digest)} if self.digest else {}

    def arguments(
        self, values: Mapping[str, Any] | None = None, kept: Sequence[str] = (), **more: Any
    ) -> dict[str, Any]:
        """As every section's, without its checks, which are told as what they do."""
        found = super().arguments(values, kept, **more)
        section = {name: value for name, value in found["section"].items() if name not in ("check", "tries", "retry")}
        return {**found, "section": section}

    def later(self, context: Context) -> Mapping[str, Sequence[Step]]:
        """The choice among candidates: behind the filters that can run by then, by scores also behind the judge."""
        behind = self.samples.choice_behind if self.samples else None
        return {behind: self.samples.choice(context.place(self.key))} if self.samples and behind else {}

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether rows lack the reasoning that was to be kept, and what candidates and checks came to."""
        yield from answer_notes.notes(self, outcome)
        yield from tool_report.notes(outcome, self.tools.cases) if self.tools else tool_report.unoffered(outcome)
        yield from retrieving.notes(self.context, outcome.values)

    def card(self, outcome: Outcome) -> CardPart | None:
        """How many candidates there were, how far they agreed, who wrote what stayed."""
        part = answer_notes.card(self, outcome)
        return tool_report.card(outcome, self.tools.origin, part) if self.tools else part

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same, in the report."""
        panel = answer_notes.panel(self, outcome) or Panel("answers", "Answers", [])
        pieces = [*panel.pieces, *(tool_report.pieces(outcome) if self.tools else [])]
        return panel._replace(pieces=pieces) if pieces else None

    def _rules(self, context: Context) -> list[Filter]:
        return [rule.at(context.base).speaking(context.language) for rule in self.check]

    @property
    def _demonstrations(self) -> Demonstrations | None:
        given = self.demonstrations
        return Demonstrations(count=given) if isinstance(given, int) else given

    @property
    def _asked(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.names, *(each.name for each in (self.tools.asks() if self.tools else ()))]))

    def _models(self, context: Context) -> dict[str, Any]:
        if self._asked == (self.model,):
            return {"model": context.models[self.names[0]]}
        return {"models": {name: context.models[name] for name in self._asked}}


def asking(
    *needs: Resource,
    section: Mapping[str, Any],
    values: dict[str, Any],
    kept: Sequence[str],
    checks: Mapping[str, Any] | None = None,
    tools: Mapping[str, Any] | None = None,
) -> Callable[[Row], Turns]:
    """What asks for the response to a row; `values` are what templates may use of the recipe."""
    stage = Generate.model_validate(section)
    found = checking.Checks.of(checks, needs) if checks else None
    box = toolbox.Toolbox.of(tools) if tools else None
    return RowAnswerer(stage, stage.prompts(), values, tuple(kept), found, box)
