"""near_duplicate: nearly the same text again."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from hfsft.filters.duplicates import Duplicates
from hfsft.plan.step import Batch, Bound
from hfsft.similarity import near_pairs


class NearDuplicate(Duplicates):
    """Highest similarity, 0 to 1, to any preferred row; 0 where none reaches `floor`.

    Similarity is the share of runs of four characters that two texts have in common (Jaccard index, after the same
    normalisation as `exact_duplicate`): it needs no spaces between words, so it works in every script. Candidates
    come from MinHash, every one is then counted exactly. Of rows alike, people's own stay before generated ones, then
    the one with the smallest id, whatever the order of the rows.

    A row is compared with every preferred row, also with those that fall themselves: a lower `at_most` can only
    reject more. Letters are compared, not meaning. A paraphrase in other words stays: at 0.8, 15 of 100 sentence
    pairs that people rate as saying the same are found in SICK, 4 of 100 in MRPC. A swap or a small word may fall
    though it changes the meaning: 3 of 100 pairs of different meaning in SICK, 34 of 100 in PAWS, which is made of
    such swaps. In long prompts filled from one template the template weighs most: compare the part that varies, or
    raise `at_most`.
    """

    name: ClassVar[str] = "near_duplicate"

    at_most: float = Field(0.8, ge=0, le=1, description="Largest similarity to a preferred row that is kept.")
    floor: float = Field(
        0.6,
        ge=0.3,
        le=1,
        description="Similarity below which nothing is measured; lower is slower, and measures again.",
    )

    @model_validator(mode="after")
    def _measured(self) -> NearDuplicate:
        if self.at_most < self.floor:
            raise ValueError(
                f"at_most {self.at_most:g} is under floor {self.floor:g}, and nothing is measured there: lower both"
            )
        return self

    @property
    def writes(self) -> dict[str, Any]:
        """The highest similarity, and the id of the row that has it."""
        return {self.measured: "float64", f"{self.measured}_of": "string"}

    def measure(self, batch: Batch) -> Batch:
        """The similarity of each row to the preferred row most like it."""
        parts = self.parts(batch)
        order = self.order(batch, parts)
        highest: list[float | None] = [None] * len(parts)
        originals: list[str | None] = [None] * len(parts)
        for place in order:
            highest[place] = 0.0
        for preferred, other, similarity in near_pairs(["\n".join(parts[place] or ()) for place in order], self.floor):
            place = order[other]
            if similarity > (highest[place] or 0.0):
                highest[place] = similarity
                originals[place] = self.named(batch, order[preferred])
        return {self.measured: highest, f"{self.measured}_of": originals}

    def bounds(self) -> list[Bound]:
        """At most so similar to a preferred row."""
        return [Bound(self.name, self.measured, at_most=self.at_most, missing="keep")]
