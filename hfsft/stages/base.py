"""What every section of a recipe shares, and what stages know of the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from hfsft.errors import Place
    from hfsft.prompts import Prompt


class Section(BaseModel):
    """One section of a recipe: its fields are the YAML keys, their descriptions the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Asking(Section):
    """A section whose stage asks a model."""

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

    def values(self) -> dict[str, Any]:
        """The variables that any template may use beside the row's columns."""
        return {"name": self.name, "description": self.description, "language": list(self.language)}

    def template_identity(self, prompt: Prompt) -> dict[str, Any]:
        """What a rendered prompt depends on beside the row: its text, and the variables of the recipe it uses."""
        used = {name: value for name, value in self.values().items() if name in prompt.variables}
        return {"template": prompt.identity, "values": used}
