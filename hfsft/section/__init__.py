"""What each part of a recipe is made of."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One section of a recipe: its fields are the YAML keys, their descriptions the documentation."""

    # Built when it is first needed: a command imports every section and filter, and uses a few.
    model_config = ConfigDict(
        extra="forbid", frozen=True, defer_build=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    example: ClassVar[str] = ""  # YAML of a recipe's part that has it, for who asks what it is
