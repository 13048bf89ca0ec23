"""The side of the split, train or validation, of each row in this build and in the builds before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from hfsft.engine.resources import Resource
from hfsft.hashing import digest
from hfsft.rows.batch import Batch
from hfsft.stages.split.draw import held_out
from hfsft.stages.split.row_families import KEYS, keys_of

Side = Literal["train", "validation"]


class Stand(NamedTuple):
    """The side of a key, and the other one if it ever stood there."""

    side: Side
    was: Side | None = None


@dataclass(frozen=True)
class Sides:
    """The sides that builds gave so far, by the keys of rows; those of rows that are gone stay.

    `asked` is the recipe's `split` that they were given for, `moved` how many rows of the last build came to each side
    from the other, in it or in any build before.
    """

    asked: Mapping[str, Any] = field(default_factory=dict)
    stands: Mapping[str, Stand] = field(default_factory=dict)
    moved: Mapping[Side, int] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Side]:
        """The side of each key."""
        return {key: stand.side for key, stand in self.stands.items()}

    def after(self, asked: Mapping[str, Any], batch: Batch) -> Sides:
        """These sides and those of a build's rows."""
        stands, moved = dict(self.stands), Counter[Side]()
        for keys, side in zip(keys_of(batch), batch["split"], strict=True):
            for key in keys:
                old = self.stands.get(key, Stand(side))
                stands[key] = Stand(side, old.was if old.side == side else old.side)
            moved[side] += any(stands[key].was for key in keys)
        return Sides(asked, stands, moved)


NONE = Sides()
TOPIC = "topic"  # the column by which sides are stratified, unless a recipe names another


class Known:
    """The sides that builds before gave to keys, as a resource of the step that gives them now."""

    def __init__(self, known: Mapping[str, Side]) -> None:
        self.known = known

    def identity(self) -> str:
        """A hash of the side of each key; empty where none is known."""
        return digest(sorted(self.known.items())) if self.known else ""

    def load(self) -> Mapping[str, Side]:
        """The side of each key."""
        return self.known


def strata(values: Iterable[Any]) -> list[str | None]:
    """The values of a column as texts."""
    return [None if value is None else str(value) for value in values]


def giving(known: Resource, share: float, stratify: str = TOPIC) -> Callable[[Batch], Batch]:
    """What gives all rows their sides, of each value in the column `stratify` about as many each."""
    return lambda batch: give_sides(batch, share, known.load(), stratify)


def give_sides(batch: Batch, share: float, known: Mapping[str, Side], stratify: str = TOPIC) -> Batch:
    """The `split` of each row; a family of which a row was trained on before is trained on whole."""
    stood: dict[str, bool] = {}
    known_by = batch[KEYS] if KEYS in batch else keys_of(batch)
    for family, keys in zip(batch["family"], known_by, strict=True):
        for key in keys:
            if side := known.get(key):
                stood[family] = stood.get(family, True) and side == "validation"
    held = held_out(batch["family"], strata(batch[stratify]), share, stood)
    return {"split": ["validation" if family in held else "train" for family in batch["family"]]}
