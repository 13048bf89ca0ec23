"""Write: one more column of a row, by one call of a model, before the row is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, PrivateAttr, field_validator

from hfsft.engine.resources import Work
from hfsft.engine.step import Step, keeping_first
from hfsft.errors import AnswerError, Problem, UserError, nearest, unusable
from hfsft.hashing import sampling_seed
from hfsft.marks import FILE, PROSE, TEMPLATE
from hfsft.models.model import Request, Turns
from hfsft.models.structured import ask as ask_structured
from hfsft.plain import plain
from hfsft.prompts import Prompt, standing_alone
from hfsft.rows.batch import Row
from hfsft.rows.columns import COLUMNS, NAME, ROW, TEXTS, Column, column, not_free, variables
from hfsft.rows.views import answered, has_turns
from hfsft.sandbox.expression import Expression, ExpressionError, checked
from hfsft.sandbox.json_schemas import wrong_schema, wrong_with
from hfsft.stages.base import AskingStage, Context, Outcome, Template, Warn, structured_in
from hfsft.stages.evolving.template_prompts import TURNS, messages_of
from hfsft.texts.peel import peel

FOLDER = "write"
PROMPT = ("instruction", "context", "system")
"""What an answer answers: of rows that came with one it stays, unless `when` says otherwise."""
KNOWN = (*PROMPT, "reference", "topic")
"""Columns that every row has, and that a model may write too."""
VARIABLES = variables("reasoning")
LOOKED_AT = tuple(each.name for each in ROW if isinstance(each.type, str) and each.name != "dialect")
"""Columns of `ROW` that `when` may read."""


class Write(AskingStage):
    """One more column, by one call for each row, before the row is answered.

    Templates and filters behind it read the column, and of one with a `schema` templates read the fields, as in
    `{{ query.intent }}`. It stays with the row in the provenance. The columns `instruction`, `system`, `context`,
    `reference` and `topic` may be written too; what stood there before stays beside them, as in `first_instruction`.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    key: ClassVar[str] = "write"
    example: ClassVar[str] = """\
    write:
      - column: case
        template: |
          Invent what the desk has to know to answer this message.
          {{ instruction }}
        schema:
          type: object
          properties: {order: {type: string}, state: {enum: [paid, sent]}}
          required: [order, state]
      - column: reference
        template: |
          Answer in one sentence; the order is {{ case.state }}:
          {{ instruction }}
        when: "'refund' in instruction"
    """

    column: str = Field(
        pattern=NAME,
        description="What the column is called: a name of its own, or instruction, system, context, reference or "
        "topic, where what stood there before is kept beside it.",
    )
    template: Annotated[str, PROSE, TEMPLATE] = Field(
        min_length=1,
        description="Jinja for what the model is asked, or a file query.jinja of it beside the recipe, or a name in "
        "templates/write/.",
    )
    model: str = Field("writer", description="Name under `models` of who writes it.")
    form: Annotated[str | dict[str, Any] | None, FILE] = Field(
        None,
        alias="schema",
        description="A JSON Schema, or a .json file of it, that the answer must follow: it is asked for as JSON, "
        "checked, asked for once more where it does not, and kept as JSON.",
    )
    temperature: float | None = Field(0.7, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(1024, ge=1, description="Most tokens in one answer; one cut there fails.")
    when: str | None = Field(
        None,
        min_length=1,
        description='An expression over the row\'s columns, as in `topic == "refunds" and not context`: of rows for '
        "which it is false the column stays as it is. Left out: all rows, but what is asked of rows that came with "
        "their answer stays.",
    )

    _base: Path = PrivateAttr(default_factory=Path)

    @field_validator("when")
    @classmethod
    def _an_expression(cls, when: str | None) -> str | None:
        return checked(when)

    @field_validator("form")
    @classmethod
    def _a_schema(cls, form: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if isinstance(form, dict) and (wrong := wrong_schema(form)):
            raise ValueError(wrong)
        return form

    def stands_in(self, base: Path) -> None:
        """Paths are relative to this folder."""
        self._base = base

    def standing_alone(self) -> dict[str, Any]:
        """What it says in place of naming files: their contents. Raises `PromptError` and `UserError`."""
        found: dict[str, Any] = {"template": standing_alone(self.template, self._base)}
        return {**found, **({"schema": self.schema_read()} if isinstance(self.form, str) else {})}

    def prompt(self) -> Prompt:
        """What the model is asked. Raises `PromptError`."""
        return Prompt.chosen(self.template, FOLDER, self._base, f"write.{self.column}")

    def schema_read(self) -> dict[str, Any] | None:
        """The schema, read from its file where it stands in one. Raises `UserError` where it cannot be used."""
        if not isinstance(self.form, str):
            return self.form
        try:
            found = json.loads((self._base / self.form).read_text("utf-8"))
        except FileNotFoundError:
            beside = sorted(path.name for path in self._base.glob("*.json"))
            hint = f" ({nearest(self.form, beside)})" if beside else ""
            raise UserError(f"there is no file {plain(self.form)}{hint}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(f"{plain(self.form)} cannot be read as JSON: {plain(str(error))}") from None
        if wrong := wrong_schema(found):
            raise UserError(f"{plain(self.form)} {wrong}")
        return dict(found)

    def renders(self) -> list[Template]:
        """The template."""
        return [Template(("template",), self.prompt, (*VARIABLES, *TURNS))]

    def writes(self) -> list[Column]:
        """The column."""
        known = self.column in COLUMNS
        about = f"Written by a model, by `write`{', as JSON' if self.form else ''}."
        return [
            column(self.column) if known else Column(self.column, "string", "text", about, structured=bool(self.form))
        ]

    def problems(self, context: Context) -> Iterator[Problem]:
        """A name that is taken, a schema that is none, columns in `when` that there are not."""
        place = partial(context.place, self.key)
        named = f"write[{self.column}]"
        if why := not_free(self.column, *KNOWN):
            allowed = f"write a name of your own, or {', '.join(KNOWN)}"
            yield Problem(place("column"), f"{named}: `{self.column}` {why}", allowed)
        elif self.column in context.kept:
            yield Problem(place("column"), f"{named}: another section writes `{self.column}` too", "name it otherwise")
        if self.form and self.column in COLUMNS:
            said = (
                f"{named}: with a schema the answer is JSON, and `{self.column}` is a text that is trained on or shown"
            )
            yield Problem(place("schema"), said, "write it into a column of its own, and use its fields here")
        try:
            self.schema_read()
        except UserError as error:
            yield Problem(place("schema"), f"{named}: {error}")
        names = (*LOOKED_AT, *context.kept)
        for name in Expression(self.when).unknown(names) if self.when else ():
            said, hint = context.unknown(name, "column", names)
            yield Problem(place("when"), f"{named}: `when` reads `{name}`, {said}", hint)

    def steps(self, context: Context) -> list[Step]:
        """One step that writes the column."""
        prompt, schema = self.prompt(), self.schema_read()
        names = prompt.variables | (Expression(self.when).names if self.when else set())
        kept = tuple(name for name in context.kept if name in names)
        known = self.column in COLUMNS
        reads = [name for name in COLUMNS if name in names or name == self.column]
        if known and not self.when:
            reads += ["response", "messages"]
        step = Step(
            name=f"write[{self.column}]",
            asks=True,
            reads=tuple(dict.fromkeys(("id", *reads, *kept))),
            writes={self.column: "string"},
            role="text",
            known=tuple(self.writes()),
            identity={
                "model": context.models[self.model],
                "temperature": self.temperature,
                "max_tokens": self.max_tokens,
                **context.template_identity(prompt),
                **({"schema": schema} if schema else {}),
                **({"when": self.when} if self.when else {}),
            },
            version=2,
            work=Work(
                "hfsft.stages.columns.write_column:asking",
                {"section": {**self.arguments()["section"], **self.standing_alone()}, "values": context.values()},
            ),
            models=(self.model,),
            max_failed_share=self.max_failed_share,
            place=context.place(self.key),
        )
        return [keeping_first(step, [self.column]) if self.column in TEXTS else step]

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether it wrote nothing at all."""
        if self.when and self.column not in COLUMNS:
            values = outcome.all_values(self.column)
            if values and not any(value is not None for value in values):
                yield Warn(f"`{self.column}` is empty in every row: its `when` held for none of {len(values):,}")

    def chooses(self, row: Row, when: Expression | None) -> bool:
        """Whether a model is to write the column of a row. Raises `AnswerError` where `when` cannot be worked out."""
        if when is not None:
            try:
                return bool(when(row))
            except ExpressionError as error:
                raise AnswerError("template", f"`when` of write[{self.column}]: {error.told}") from error
        return not (self.column in PROMPT and (answered(row) or has_turns(row)))

    def ask(self, row: Row, *, prompt: Prompt, when: Expression | None, values: Mapping[str, Any]) -> Turns:
        """Ask for the column, of a row that is to have it; all others keep what stands there."""
        if not self.chooses({**row, **structured_in(row, values)}, when):
            return {self.column: row.get(self.column)}
        request = Request(
            model=self.model,
            messages=messages_of(prompt, {**values, **row}),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], f"write {self.column}"),
            chosen=self.chosen,
        )
        if isinstance(self.form, dict):
            value = yield from ask_structured(request, self.form, self._follows)
            return {self.column: json.dumps(value, ensure_ascii=False)}
        answer = yield request
        text = peel(answer.text) if self.column == "instruction" else answer.text.strip()
        if not text:
            raise unusable("empty", f"the model wrote nothing for `{self.column}`")
        return {self.column: text}

    def _follows(self, value: Any) -> Any:
        assert isinstance(self.form, dict)
        if wrong := wrong_with(value, self.form):
            raise ValueError(wrong)
        return value


def asking(section: Mapping[str, Any], values: Mapping[str, Any]) -> Callable[[Row], Turns]:
    """What asks for the column of a row; `values` are what templates may use of the recipe."""
    stage = Write.model_validate(section)
    when = Expression(stage.when) if stage.when else None
    return partial(stage.ask, prompt=stage.prompt(), when=when, values=values)
