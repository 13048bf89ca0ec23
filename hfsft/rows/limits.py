"""The two usual bounds on a number, as a recipe writes them."""

from __future__ import annotations

from math import isfinite
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hfsft.plain import digits

THRESHOLDS = frozenset({"at_least", "at_most"})


class Limits(BaseModel):
    """The two usual bounds, both inclusive; at least one must be given."""

    example: ClassVar[str] = """\
    filters:
      - score: {mean: {at_least: 3.5}}
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, allow_inf_nan=False)

    at_least: float | None = Field(None, description="Smallest value that is kept.")
    at_most: float | None = Field(None, description="Largest value that is kept.")

    @model_validator(mode="after")
    def _possible(self) -> Limits:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"keeps nothing: at_least {digits(self.at_least)} is above at_most {digits(self.at_most)}")
        return self

    def broken(self, value: float) -> str:
        """The bound that a value is beyond, as `at_most 0.9`; empty where it lies within."""
        if self.at_most is not None and value > self.at_most:
            return f"at_most {digits(self.at_most)}"
        if self.at_least is not None and value < self.at_least:
            return f"at_least {digits(self.at_least)}"
        return ""


def number_in(value: Any) -> float | None:
    """The number that a column says, as a number or, where a source keeps it, as a text; None where it says none."""
    try:
        found = None if value is None else float(value)
    except ValueError:
        return None
    return found if found is not None and isfinite(found) else None
