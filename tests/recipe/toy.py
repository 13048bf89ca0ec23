"""A recipe of the same shape as the real one, small enough to see at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Price(Part):
    input: float = Field(ge=0, description="USD per million input tokens.")


class Model(Part):
    model: str = Field(min_length=1, description="Its name.")
    base_url: str | list[str] | None = Field(None, description="A server, or several.")
    temperature: float | None = Field(None, ge=0, le=2, description="Sampling temperature.")
    price: Price | None = Field(None, description="What tokens cost.")
    concurrency: int = Field(64, ge=1, description="Most requests at once.")


def _from_name(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


AnyModel = Annotated[Model, BeforeValidator(_from_name, json_schema_input_type=str | Model)]


class Inline(Part):
    prompts: list[str] = Field(min_length=1, description="The prompts.")
    topic: str | None = Field(None, description="Their topic.")


class Table(Part):
    path: str = Field(description="A file.")
    prompt: str | None = Field(None, description="Its column.")
    format: Literal["auto", "messages", "sharegpt"] = Field("auto", description="How rows are written.")


class Tokens(Part):
    """Counts tokens. More of it follows.

    And more.
    """

    column: str = Field("response", description="The column.")
    at_least: float | None = Field(None, description="Smallest value that is kept.")
    at_most: float | None = Field(None, description="Largest value that is kept.")

    @model_validator(mode="after")
    def _possible(self) -> Tokens:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"keeps nothing: at_least {self.at_least:g} is above at_most {self.at_most:g}")
        return self


class Refusal(Part):
    """Finds answers that refuse."""

    at_most: float = Field(0, ge=0, le=1, description="Largest value that is kept.")


FILTERS: dict[str, type[Part]] = {"tokens": Tokens, "refusal": Refusal}


def _name(value: Any) -> str | None:
    if isinstance(value, Part):
        return next(name for name, kind in FILTERS.items() if isinstance(value, kind))
    if isinstance(value, Mapping):
        return str(next(iter(value))) if len(value) == 1 else None
    return value if isinstance(value, str) else None


def _arguments(value: Any) -> Any:
    if isinstance(value, Mapping):
        (value,) = value.values()
        return {} if value is None else value
    return {} if isinstance(value, str) else value


AnyFilter = Annotated[
    Annotated[Tokens, BeforeValidator(_arguments), Tag("tokens")]
    | Annotated[Refusal, BeforeValidator(_arguments), Tag("refusal")],
    Discriminator(_name),
]


class Anchor(Part):
    instruction: str = Field(description="What the user says.")
    scores: dict[str, float] = Field(description="The right scores.")


class Judge(Part):
    rubric: dict[str, str] = Field({"relevance": "?"}, min_length=1, description="Criteria.")
    scale: tuple[int, int] = Field((1, 5), description="Lowest and highest score.")
    anchors: list[Anchor] = Field([], description="Scored examples.")

    @model_validator(mode="after")
    def _fit(self) -> Judge:
        for number, anchor in enumerate(self.anchors):
            for name in anchor.scores:
                if name not in self.rubric:
                    raise ValueError(f"anchors[{number}].scores.{name}: is no criterion")
        return self


class Generate(Part):
    system: str | None = Field(None, description="The system prompt.")
    temperature: float = Field(0.7, ge=0, le=2, description="Sampling temperature.")
    shuffle: bool = Field(False, description="In any order.")


class Toy(Part):
    """A dataset, as its author asks for it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Its name: small letters, digits and dashes.")
    size: int = Field(10, ge=1, description="Rows wanted.")
    language: list[str] = Field(["en"], min_length=1, description="Its languages.")
    models: dict[str, AnyModel] = Field({}, description="The models.")
    seeds: list[Inline | Table] = Field([], description="Where prompts come from.")
    generate: Generate | None = Field(None, description="How responses are written.")
    judge: Judge | None = Field(None, description="How rows are scored.")
    filters: list[AnyFilter] = Field([], description="Rules that rows must pass.")

    @model_validator(mode="after")
    def _something(self) -> Toy:
        if not self.seeds:
            raise ValueError("needs `seeds`")
        return self
