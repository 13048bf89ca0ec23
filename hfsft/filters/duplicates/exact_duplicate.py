"""exact_duplicate: the same text again."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from pydantic import Field

from hfsft.engine.step import Bound
from hfsft.filters.duplicates.common import Duplicates
from hfsft.rows.batch import Batch
from hfsft.similarity import LexicalIndex


class ExactDuplicate(Duplicates):
    """Number of preferred rows that say the same: 0 for the row that stays.

    Rows are the same when the model is given the same: system prompt, context, and all that the user says. Texts are
    the same when they differ only in what people type differently: case, character width (Unicode NFKC), quotation
    marks, invisible characters, marks that end a sentence, kinds of hyphens and dashes, white space (beside Han,
    kana, Thai, Lao, Khmer and Burmese letters any, elsewhere how much), the place of a Vietnamese tone mark, the
    order of Thai marks, vowel points of Arabic and Hebrew, digits of another script. Signs with a meaning count: `6*7`
    is not `6/7`, `10!` not `10`. Of rows alike, people's own stay before generated ones, then the one with the smallest
    id, whatever the order of the rows; those that fall name the row that stays. Several answers to one question count
    as copies; compare `[instruction, response]` to keep them. Rows with nothing to compare are kept.
    """

    name: ClassVar[str] = "exact_duplicate"
    version: ClassVar[int] = 3
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "The same said in other words, even with one word more: near_duplicate measures that."
    example: ClassVar[str] = """\
    filters:
      - exact_duplicate: {column: [instruction, response]}
    """

    at_most: int = Field(0, ge=0, description="Copies of one text that may stay beside the preferred row.")

    @property
    def writes(self) -> dict[str, Any]:
        """The number of preferred copies, and the id of the first."""
        return {self.measured: "int64", self.original: "string"}

    def measure(self, batch: Batch) -> Batch:
        """How many rows with the same text are preferred to each."""
        compared = self.compared(batch)
        counts: list[int | None] = [None] * len(compared)
        originals: list[str | None] = [None] * len(compared)
        order = self.order(batch, compared)
        rows = [row for place in order if (row := compared[place])]
        index = LexicalIndex[int]()
        index.add(order, [row.parts for row in rows], [row.system for row in rows])
        copies, preferred = index.copies(), Counter[int]()
        for place in order:
            first = copies.get(place, place)
            counts[place] = preferred[first]
            if preferred[first]:
                originals[place] = self.named(batch, first)
            preferred[first] += 1
        return {self.measured: counts, self.original: originals}

    def bounds(self) -> list[Bound]:
        """At most so many preferred copies."""
        return [Bound(self.name, self.measured, at_most=self.at_most, missing="keep")]
