"""Anchors: answers with their right scores, which show a judge what a score means."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hfsft.stages.base import Section


class Anchor(Section):
    """A scored example that shows the judge what a score means."""

    example: ClassVar[str] = """\
    judge:
      rubric: {usefulness: Would it help a real person act?}
      anchors:
        - instruction: How long does a refund take?
          response: It depends.
          scores: {usefulness: 1}
          why: Nobody can act on it.
        - instruction: How long does a refund take?
          response: Five working days; after seven, ask your bank.
          scores: {usefulness: 5}
    """

    instruction: str = Field(min_length=1, description="What the user says.")
    response: str = Field(min_length=1, description="What the assistant answers.")
    context: str | None = Field(None, description="Text that belongs to the instruction.")
    scores: dict[str, float] = Field(min_length=1, description="The right score for each criterion.")
    why: str = Field("", description="The reason for these scores.")
