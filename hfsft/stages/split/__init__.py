"""Split: train, validation and test by families, so that nothing leaks from one into another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from hfsft.engine.resources import Resource, Work
from hfsft.engine.step import Bound, Step, compare
from hfsft.errors import Problem, nearest
from hfsft.rows.columns import OF, SIDES, Side
from hfsft.rows.views import READS as VIEWED
from hfsft.section.late_module import LateModule
from hfsft.similarity import SKETCH, VERSION
from hfsft.stages.base import CardPart, Context, Outcome, Panel, Stage
from hfsft.stages.selecting.twin import CHOSEN
from hfsft.stages.split import leak as leaks
from hfsft.stages.split.apart import JOINS
from hfsft.stages.split.leak import Leak
from hfsft.stages.split.row_families import KEYING, KEYS, OPTIONAL, READS, SKETCHED
from hfsft.stages.split.sides import NONE, TOPIC, column_of

if TYPE_CHECKING:
    from hfsft.stages.split import telling
else:
    telling = LateModule("hfsft.stages.split.telling")


class Split(Stage):
    """Hold rows out for validation and for a test, by families that are never divided.

    A family is all rows grown from one seed, of one value in the column that a source calls `family`, or that rest on
    one document (were written from it, or found it first of all), joined with every family that asks nearly the same.
    Which families are held out follows from hashes of what rows ask, never from their order or their answers. The side
    that a row was given is remembered for the builds to come, in a file beside the recipe (`<name of the recipe's
    file>.sides.jsonl`) and in the build (`sides.jsonl`): whatever is added, no row that is there ever moves. What is
    new gives way to that: a row that would join families on different sides falls, by the rule `joins_sides`, and where
    all that is new belongs to old families, the share is missed. Where `test` is asked for beside `validation`, or is
    given a part of it, nothing comes out of train or into it: what was held out is divided between both. Any other
    change of `validation`, `similarity` or `stratify` draws all anew.
    """

    key: ClassVar[str] = "split"
    reports: ClassVar[tuple[str, ...]] = ("hfsft.stages.split.telling",)
    example: ClassVar[str] = """\
    split: {validation: 0.1, test: 0.05}
    """

    validation: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of the rows to hold out, as nearly as whole families allow; of each topic about as many.",
    )
    test: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the rows to hold out beside these, for a test of what was chosen on validation.",
    )
    stratify: str = Field(
        TOPIC,
        min_length=1,
        description="Column of whose values, in place of the topics, about as many are held out each: an attribute, a "
        "label, a column that is kept, `origin`.",
    )
    by: str | None = Field(
        None,
        min_length=1,
        description="Column of whose values all rows stand on one side: `source`, `document`, or one that is kept.",
    )
    similarity: float = Field(
        0.6,
        ge=0.5,
        le=1,
        description="Rows belong to one family if what their users say, and what context they bring, are each at "
        "least so alike (0 to 1).",
    )
    leak: Leak | None = Field(
        None,
        description="Bound on what held-out rows and rows trained on have in common by exact runs of words; left out: "
        "measured and told.",
    )

    @model_validator(mode="after")
    def _leaves_some(self) -> Split:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together must be below 1, or no row is left to train on")
        return self

    @property
    def drawn_by(self) -> dict[str, Any]:
        """What decides on which side rows are drawn, without what few recipes ask, see `Sides.regarded`."""
        told = self.model_dump(mode="json", include={"validation", "test", "stratify", "by", "similarity"})
        usual = {"stratify": TOPIC, "test": 0, "by": None}
        return {name: value for name, value in told.items() if name not in usual or value != usual[name]}

    @property
    def sides(self) -> tuple[Side, ...]:
        """The splits that there may be; rows for a test only where some are asked for."""
        return tuple(side for side in SIDES if side != "test" or self.test)

    @property
    def holds_out(self) -> bool:
        """Whether any rows are to be held out."""
        return bool(self.validation or self.test)

    def problems(self, context: Context) -> Iterator[Problem]:
        """A column to stratify by that no row has."""
        allowed = (TOPIC, "origin", *dict.fromkeys(context.kept))
        for key, name, others in (("stratify", self.stratify, ()), ("by", self.by, ("source", "document"))):
            if name and name not in (*allowed, *others):
                said = f"split.{key}: no column is called `{name}` by then"
                yield Problem(context.place(self.key, key), said, nearest(name, (*allowed, *others)))

    @property
    def did(self) -> str:
        """That it divides rows, where some are held out."""
        return "split" if self.holds_out else ""

    def notes(self, outcome: Outcome) -> Iterator[str]:
        """Whether the share was met, which rows changed sides, and what so many train."""
        yield from telling.notes(outcome, {"validation": self.validation, "test": self.test}, self.stratify)
        yield from leaks.notes(outcome, self.leak)

    def stops(self, outcome: Outcome) -> Iterator[str]:
        """That rows held out and rows trained on have more in common than the recipe allows."""
        yield from leaks.stops(outcome, self.leak)

    def figures(self, outcome: Outcome) -> Mapping[str, Any]:
        """The largest share of a held-out row that one row says too, and which these are."""
        return leaks.figures(outcome, self.leak.at_most if self.leak else leaks.USUAL)

    def card(self, outcome: Outcome) -> CardPart | None:
        """Duplicates that fell, families and their sides; None where no row is left."""
        return telling.card(outcome, self.similarity, leaks.closest(outcome, leaks.USUAL))

    def panel(self, outcome: Outcome) -> Panel:
        """Families by side and by size."""
        return telling.panel(outcome)

    def steps(self, context: Context) -> list[Step]:
        """Two steps that look at each row alone, whose columns live to the next; one that writes `family`, two by which
        rows fall that would join sides which builds before gave, and one that writes `split` with regard to these.
        """
        place, former = context.place(self.key), context.former.get(self.key, NONE)
        similarity = {"similarity": self.similarity}
        by: dict[str, Any] = {"stratify": self.stratify} if self.stratify != TOPIC else {}
        by |= {"test": self.test} if self.test else {}
        part = {"by": column} if (column := column_of(self.by)) else {}
        known = {"known": former.regarded(self.drawn_by)}
        sides = Resource.of("sides", Work("hfsft.stages.split.sides:Known", known), pinned=False)
        return [
            Step(
                name=KEYING,
                reads=READS,
                optional=tuple(dict.fromkeys((*OPTIONAL, *part.values()))),
                writes={KEYS: ["string"]},
                identity=part,
                work=Work("hfsft.stages.split.row_families:keying", part),
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
                identity=similarity,
                version=4,
                work=Work("hfsft.stages.split.row_families:Naming", similarity),
                place=place,
            ),
            Step(
                name="split.apart",
                sees="all",
                reads=("id", KEYS, *SKETCH, *READS, "family"),
                optional=OPTIONAL,
                writes={"family": "string", JOINS: "string", f"{JOINS}{OF}": "string"},
                role="verdict",
                about="The sides of the split that would be one with this row.",
                drops=tuple(SKETCH),
                identity=similarity,
                work=Work("hfsft.stages.split.joins:parting", similarity),
                needs=(sides,),
                place=place,
            ),
            compare("split.joins", Bound(JOINS, JOINS, absent=True), place),
            Step(
                name="split",
                sees="all",
                reads=tuple(dict.fromkeys((KEYS, *READS, self.stratify, "family"))),
                optional=(*OPTIONAL, *([CHOSEN] if "select" in context.sections else [])),
                writes={"split": "string"},
                role="lineage",
                drops=(KEYS,),
                identity={"validation": self.validation, **by},
                version=2,
                work=Work("hfsft.stages.split.sides:giving", {"share": self.validation, **by}),
                needs=(sides,),
                place=place,
            ),
            *(leaks.steps(self.leak, place) if self.holds_out else []),
        ]
