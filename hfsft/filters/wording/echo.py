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

    Compared are the normal forms that de-duplication uses, in runs of five words. It counts only where nine tenths of
    the instruction come back, its first words among them, so that "The capital of France is Paris" restates no
    question; instructions of three words and less count where they are questions. It is 1 also where an answer that
    goes on has all of the instruction as its first line, and where it is all of the context of a question. Code counts
    nothing, which completions begin with, nor do texts that were given to be translated, corrected or said again.

    Of 100 planted in clean rows of English, Chinese, Vietnamese and code (the instruction, or a context that answers
    nothing) 98 fall at 0.5; of 100 instructions with the answer below them 93. Taken of clean rows: none of
    999 of alpaca in English, 1,000 in Chinese, 2,017 of code, 2,380 Vietnamese, 527 of medicine, 687 of OpenAssistant;
    2 of 1,000 of dolly, which copy their whole context, 1 of 1,000 sums and 2 of 400 of MT-bench, which go through the
    premises. The measure is the n-gram overlap of Brown et al. 2020 (arXiv 2005.14165, appendix C).
    """

    name: ClassVar[str] = "echo"
    values: ClassVar[str] = "0 to 1"
    blind: ClassVar[str] = (
        "The instruction in other words, or on the same line as the answer, and what an editor gives back unchanged."
    )
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
