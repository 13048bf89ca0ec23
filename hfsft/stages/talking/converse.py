"""Converse: chosen rows grow into conversations of several turns, with a simulated user and the model that answers.

Source: Ding et al. 2023, "UltraChat" (arXiv 2305.14233), section 3: one model plays the user, told how to go on and
who it is, another answers, in turns. Rows that people brought with several turns are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import Problem
from hfsft.hashing import unit
from hfsft.marks import PROSE, TEMPLATE
from hfsft.models.model import Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, column, variables
from hfsft.rows.messages import MESSAGE
from hfsft.rows.views import WHOLE, answered, own_turns
from hfsft.stages.base import Answering, AskingStage, CardPart, Context, Outcome, Panel, Section, Template
from hfsft.stages.evolving.template_prompts import TURNS as TURN_MARKS
from hfsft.stages.evolving.template_prompts import own_runs, parse, template_name
from hfsft.stages.talking import conversation_report
from hfsft.stages.talking.growing import ENDING, WRITES, Conversing, left
from hfsft.stages.tools.toolbox import TOLD, Toolbox

FOLDER = "converse"
SAID = variables()
OURS = ("conversation", "persona", "turn", "turns", *TURN_MARKS)
"""What a template may use beside the row: what was said, who the user is, which turn of how many it writes; and how
turns of a chat begin.
"""
NOTHING_SAID = [{"role": role, "content": ""} for role in ("user", "assistant")]
BLANK = {"conversation": NOTHING_SAID, "persona": "", "turn": 2, "turns": 3, "response": "", "reasoning": ""}
"""Of these and of an answer, what says nothing; a template frames what was said, and so there are turns."""
EXAMPLES, ORIGIN = "example", "origin"


class TurnCount(Section):
    """How many turns a conversation has."""

    example: ClassVar[str] = """\
    converse:
      turns: {at_least: 2, at_most: 5}
    """

    at_least: int = Field(2, ge=2, le=50, description="Fewest turns of the user, the first one counted.")
    at_most: int = Field(3, ge=2, le=50, description="Most turns; each row's number is picked by a hash of its id.")

    @model_validator(mode="after")
    def _possible(self) -> TurnCount:
        if self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least} is above at_most {self.at_most}")
        return self


def _from_number(value: Any) -> Any:
    return {"at_least": value, "at_most": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


AnyCount = Annotated[TurnCount, BeforeValidator(_from_number, json_schema_input_type=int | TurnCount)]
Named = str | dict[str, float]
AnyTemplates = Annotated[list[Named], BeforeValidator(_listed, json_schema_input_type=Named | list[Named])]


class Converse(AskingStage):
    """Grow chosen rows into conversations."""

    key: ClassVar[str] = "converse"
    changes: ClassVar[frozenset[str]] = frozenset({"messages", "response", "reasoning", "tools"})
    example: ClassVar[str] = """\
    converse:
      share: 0.25
      turns: {at_least: 2, at_most: 4}
      user: [{follow_up: 3}, clarify, frustrated, thanks_end]
      personas: [a hurried parent, a pensioner who types slowly]
    """

    share: float = Field(0.25, gt=0, le=1, description="Share of the rows that grow, picked by a hash of their ids.")
    turns: AnyCount = Field(
        TurnCount(at_least=3, at_most=3), description="Turns of the user, the first one counted: a number, or bounds."
    )
    user: Annotated[AnyTemplates, PROSE, TEMPLATE] = Field(
        [{"follow_up": 3.0}, {"clarify": 2.0}, {"add_detail": 2.0}, "correct", "change_of_mind", "thanks_end"],
        min_length=1,
        description="How the user goes on: names in templates/converse/, files haggle.jinja beside the recipe, inline "
        "Jinja, or {name: weight}; each turn's is picked by a hash. One of templates/converse/ whose name ends in _end "
        "only writes the last turn.",
    )
    personas: Annotated[list[str], PROSE] = Field(
        [], description="Who the user may be, in a few words each; each row's is picked by a hash of its id."
    )
    model: str | None = Field(
        None, description="Name under `models` of who plays the user; `converse` if there is one, else `writer`."
    )
    temperature: float | None = Field(0.9, ge=0, le=2, description="Sampling temperature of the user.")
    max_tokens: int = Field(256, ge=1, description="Most tokens in one message of the user.")
    tries: int = Field(
        2, ge=0, le=10, description="How often a faulty turn is asked again before the conversation ends without it."
    )
    eliminate: bool = Field(
        True,
        description="Take no turn that is faulty: a user who repeats, answers, refuses or quotes the template, an "
        "answer that refuses or loops. false takes every turn that says something.",
    )
    examples: bool = Field(
        False, description="Whether complete rows that people brought grow too, where they have one answer."
    )

    @field_validator("user")
    @classmethod
    def _weights(cls, user: list[Named]) -> list[Named]:
        for each in user:
            if isinstance(each, dict) and len(each) != 1:
                raise ValueError("a template with a weight is written as {name: weight}, each as an item of its own")
            if isinstance(each, dict) and min(each.values()) <= 0:
                raise ValueError(f"the weight of {next(iter(each))} is not above 0")
        return user

    @property
    def templates(self) -> list[tuple[str, float]]:
        """Each template as it is written, with its weight."""
        return [next(iter(each.items())) if isinstance(each, dict) else (each, 1.0) for each in self.user]

    def prompts(self) -> dict[str, tuple[Prompt, float]]:
        """Each template with its weight, by the name that rows carry. Raises `PromptError` for one that has faults."""
        return {template_name(text): (parse(text, FOLDER), weight) for text, weight in self.templates}

    def unfit_name(self, name: str) -> str:
        """Nobody may believe that it is kept for the last turn, as ready templates of such a name are."""
        return (
            f"would write any turn: only ready templates end in {ENDING} for the last one"
            if name.endswith(ENDING)
            else ""
        )

    def renders(self) -> list[Template]:
        """Each template."""
        return [
            Template(("user", place), partial(parse, text, FOLDER), (*SAID, *OURS))
            for place, (text, _) in enumerate(self.templates)
        ]

    def problems(self, context: Context) -> Iterator[Problem]:
        """Whether nobody answers."""
        if context.answering is None:
            message = "converse: nothing answers the user, as the recipe has no `generate`"
            yield Problem(context.place(self.key), message, "add `generate: {}`, or say there which model answers")

    def writes(self) -> list[Column]:
        """How many turns a row has, and how it came to them."""
        return [column(name, kind) for name, kind in WRITES.items()]

    @classmethod
    def lacking(cls, column: str) -> str:
        """Nobody else counts turns."""
        return "no rows grow into conversations" if column in WRITES else ""

    @property
    def did(self) -> str:
        """In a word."""
        return "grown into conversations" if self.examples else ""

    def steps(self, context: Context) -> list[Step]:
        """One step that writes the turns of the rows that grow, and their last answer."""
        answering = context.answering
        assert answering is not None, "a recipe without is refused"
        ((_, model),) = self.asks(context.models)
        prompts = self.prompts()
        kept = context.kept_in(*(prompt for prompt, _ in prompts.values()))
        asked = list(answering.models)
        reasons = {"reasoning": "string"} if answering.reasons else {}
        told = {name: getattr(answering, name) for name in ("temperature", "max_tokens", "reasons")}
        with_tools = {}
        if answering.tools is not None:
            told |= {"tools": answering.tools.identity(context, asked[0])}
            with_tools = {"tools": answering.tools.arguments(context, asked[0])}
            asked += [each.name for each in answering.tools.asks()]
        wrote = [answering.writer] if answering.writer else []
        each = 2 + (answering.tools.follows if answering.tools else 0)  # requests of a turn of the user and its answer
        how = {**answering._asdict(), **with_tools}
        return [
            Step(
                name=self.key,
                asks=True,
                reads=tuple(
                    dict.fromkeys(
                        ("id", ORIGIN, "dialect", *SAID, *WHOLE, *(TOLD if with_tools else ()), *wrote, *kept)
                    )
                ),
                writes={
                    "messages": [MESSAGE],
                    "response": "string",
                    **reasons,
                    **WRITES,
                    **(TOLD if with_tools else {}),
                },
                role="measure",
                identity={
                    "models": {name: context.models[name] for name in (model, *asked)},
                    "user": model,
                    "answers": {"asks": asked, **told},
                    "templates": {
                        name: {"weight": weight, **context.template_identity(prompt)}
                        for name, (prompt, weight) in prompts.items()
                    },
                    **self.model_dump(mode="json", include=set(PLAIN)),
                },
                version=2,
                work=Work(
                    "hfsft.stages.talking.converse:asking",
                    self.arguments(context.values(), kept, model=model, answering=how),
                ),
                models=tuple(dict.fromkeys((model, *asked))),
                follows=(self.turns.at_most - 1) * each - 1,
                max_failed_share=self.max_failed_share,
                place=context.place(self.key),
            )
        ]

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether conversations ended early, and by what."""
        yield from conversation_report.notes(outcome)

    def card(self, outcome: Outcome) -> CardPart | None:
        """How many turns the rows that stayed have, and how they came about."""
        return conversation_report.card(outcome)

    def panel(self, outcome: Outcome) -> Panel | None:
        """The same, with what was asked again."""
        return conversation_report.panel(outcome)

    def grows(self, row: Row) -> bool:
        """Whether a row is one of those that grow: picked by its id, answered, and no conversation that people had."""
        theirs = row[ORIGIN] == EXAMPLES
        if not answered(row) or (theirs and (not self.examples or own_turns(row))):
            return False
        return unit(row["id"], self.key) < self.share


