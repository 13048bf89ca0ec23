"""Anchors: conversations with their right scores, which show a judge what a score means."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from hfsft.marks import PROSE
from hfsft.rows.batch import Row
from hfsft.rows.row import new_row
from hfsft.stages.examples import ExampleRow

ORIGIN = "anchor"


class Anchor(ExampleRow):
    """A scored example that shows the judge what a score means: a question and an answer, or a conversation."""

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

    scores: dict[str, float] = Field(
        min_length=1,
        description="The right score for each criterion, on the scale; of a checklist the share of yes, from 0 to 1.",
    )
    why: Annotated[str, PROSE] = Field("", description="The reason for these scores.")

    def row(self) -> Row:
        """The anchor as a row that can be graded, with an id by what it says."""
        return new_row(ORIGIN, self.read(ORIGIN).texts)
