"""What attributes there are: the values of each, how often each is wanted, and which attribute depends on which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

Combination = tuple[str, ...]
"""A value of each attribute, in the order of the recipe."""


@dataclass(frozen=True)
class Values:
    """One attribute: its values with their weights, for each value of the attribute it depends on, or for "" alone."""

    name: str
    given: str | None
    weights: Mapping[str, Mapping[str, float]]

    @cached_property
    def shares(self) -> dict[str, dict[str, Fraction]]:
        """What part of the rows each value is to have, exactly: a weight counts as it is written, 0.1 as a tenth."""
        found = {}
        for given, weights in self.weights.items():
            exact = {value: Fraction(str(weight)) for value, weight in weights.items()}
            total = sum(exact.values())
            found[given] = {value: weight / total for value, weight in exact.items()}
        return found


@dataclass(frozen=True)
class AttributeShares:
    """All attributes of a recipe, in its order."""

    attributes: tuple[Values, ...]

    @classmethod
    def of(cls, told: Sequence[Mapping[str, Any]]) -> AttributeShares:
        """The distribution of which `as_json` told."""
        return cls(tuple(Values(each["name"], each["given"], each["weights"]) for each in told))

    def as_json(self) -> list[dict[str, Any]]:
        """It as JSON."""
        return [
            {
                "name": each.name,
                "given": each.given,
                "weights": {key: dict(found) for key, found in each.weights.items()},
            }
            for each in self.attributes
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes in the order of the recipe."""
        return tuple(each.name for each in self.attributes)

    @cached_property
    def drawn(self) -> tuple[Values, ...]:
        """The attributes in the order in which they are drawn: each behind the one that it depends on."""
        found: list[Values] = []
        waiting = list(self.attributes)
        while waiting:
            known = {each.name for each in found}
            ready = [each for each in waiting if each.given is None or each.given in known]
            found.append(ready[0])
            waiting.remove(ready[0])
        return tuple(found)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """For each attribute of the recipe its place among those that are drawn."""
        places = {each.name: place for place, each in enumerate(self.drawn)}
        return tuple(places[name] for name in self.names)

    def shares_behind(self, drawn: Sequence[str]) -> dict[str, Fraction]:
        """The shares of the next attribute's values, behind these values of the ones drawn before it."""
        attribute = self.drawn[len(drawn)]
        if attribute.given is None:
            return attribute.shares[""]
        place = next(place for place, each in enumerate(self.drawn) if each.name == attribute.given)
        return attribute.shares[drawn[place]]

    @cached_property
    def count(self) -> int:
        """How many combinations there are."""
        children: dict[str | None, list[Values]] = {}
        for each in self.attributes:
            children.setdefault(each.given, []).append(each)

        def below(name: str | None, value: str) -> int:
            found = 1
            for each in children.get(name, ()):
                found *= sum(below(each.name, inner) for inner in each.weights[value])
            return found

        return below(None, "")

    def combinations(self) -> dict[Combination, Fraction]:
        """Every combination with its share of the rows, in the order of the recipe's attributes."""
        found: dict[Combination, Fraction] = {(): Fraction(1)}
        for _ in self.drawn:
            found = {
                (*behind, value): share * inner
                for behind, share in found.items()
                for value, inner in self.shares_behind(behind).items()
            }
        return {tuple(drawn[place] for place in self.order): share for drawn, share in found.items()}


def whole(shares: Sequence[Fraction]) -> list[int]:
    """Whole numbers that stand to each other as the shares do."""
    common = lcm(*(share.denominator for share in shares))
    return [int(share * common) for share in shares]