PLAIN = ("share", "turns", "personas", "temperature", "max_tokens", "tries", "eliminate", "examples")


def asking(
    section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str], model: str, answering: Mapping[str, Any]
) -> Callable[[Row], Turns]:
    """What grows a row; `values` are what templates may use of the recipe."""
    stage = Converse.model_validate(section)
    prompts = stage.prompts()
    toolbox = Toolbox.of(answering["tools"]) if answering["tools"] else None
    growing = Conversing(
        least=stage.turns.at_least,
        most=stage.turns.at_most,
        prompts=prompts,
        own=own_runs({name: prompt for name, (prompt, _) in prompts.items()}, {**values, **BLANK}, kept),
        personas=stage.personas,
        model=model,
        temperature=stage.temperature,
        max_tokens=stage.max_tokens,
        chosen=stage.chosen,
        tries=stage.tries,
        eliminates=stage.eliminate,
        answering=Answering(**{**answering, "tools": None}),
        toolbox=toolbox,
        values=values,
        kept=kept,
    )

    def turns(row: Row) -> Turns:
        if stage.grows(row):
            columns: dict[str, Any] = yield from growing.grow(row, {name: row[name] for name in (*SAID, *kept)})
            return columns
        return left(row, reasons=growing.answering.reasons, tools=toolbox is not None)

    return turns
