"""What every section of a recipe shares, and what stages know of the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hfsft.errors import AnswerError, PromptError

if TYPE_CHECKING:
    from hfsft.errors import Place
    from hfsft.prompts import Prompt


class Section(BaseModel):
    """One section of a recipe: its fields are the YAML keys, their descriptions the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Asking(Section):
    """A section whose stage asks a model."""

    seeded: ClassVar[bool] = True  # whether its requests carry a seed for the sampling
    structured: ClassVar[bool] = False  # whether their answers must be JSON

    on_error: Literal["reject", "fail"] = Field(
        "reject", description="A row without a usable answer: `reject` sets it aside as failed, `fail` stops the build."
    )
    failed_at_most: float = Field(
        0.05, ge=0, le=1, description="Share of failed rows (after 20) above which the build stops all the same."
    )

    @property
    def max_failed_share(self) -> float:
        """The share of failed rows that the stage bears."""
        return 0.0 if self.on_error == "fail" else self.failed_at_most


@dataclass(frozen=True)
class Context:
    """What a stage may know of the recipe around it."""

    name: str
    description: str
    language: tuple[str, ...]
    models: Mapping[str, Mapping[str, Any]]  # name under `models:` -> the model's identity
    base: Path  # what relative paths are relative to
    place: Callable[..., Place]  # where a section or one of its keys stands in the recipe
    kept: tuple[str, ...] = ()  # columns of the sources that stay with their rows

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
