"""exact_duplicate: the same text again."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from pydantic import Field

from hfsft.filters.duplicates import Duplicates
from hfsft.plan.step import Batch, Bound
from hfsft.similarity import normalise


class ExactDuplicate(Duplicates):
    """Number of preferred rows that say the same: 0 for the row that stays.

    Texts are the same when they differ only in case, white space, character width (Unicode NFKC), quotation marks,
    invisible characters or the marks that end a sentence. Signs with a meaning count: `6*7` is not `6/7`. Of rows
    alike, people's own stay before generated ones, then the one with the smallest id, whatever the order of the rows.
    Several answers to one question count as copies; compare `[instruction, response]` to keep them. Rows with nothing
    to compare are kept.
    """

    name: ClassVar[str] = "exact_duplicate"

    at_most: int = Field(0, ge=0, description="Copies of one text that may stay beside the preferred row.")

    @property
    def writes(self) -> dict[str, Any]:
        """The number of preferred copies, and the id of the first."""
        return {self.measured: "int64", f"{self.measured}_of": "string"}

    def measure(self, batch: Batch) -> Batch:
        """How many rows with the same text are preferred to each."""
        parts = self.parts(batch)
        counts: list[int | None] = [None] * len(parts)
        originals: list[str | None] = [None] * len(parts)
        seen: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place in self.order(batch, parts):
            alike = seen[tuple(map(normalise, parts[place] or ()))]
            counts[place] = len(alike)
            if alike:
                originals[place] = self.named(batch, alike[0])
            alike.append(place)
        return {self.measured: counts, f"{self.measured}_of": originals}

    def bounds(self) -> list[Bound]:
        """At most so many preferred copies."""
        return [Bound(self.name, self.measured, at_most=self.at_most, missing="keep")]
