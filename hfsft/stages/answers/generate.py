"""Generate: a response to every instruction that has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from hfsft.documents.retrieving import (
    Retrieved,
    asked_with,
    retrieval_problems,
    retrieval_steps,
    retrieved_columns,
    retrieved_reads,
    told_identity,
)
from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.errors import Problem, unusable
from hfsft.hashing import sampling_seed
from hfsft.marks import PROSE
from hfsft.models.model import Request, Turns
from hfsft.prompts import Prompt
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, variables
from hfsft.rows.views import answered, prompt_messages
from hfsft.stages.base import AskingStage, Context, Outcome, Template, Warn, rendered

REASONING = "reasoning"
VARIABLES = variables("system", "response", REASONING)  # what the row says before it is answered
READS = ("id", "system", "response", "messages", *VARIABLES)


class Generate(AskingStage):
    """Write the responses."""

    key: ClassVar[str] = "generate"
    implied_by: ClassVar[str] = "seeds"  # which always need some
    example: ClassVar[str] = """\
    generate:
      system: You answer for the help desk of a small shop. Say what to do next.
      temperature: 0.7
      max_tokens: 400
    """

    system: Annotated[str | None, PROSE] = Field(
        None, description="System prompt for rows that have none of their own; becomes part of the data. May be Jinja."
    )
    template: Annotated[str | None, PROSE] = Field(
        None,
        description="Jinja for what the writer is asked, if it should be more than the instruction; the data keeps "
        "the plain instruction.",
    )
    model: str = Field("writer", description="Name under `models` of who answers.")
    temperature: float | None = Field(0.7, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(1024, ge=1, description="Most tokens in one response; one cut there fails.")
    context: Retrieved | None = Field(
        None, description="Documents that rows are answered from, found by what they ask; left out: none."
    )
    reasoning: Literal["drop", "keep", "require"] = Field(
        "drop",
        description="What a thinking model thought before its response: `keep` puts it into the column `reasoning`, "
        "where filters read it and `publish: {reasoning: ...}` says how it is written; `require` fails a row without "
        "any; `drop` leaves it in the store, where it is found when this is changed, without another request.",
    )

    @property
    def reasons(self) -> bool:
        """Whether what was thought becomes part of the row."""
        return self.reasoning != "drop"

    def prompts(self) -> dict[str, Prompt]:
        """The templates by field. Raises `PromptError` for one that does not parse."""
        texts = {"system": self.system, "template": self.template}
        return {name: Prompt.parse(text, name=f"generate.{name}") for name, text in texts.items() if text}

    def renders(self) -> list[Template]:
        """The two templates, where the recipe has them."""
        return [
            Template((field,), partial(Prompt.parse, text, name=f"generate.{field}"), variables)
            for field, text, variables in (
                ("system", self.system, VARIABLES),
                ("template", self.template, (*VARIABLES, "system")),
            )
            if text
        ]

    @property
    def embeds(self) -> bool:
        """Whether documents are found by vectors."""
        return self.context is not None and self.context.by == "embedder"

    def writes(self) -> list[Column]:
        """What documents add to rows."""
        return retrieved_columns(self.context)

    def problems(self, context: Context) -> Iterator[Problem]:
        """Whether there are documents, where it takes some."""
        yield from retrieval_problems(self.context, context, (self.key, "context"))

    def steps(self, context: Context) -> list[Step]:
        """One step that writes `system` and `response`, and `reasoning` where it is kept; before it those that give
        rows their documents.
        """
        prompts = self.prompts()
        kept = context.kept_in(*prompts.values())
        return [
            *retrieval_steps(self.context, context, (self.key, "context")),
            Step(
                name="generate",
                asks=True,
                reads=(*READS, *([REASONING] if self.reasons else []), *retrieved_reads(self.context), *kept),
                writes={"system": "string", "response": "string", **({REASONING: "string"} if self.reasons else {})},
                role="text",
                identity={
                    "model": context.models[self.model],
                    "temperature": self.temperature,
                    "max_tokens": self.max_tokens,
                    **({REASONING: self.reasoning} if self.reasons else {}),
                    **told_identity(self.context),
                    **{name: context.template_identity(prompt) for name, prompt in prompts.items()},
                },
                work=Work("hfsft.stages.answers.generate:asking", self.arguments(context.values(), kept)),
                models=(self.model,),
                max_failed_share=self.max_failed_share,
                place=context.place(self.key),
            ),
        ]

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether rows lack the reasoning that was to be kept."""
        if not self.reasons:
            return
        origins, thoughts = outcome.values("origin"), outcome.values(REASONING)
        written = [thought for origin, thought in zip(origins, thoughts, strict=True) if origin != "example"]
        lacking = sum(thought is None for thought in written)
        if written and lacking == len(written):
            yield Warn(
                f"no response has reasoning, which `generate: {{reasoning: {self.reasoning}}}` is to keep: "
                "turn the model's thinking on, or ask a model that thinks"
            )
        elif lacking:
            yield Warn(f"{lacking:,} of {len(written):,} responses have no reasoning: the model thought nothing there")

    def ask(self, row: Row, prompts: dict[str, Prompt], values: dict[str, Any], kept: tuple[str, ...]) -> Turns:
        """Ask for a response, where the row has none."""
        columns = {name: row[name] for name in (*VARIABLES, *kept)}
        system = row["system"]
        if not system and "system" in prompts:
            system = rendered(prompts["system"], **values, **columns)
        if answered(row):
            given = {"system": system, "response": row["response"]}
            return {**given, REASONING: row[REASONING]} if self.reasons else given
        messages = prompt_messages({**row, "system": system})
        if "template" in prompts:
            messages[-1] = {
                **messages[-1],
                "content": rendered(prompts["template"], **values, **columns, system=system),
            }
        messages[-1] = {**messages[-1], "content": asked_with(row, messages[-1]["content"])}
        answer = yield Request(
            model=self.model,
            messages=tuple(messages),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=sampling_seed(row["id"], "generate"),
            chosen=self.chosen,
        )
        response = answer.text.strip()
        if not response:
            raise unusable("empty", "the model wrote no response")
        if not self.reasons:
            return {"system": system, "response": response}
        thought = answer.reasoning.strip() or None
        if thought is None and self.reasoning == "require":
            advice = "turn its thinking on, or ask a model that thinks; `reasoning: keep` takes rows without any"
            raise unusable("no_reasoning", "the model thought nothing before its response", advice)
        return {"system": system, "response": response, REASONING: thought}


def asking(section: Mapping[str, Any], values: dict[str, Any], kept: Sequence[str]) -> Callable[[Row], Turns]:
    """What asks for the response to a row; `values` are what templates may use of the recipe."""
    stage = Generate.model_validate(section)
    return partial(stage.ask, prompts=stage.prompts(), values=values, kept=tuple(kept))
