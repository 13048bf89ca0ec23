"""What a label may be: the choices as a recipe writes them, and as an answer gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, field_validator

from hfsft.marks import PROSE
from hfsft.models.model import Answer
from hfsft.models.probabilities import distribution
from hfsft.models.structured import parse
from hfsft.stages.base import Section

CONVERSATION = "conversation"


class Choices(Section):
    """One label: what is looked at, and what may be chosen."""

    example: ClassVar[str] = """\
    label:
      difficulty:
        column: instruction
        about: How much must somebody know to answer it well?
        choices:
          easy: anybody can
          medium: takes some practice
          hard: takes an expert
    """

    choices: Annotated[list[str] | dict[str, str], PROSE] = Field(
        min_length=2, description="What may be chosen: a list, or a mapping that says of each what it means."
    )
    column: str = Field(
        CONVERSATION,
        min_length=1,
        description="What is looked at: `conversation` is all that a trainer sees, `instruction` that with its "
        "context, `response` the last answer, or any other column of texts. Labels of one column share a call.",
    )
    about: Annotated[str, PROSE] = Field("", description="What the label says, in words for the model and the card.")

    @field_validator("choices")
    @classmethod
    def _told_apart(cls, choices: list[str] | dict[str, str]) -> list[str] | dict[str, str]:
        seen: dict[str, str] = {}
        for choice in choices:
            plain = "_".join(choice.casefold().replace("-", " ").replace("_", " ").split())
            if not plain:
                raise ValueError("a choice must be a word")
            if plain in seen:
                raise ValueError(
                    f"`{seen[plain]}` and `{choice}` are one choice: upper case and signs are not told apart"
                )
            seen[plain] = choice
        return choices

    @property
    def meanings(self) -> dict[str, str]:
        """The choices, each with what it means."""
        return self.choices if isinstance(self.choices, dict) else dict.fromkeys(self.choices, "")


def _from_list(value: Any) -> Any:
    return {"choices": value} if isinstance(value, list | tuple) else value


AnyChoices = Annotated[
    Choices,
    BeforeValidator(_from_list, json_schema_input_type=Choices | list[str]),
    Field(description="A label by its name: what may be chosen, as a list, or more of it."),
]
"""A label as a recipe writes it: what may be chosen, or the full mapping."""


def answer_schema(labels: Mapping[str, Choices], required: bool = True) -> dict[str, Any]:
    """JSON Schema of an answer: for each label one of its choices."""
    return {
        "type": "object",
        "properties": {name: {"type": "string", "enum": list(label.meanings)} for name, label in labels.items()},
        "required": list(labels) if required else [],
        "additionalProperties": False,
    }


def partly(answers: Sequence[Answer], labels: Mapping[str, Choices]) -> dict[str, str]:
    """Of answers that lack a label, or say one that is none, those labels that they do give."""
    found: dict[str, str] = {}
    for name, label in labels.items():
        schema = answer_schema({name: label}, required=False)
        for text in (
            text for answer in reversed(answers) for text in _texts(answer.text, name, alone=len(labels) == 1)
        ):
            with suppress(ValueError):
                if name in (said := parse(text, schema)):
                    found[name] = said[name]
                    break
    return found


def _texts(text: str, name: str, *, alone: bool) -> Iterator[str]:
    """An answer, each of its lines such as `Quality: **good**` as JSON, and of a label by itself the bare choice."""
    yield text
    for line in text.splitlines():
        head, colon, tail = line.partition(":")
        if colon:
            yield json.dumps({head.strip(" \t*_`#-"): tail})
    if alone:
        yield json.dumps({name: text})


def probability(answers: Sequence[Answer], name: str, label: Choices, chosen: str | None) -> float | None:
    """How probable the choice was by the answer that gave it; None where the server does not say."""
    if chosen is None or not answers or not answers[-1].logprobs:
        return None
    found = distribution(answers[-1].logprobs, list(label.meanings), after=(f'"{name}"',))
    return None if found is None else found.shares.get(chosen)
