"""Split: train and validation by families, so that nothing leaks from one into the other."""

from __future__ import annotations

from collections import defaultdict

from pydantic import Field

from hfsft.plan.step import Batch, Step, unit
from hfsft.similarity import near_pairs
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
        seeds: list[str] = batch["seed_id"]
        parent = {seed: seed for seed in seeds}

        def root(seed: str) -> str:
            while parent[seed] != seed:
                parent[seed] = parent[parent[seed]]
                seed = parent[seed]
            return seed

        for first, second, _ in near_pairs(texts, self.similarity):
            a, b = sorted((root(seeds[first]), root(seeds[second])))
            parent[b] = a
        members: dict[str, set[str]] = defaultdict(set)
        for seed in seeds:
            members[root(seed)].add(seed)
        # The smallest seed names the family, whichever order rows came in.
        name = {top: min(found) for top, found in members.items()}
        draw = {top: max(unit(seed, "split") for seed in found) for top, found in members.items()}
        tops = [root(seed) for seed in seeds]
        return {
            "family": [name[top] for top in tops],
            "split": ["validation" if draw[top] < self.validation else "train" for top in tops],
        }
