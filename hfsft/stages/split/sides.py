"""Sides: where each row stands, and stood in builds before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from hfsft.plan.step import Batch, digest
from hfsft.stages.split.draw import held_out
from hfsft.stages.split.families import keys_of

Side = Literal["train", "validation"]


class Stand(NamedTuple):
    """The side of a key, and the other one if it ever stood there."""

    side: Side
    was: Side | None = None


@dataclass(frozen=True)
class Sides:
    """The sides that builds gave so far, by the keys of rows; those of rows that are gone stay.

    `asked` is the recipe's `split` that they were given for.
    """

    asked: Mapping[str, Any] = field(default_factory=dict)
    stands: Mapping[str, Stand] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Side]:
        """The side of each key."""
        return {key: stand.side for key, stand in self.stands.items()}

    @cached_property
    def digest(self) -> str:
        """A hash of the side of each key."""
        return digest(sorted(self.known.items()))

    def after(self, asked: Mapping[str, Any], batch: Batch) -> Sides:
        """These sides and those of a build's rows."""
        stands = dict(self.stands)
        for keys, side in zip(keys_of(batch), batch["split"], strict=True):
            for key in keys:
                old = self.stands.get(key, Stand(side))
                stands[key] = Stand(side, old.was if old.side == side else old.side)
        return Sides(asked, stands)

    def moved(self, batch: Batch, side: Side) -> int:
        """How many rows of a build stand on this side that stood on the other before."""
        stands = ((self.stands.get(key) for key in keys) for keys in keys_of(batch))
        return sum(any(stand and stand.was and stand.side == side for stand in row) for row in stands)


NONE = Sides()


def give_sides(batch: Batch, share: float, known: Mapping[str, Side]) -> Batch:
    """The `split` of each row; a family of which a row was trained on before is trained on whole."""
    stood: dict[str, bool] = {}
    for family, keys in zip(batch["family"], keys_of(batch), strict=True):
        for key in keys:
            if side := known.get(key):
                stood[family] = stood.get(family, True) and side == "validation"
    held = held_out(batch["family"], batch["topic"], share, stood)
    return {"split": ["validation" if family in held else "train" for family in batch["family"]]}
