"""Split: train and validation by families, so that nothing leaks from one into the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Step
from hfsft.errors import Problem, nearest
from hfsft.rows.views import READS as VIEWED
from hfsft.similarity import SKETCH, VERSION
from hfsft.stages.base import CardPart, Context, Outcome, Panel, Stage
from hfsft.stages.split import telling
from hfsft.stages.split.row_families import KEYS, OPTIONAL, READS, SKETCHED
from hfsft.stages.split.sides import NONE, TOPIC


class Split(Stage):
    """Hold rows out for validation, by families that are never divided.

    A family is all rows grown from one seed, of one value in the column that a source calls `family`, or that rest on
    one document (were written from it, or found it first of all), joined with every family that asks nearly the same.
    Which families are held out follows from hashes of what rows ask, never from their order or their answers. The side
    that a row was given is remembered for the builds to come, in a file beside the recipe (`<name of the recipe's
    file>.sides.jsonl`) and in the build (`sides.jsonl`): whatever is added, no row ever moves from train to validation.
    Share and families give way to that: where a new row joins two families of which one is held out, both go to train,
    and where all that is new belongs to old families, the share is missed.
    Another `validation` or `similarity` draws all anew.
    """

    key: ClassVar[str] = "split"
    example: ClassVar[str] = """\
    split: {validation: 0.2}
    """

    validation: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of the rows to hold out, as nearly as whole families allow; of each topic about as many.",
    )
    stratify: str = Field(
        TOPIC,
        min_length=1,
        description="Column of whose values, in place of the topics, about as many are held out each: an attribute, a "
        "label, a column that is kept, `origin`.",
    )
    similarity: float = Field(
        0.6,
        ge=0.5,
        le=1,
        description="Rows belong to one family if what their users say, and what context they bring, are each at "
        "least so alike (0 to 1).",
    )

    @property
    def drawn_by(self) -> dict[str, Any]:
        """What decides on which side rows are drawn: where it changes, all are drawn anew."""
        told = self.model_dump(mode="json")
        return told if self.stratify != TOPIC else {name: told[name] for name in told if name != "stratify"}

    def problems(self, context: Context) -> Iterator[Problem]:
        """A column to stratify by that no row has."""
        allowed = (TOPIC, "origin", *dict.fromkeys(context.kept))
        if self.stratify not in allowed:
            said = f"split.stratify: no column is called `{self.stratify}` by then"
            yield Problem(context.place(self.key, "stratify"), said, nearest(self.stratify, allowed))

    @property
    def did(self) -> str:
        """That it divides rows, where some are held out."""
        return "split" if self.validation else ""

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether the share was met, which rows changed sides, and what so many train."""
        yield from telling.notes(outcome, self.validation, self.stratify)

    def card(self, outcome: Outcome) -> CardPart | None:
        """Duplicates that fell, families and their sides; None where no row is left."""
        return telling.card(outcome, self.similarity)

    def panel(self, outcome: Outcome) -> Panel:
        """Families by side and by size."""
        return telling.panel(outcome)

    def steps(self, context: Context) -> list[Step]:
        """Two steps that look at each row alone, whose columns live to the next; two that write `family` and `split`,
        the second with regard to the sides that builds before gave.
        """
        place, former = context.place(self.key), context.former.get(self.key, NONE)
        known = former.known if former.asked == self.drawn_by else {}
        similarity = {"similarity": self.similarity}
        by = {"stratify": self.stratify} if self.stratify != TOPIC else {}
        return [
            Step(
                name="split.keys",
                reads=READS,
                optional=OPTIONAL,
                writes={KEYS: ["string"]},
                work=Work("hfsft.stages.split.row_families:keying"),
                place=place,
            ),
            Step(
                name="split.sketch",
                kind="likeness",
                reads=VIEWED,
                optional=SKETCHED,
                writes=SKETCH,
                identity={"columns": list(VIEWED), "at_least": self.similarity},
                version=VERSION,
                work=Work("hfsft.stages.split.row_families:Sketching", similarity),
                place=place,
            ),
            Step(
                name="split.family",
                sees="all",
                reads=(KEYS, *SKETCH, *READS),
                optional=OPTIONAL,
                writes={"family": "string"},
                role="lineage",
                drops=tuple(SKETCH),
                identity=similarity,
                version=3,
                work=Work("hfsft.stages.split.row_families:Naming", similarity),
                place=place,
            ),
            Step(
                name="split",
                sees="all",
                reads=tuple(dict.fromkeys((KEYS, *READS, self.stratify, "family"))),
                optional=OPTIONAL,
                writes={"split": "string"},
                role="lineage",
                drops=(KEYS,),
                identity={"validation": self.validation, **by},
                version=2,
                work=Work("hfsft.stages.split.sides:giving", {"share": self.validation, **by}),
                needs=(Resource.of("sides", Work("hfsft.stages.split.sides:Known", {"known": known}), pinned=False),),
                place=place,
            ),
        ]
