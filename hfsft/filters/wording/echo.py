"""echo: an answer that says the instruction again."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hfsft.filters.base import Bounded
from hfsft.filters.cells import cells
from hfsft.filters.text_column import Share
from hfsft.filters.wording.of_answers import Answers, exchanges
from hfsft.rows.batch import Batch, rows_of
from hfsft.texts.wording.restated import echo


class Echo(Answers, Bounded):
    """Share of an answer, 0 to 1, that is its instruction again; of several answers the greatest.

    Figures.
    """

    name: ClassVar[str] = "echo"
    example: ClassVar[str] = """\
    filters:
      - echo: {at_most: 0.5}
    """

    at_least: Share | None = Field(None, description="Smallest share that is kept.")
    at_most: Share | None = Field(0.5, description="Largest share that is kept.")

    @property
    def writes(self) -> dict[str, Any]:
        """The share."""
        return {self.measured: "float64"}

    def measure(self, batch: Batch) -> Batch:
        """The greatest share in each row, None where nothing is answered."""
        found = []
        for cell, row in zip(cells(batch, self.column, spoken=True), rows_of(batch), strict=True):
            answers = [] if cell is None else exchanges(cell, row, self.column)
            found.append(max((echo(text, *reply.last()) for text, reply in answers), default=None))
        return {self.measured: found}
