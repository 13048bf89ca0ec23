"""The part of `generate` that lets answers call tools: declared and checked, their results listed or written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from hfsft.errors import Problem
from hfsft.marks import FILE, PROSE, TEMPLATE, Loc
from hfsft.prompts import Prompt, is_text
from hfsft.rows.calls import ShapeError, tools_of
from hfsft.section.late_module import LateModule
from hfsft.stages.base import Asks, Section, Template

if TYPE_CHECKING:
    from hfsft.stages.base import Context
    from hfsft.tooling import tool_results, tool_schemas
    from hfsft.tooling.tool_schemas import Tool
else:
    tool_results = LateModule("hfsft.tooling.tool_results")
    tool_schemas = LateModule("hfsft.tooling.tool_schemas")


class Tools(Section):
    """Tools that answers may call. Nothing is run: results come from a list, or a model writes them."""

    example: ClassVar[str] = """\
    generate:
      tools:
        schemas:
          - name: get_order
            description: Looks up an order.
            parameters:
              properties: {number: {type: string}}
              required: [number]
        rounds: 3
    """

    path: Annotated[str | None, FILE] = Field(
        None, description="A JSON or YAML file of the tools: a list of function schemas, as OpenAI's or Anthropic's."
    )
    schemas: Annotated[list[dict[str, Any]], PROSE] = Field(
        [], description="The same, inline. Rows with `tools` of their own keep these."
    )
    offered: int | None = Field(
        None, ge=1, description="How many of them a row is offered, picked by a hash of its id; left out: all."
    )
    choice: Literal["auto", "required"] = Field(
        "auto",
        description="`required` has each answer begin with a call: one that does not is asked again, as `tries` says.",
    )
    native: bool = Field(
        True,
        description="Whether tools are sent in fields of the request; false writes them into the system prompt and "
        "reads calls from the text, as Hermes has both, for a model or server that knows no tools.",
    )
    until: Literal["answer", "calls"] = Field(
        "answer",
        description="Where a row ends: at the answer behind the results, or at its first `calls`, as xLAM's data does.",
    )
    results: Annotated[str | None, FILE] = Field(
        None,
        description="A file of results: a JSON list, or a line each, of `name`, `arguments` and `result`; one without "
        "`arguments` is the tool's for all others.",
    )
    unknown: Literal["simulate", "fail"] | None = Field(
        None,
        description="A call without a result in the list: a model writes one (`simulate`), or the row fails (`fail`). "
        "Left out: `fail` where there is a list.",
    )
    model: str | None = Field(None, description="Name under `models` of who writes results; left out: who answers.")
    template: Annotated[str, PROSE, TEMPLATE] = Field(
        "result",
        description="Name in templates/tools/, a file result.jinja beside the recipe, or inline Jinja, for what that "
        "model is asked.",
    )
    temperature: float | None = Field(0.7, ge=0, le=2, description="Sampling temperature of results.")
    max_tokens: int = Field(512, ge=1, description="Most tokens in one result.")
    rounds: int = Field(4, ge=1, le=20, description="Most rounds of calls before one answer.")
    tries: int = Field(
        2, ge=0, le=10, description="How often calls that cannot be used are asked again, told what is wrong."
    )
    irrelevant: float = Field(
        0,
        ge=0,
        le=1,
        description="Share of rows, by hash, whose tools lack those that the model would call, so that the right "
        "answer calls none; takes one more request each, or a few.",
    )
    asks_back: float = Field(
        0,
        ge=0,
        le=1,
        description="Share of rows, by hash, for which a parameter that the call left out is required, so that the "
        "right answer asks the user for it.",
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> Tools:
        if self.irrelevant + self.asks_back > 1:
            raise ValueError("irrelevant and asks_back are shares of all rows, and come to more than 1")
        if self.path and self.schemas:
            raise ValueError("`path` and `schemas` both say which tools there are; keep one")
        if self.until == "calls" and (self.results or self.unknown):
            raise ValueError("until: rows that end at their `calls` get no results; leave `results` and `unknown` out")
        if self.unknown == "fail" and not self.results:
            raise ValueError("unknown: `fail` without a list of `results` fails every row that calls something")
        return self

    @property
    def cases(self) -> dict[str, float]:
        """The share of rows that is to be of each case in which no call is right."""
        return {"irrelevant": self.irrelevant, "asks_back": self.asks_back}

    @property
    def simulates(self) -> bool:
        """Whether a model writes results."""
        return self.until == "answer" and (self.unknown == "simulate" or not self.results)

    @property
    def follows(self) -> int:
        """Requests that one round of calls takes behind the first: the answer, and a result that a model writes."""
        return 0 if self.until == "calls" else 1 + self.simulates

    @property
    def origin(self) -> str:
        """Where results come from, in words."""
        return " and ".join([*(["a list"] if self.results else []), *(["a model"] if self.simulates else [])])

    def prompt(self) -> Prompt:
        """What the model is asked that writes results. Raises `PromptError`."""
        inline = is_text(self.template)
        if inline:
            return Prompt.parse(self.template, name="tools.template")
        return Prompt.named(tool_results.FOLDER, self.template)

    def renders(self, at: Loc) -> list[Template]:
        """The template of results; `at` is where the section stands in the one around it."""
        return [Template((*at, "template"), self.prompt, tool_results.VARIABLES)] if self.simulates else []

    def declared(self, base: Path) -> list[Tool]:
        """The tools of the recipe. Raises ValueError, in words, for those that cannot be used."""
        given: Any = self.schemas
        if self.path:
            given = _loaded(base / Path(self.path).expanduser())
        try:
            return tool_schemas.tools_in(tools_of(given)) if given else []
        except ShapeError as error:
            raise ValueError(str(error)) from None

    def canned(self, base: Path) -> list[Mapping[str, Any]]:
        """The entries of the list of results. Raises ValueError, in words, for those that cannot be used."""
        return tool_results.entries_in(base / Path(self.results).expanduser()) if self.results else []

    def problems(self, context: Context, *at: str) -> Iterator[Problem]:
        """What is wrong with files and schemas; `at` is the way to the section."""
        tools: list[Tool] = []
        name = ".".join(at)
        where = (*at, "path") if self.path else (*at, "schemas") if self.schemas else at
        try:
            tools = self.declared(context.base)
            for wrong in tool_schemas.unfit(tools):
                yield Problem(context.place(*where), f"{name}: {wrong}")
        except (ValueError, OSError) as error:
            advice = "a list of function schemas is expected"
            yield Problem(context.place(*where), f"{name}: {_told(self.path, error)}", advice)
        if self.irrelevant and tools and min(len(tools), self.offered or len(tools)) < 2:
            yield Problem(
                context.place(*at, "irrelevant"),
                f"{name}.irrelevant: with one tool offered none is left where the one that is needed is taken away",
                "declare more tools, or leave `irrelevant` out",
            )
        try:
            known = tool_results.Canned(self.canned(context.base)).tools
        except (ValueError, OSError) as error:
            advice = "it holds objects with name, arguments and result"
            yield Problem(context.place(*at, "results"), f"{name}.results: {_told(self.results, error)}", advice)
            return
        if tools and (strange := sorted(known - {tool.name for tool in tools})):
            yield Problem(
                context.place(*at, "results"),
                f"{name}.results: {self.results} has results of {', '.join(strange)}, which no tool is called",
                f"the tools are {', '.join(tool.name for tool in tools)}",
            )

    def asks(self, *at: str) -> list[Asks]:
        """Who writes results, where that is another model than the one that answers; `at` is the way to the section."""
        return [Asks((*at, "model"), self.model)] if self.model and self.simulates else []

    def identity(self, context: Context, answers: str) -> dict[str, Any]:
        """What the turns depend on beside what the answers do; `answers` names the model that gives them."""
        told = self.model_dump(mode="json", exclude={"path", "schemas", "results", "model", "template"})
        written = {}
        if self.simulates:
            written = {"model": context.models[self.model or answers], **context.template_identity(self.prompt())}
        return {
            **told,
            **({"no_call": "is asked again"} if self.choice == "required" else {}),
            "tools": [tool.as_openai() for tool in self.declared(context.base)],
            "canned": list(self.canned(context.base)),
            "results": written,
        }

    def arguments(self, context: Context, answers: str) -> dict[str, Any]:
        """What `Toolbox` is made of, as JSON: files are read, and their paths gone."""
        return {
            "section": self.model_dump(mode="json", exclude={"path", "results"}, exclude_unset=True)
            | {"schemas": [tool.as_openai() for tool in self.declared(context.base)]}
            | {"unknown": "simulate" if self.simulates else None},
            "canned": list(self.canned(context.base)),
            "simulates": self.simulates,
            "model": self.model or answers,
            "values": context.values(),
        }


def _from_short(value: Any) -> Any:
    if isinstance(value, str):
        return {"path": value}
    return {"schemas": value} if isinstance(value, list) else value


AnyTools = Annotated[Tools, BeforeValidator(_from_short, json_schema_input_type=str | list[dict[str, Any]] | Tools)]
"""Tools as a recipe writes them: a file, the schemas, or the full mapping."""


def _loaded(path: Path) -> Any:
    """What a JSON or YAML file holds; ValueError, in words, where it is neither."""
    text = path.read_text("utf-8-sig")
    if path.suffix.lower() not in (".yaml", ".yml"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"it is no JSON: {error}") from None
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"it is no YAML: {' '.join(str(error).split())}") from None


def _told(path: str | None, error: Exception) -> str:
    """An error of a file, in a line."""
    said = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
    return f"{path}: {said}" if path else said
