"""Split: train and validation by families, so that nothing leaks from one into the other."""

from __future__ import annotations

from collections import defaultdict

from pydantic import Field

from hfsft.plan.step import Batch, Step, unit
from hfsft.similarity import families, near_pairs
from hfsft.stages.base import Context, Section


class Split(Section):
    """Hold rows out for validation.

    A family is all rows grown from one seed, joined with every family that has a near-duplicate of one of its rows;
    a family is never divided. Each seed draws a number by a hash of its id; a family takes the largest of its seeds'
    numbers, so what new seeds join to an old family can never move it from train to validation.
    """

    validation: float = Field(0.1, ge=0, lt=1, description="Share of the families that validation gets.")
    similarity: float = Field(
        0.6,
        ge=0.5,
        le=1,
        description="Rows whose instructions are at least this similar (0 to 1) belong to one family.",
    )

    def steps(self, context: Context) -> list[Step]:
        """One step that writes `family` and `split`."""
        return [
            Step(
                name="split",
                kind="whole",
                reads=("seed_id", "instruction", "context"),
                writes={"family": "string", "split": "string"},
                identity=self.model_dump(mode="json"),
                fn=self._split,
                place=context.place("split"),
            )
        ]

    def _split(self, batch: Batch) -> Batch:
        texts = [
            f"{instruction}\n{context}" if context else instruction
            for instruction, context in zip(batch["instruction"], batch["context"], strict=True)
        ]
        # In their sorted order, so that the smallest seed names the family, whichever order rows came in.
        seeds = sorted(set(batch["seed_id"]))
        number = {seed: index for index, seed in enumerate(seeds)}
        of_row = [number[seed] for seed in batch["seed_id"]]
        pairs = ((of_row[first], of_row[second]) for first, second, _ in near_pairs(texts, self.similarity))
        family = families(len(seeds), pairs)
        draw: dict[int, float] = defaultdict(float)
        for seed, top in zip(seeds, family, strict=True):
            draw[top] = max(draw[top], unit(seed, "split"))
        tops = [family[index] for index in of_row]
        return {
            "family": [seeds[top] for top in tops],
            "split": ["validation" if draw[top] < self.validation else "train" for top in tops],
        }
