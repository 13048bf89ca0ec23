"""What a source that models write must know of the recipe around it to say which rows there are to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfsft.engine.resources import Resource, Work
from hfsft.stages.attributes.shares import AttributeShares


@dataclass(frozen=True)
class Surroundings:
    """The name of the source, where its files are, the attributes, and the documents of the recipe, if it has any."""

    name: str
    base: Path
    stem: str = ""  # of the recipe's file
    attributes: AttributeShares | None = None
    corpus: Resource | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any], base: Path) -> Surroundings:
        """What `as_dict` told."""
        corpus = told["corpus"] and Resource(
            told["corpus"]["kind"], Work(**told["corpus"]["work"]), told["corpus"]["identity"]
        )
        attributes = None if told["attributes"] is None else AttributeShares.of(told["attributes"])
        return cls(told["name"], base, told["stem"], attributes, corpus)

    def as_dict(self) -> dict[str, Any]:
        """It as JSON, without the folder."""
        corpus = self.corpus and {
            "kind": self.corpus.kind,
            "work": self.corpus.work.as_dict(),
            "identity": self.corpus.identity,
        }
        attributes = self.attributes and self.attributes.as_json()
        return {"name": self.name, "stem": self.stem, "attributes": attributes, "corpus": corpus}

    def depends_on(self) -> dict[str, Any]:
        """What rows depend on of it, as JSON."""
        attributes = self.attributes and self.attributes.as_json()
        return {"name": self.name, "attributes": attributes, "corpus": self.corpus and self.corpus.identity}
