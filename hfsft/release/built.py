"""Built: everything that one build came to, for those who write it down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hfsft.release import measures

if TYPE_CHECKING:
    from datasets import Dataset

    from hfsft.models.usage import Usage
    from hfsft.plan.ledger import Ledger
    from hfsft.plan.plan import Plan
    from hfsft.recipe.recipe import Recipe
    from hfsft.release.lengths import Lengths
    from hfsft.release.trainer import TrainerCheck


SPLITS = ("train", "validation")


@dataclass(frozen=True)
class Built:
    """A finished build; `rows` holds every column of every row that was kept, `split` among them."""

    recipe: Recipe
    plan: Plan
    rows: Dataset
    ledger: Ledger
    usage: Usage
    seconds: float

    def split(self, name: str) -> Dataset:
        """The kept rows of one split, in the order of their ids."""
        wanted = [index for index, split in enumerate(self.rows["split"][:]) if split == name]
        return self.rows.select(wanted)

    @property
    def usd_per_row(self) -> float | None:
        """What this build paid for each row that it kept; None where the cost is unknown."""
        return None if self.usage.usd is None else round(self.usage.usd / len(self.rows), 6)

    @cached_property
    def trainer(self) -> TrainerCheck:
        """What training on the rows will be like. Raises `ReleaseError` where they cannot be written as asked."""
        from hfsft.release.trainer import check

        return check(self.rows, self.recipe.publish)

    def summary(self) -> dict[str, Any]:
        """Counts, funnel, usage, and what was found of the rows, as JSON."""
        return {
            "name": self.recipe.name,
            "rows_in": self.ledger.rows_in,
            "fates": self.ledger.counts(),
            "funnel": [line.as_dict() for line in self.ledger.funnel],
            "usage": self.usage.as_dict(),
            "usd_per_row": self.usd_per_row,
            "trainer": self.trainer.as_dict(),
            "lengths": self.lengths.as_dict(),
            "bounds": measures.bounds(self.plan),
            "notes": self.notes,
            "seconds": round(self.seconds, 2),
        }

    @cached_property
    def lengths(self) -> Lengths:
        """How long the kept rows are for a trainer."""
        from hfsft.release.lengths import lengths

        return lengths(self)

    @cached_property
    def notes(self) -> list[str]:
        """What to know of the dataset before training on it, one line each."""
        from hfsft.release.notes import notes

        return notes(self)
