"""near_duplicate: nearly the same text again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from hfsft.engine.step import Bound, Step
from hfsft.filters.duplicates.common import PREFERRED, Duplicates, OverAll, some, systems_of
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch
from hfsft.rows.views import READS, SETTING
from hfsft.similarity import COUNTED, SKETCH, VERSION, LexicalIndex, Sketched, sketches_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.errors import Place


class NearDuplicate(Duplicates):
    """Highest similarity, 0 to 1, to any preferred row that stays; 0 where none reaches `floor`.

    The similarity of two texts is the share of runs of four characters that they have in common (Jaccard index, after
    the same normalisation as `exact_duplicate`): it needs no spaces between words, so it works in every script. What
    the user says and the context are compared each for itself, and the less alike decides; another system prompt
    makes another row. Prompts made from one template are compared by what was filled in as well: words in a run of
    five that stands in ten different texts or more are template, numbers that take many values there are not, and
    two rows are at most one and a half times as alike as the rest of their texts is. A word that stands where
    nearly all such texts have another is no rest but a slip: many near copies of one text make no template of it.
    Up to 2,000 different rows are all compared; of more, MinHash finds the candidates, every one is then counted
    exactly.

    Rows are taken in the order in which they are preferred: people's own before generated ones, then by their id,
    whatever the order of the rows. A row falls only for a row that stays, and names it, so of a chain of rows in
    which only neighbours are alike every second may stay, and a lower `at_most` may keep another row of it. Letters
    are compared, not meaning. A paraphrase in other words stays: at 0.8, 15 of 100 sentence pairs that people rate as
    saying the same are found in SICK, 4 of 100 in MRPC. A swap or a small word may fall though it changes the
    meaning: 3 of 100 pairs of different meaning in SICK, 34 of 100 in PAWS, which is made of such swaps.
    """

    name: ClassVar[str] = "near_duplicate"
    version: ClassVar[int] = 4
    values: ClassVar[str] = "0, or from floor to 1"
    blind: ClassVar[str] = (
        "Meaning: a paraphrase in other words is not alike, and a small word that turns the meaning round is."
    )
    example: ClassVar[str] = """\
    filters:
      - near_duplicate: {at_most: 0.75}
    """

    at_most: float = Field(0.8, ge=0, le=1, description="Largest similarity to a row that stays which is kept.")
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
        return {self.measured: "float64", self.original: "string"}

    @property
    def found(self) -> dict[str, Any]:
        """What is kept between measuring and deciding: columns that live from the one step to the next.

        They name rows by their ids: numbers would be others for all rows where one is put before them.
        """
        same, near, alike = (f"{self.measured}_{name}" for name in ("same", "near", "alike"))
        return {same: "string", near: ["string"], alike: ["float64"]}

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """One step that sketches each row, which is kept; one that measures pairs, one that decides by `at_most` which
        rows stay, one that keeps these.
        """
        measure, keep = super().steps(place, label)
        name = measure.name.removesuffix("measure")
        sketch = Step(
            name=f"{name}sketch",
            kind="likeness",
            reads=self.reads,
            optional=tuple(each for each in measure.optional if each not in (*PREFERRED, *SETTING)),
            writes=SKETCH,
            identity={"columns": list(self.reads), "at_least": self.floor},
            version=VERSION,
            work=work_of(self, "sketches"),
            place=place,
        )
        search = replace(
            measure,
            reads=(*SKETCH, *self.reads),
            writes=self.found,
            drops=tuple(SKETCH),
            work=work_of(self, "search"),
        )
        decide = Step(
            name=f"{name}decide",
            sees="all",
            reads=(*self.found, *self.reads),
            optional=measure.optional,
            writes=self.writes,
            drops=tuple(self.found),
            about=measure.about,
            identity={"at_most": self.at_most},
            work=work_of(self, "decide"),
            place=place,
        )
        return [sketch, search, decide, keep]

    def measure(self, batch: Batch) -> Batch:
        """The similarity of each row to the row most like it of those that stay: all steps in one."""
        found = self.search({**batch, **self.sketches(batch)})
        return self.decide({**batch, **found})

    def sketches(self, batch: Batch) -> Batch:
        """What tells by each row alone which rows may be alike."""
        parts = [row and row.parts for row in self.compared(batch)]
        return dict(zip(SKETCH, sketches_of(parts, self.floor), strict=True))

    @property
    def search(self) -> OverAll:
        """For each row which is the first with the same text, and which are nearly alike, with the similarity to each.

        These are preferred rows, and the similarity at least `floor`; None where nothing is compared. What two texts
        have in common is kept: it is counted once, whatever rows come and go.
        """
        return OverAll(self._pairs, COUNTED)

    @property
    def decide(self) -> OverAll:
        """Row by row, the preferred first: the similarity to the row most like it of those that stay so far."""
        return OverAll(self._decided)

    def _pairs(self, rows: Columns, kept: pa.Table | None) -> tuple[Batch, pa.Table | None]:
        keys, sketches = (rows[name] for name in SKETCH)
        there = [place for place, key in enumerate(keys) if key is not None]
        order, names = self.order(rows, there), self._names(rows)
        same: list[str | None] = [None] * len(keys)
        near, alike = defaultdict[int, list[str]](list), defaultdict[int, list[float]](list)
        systems = systems_of(rows) if set(READS) & set(self.reads) else []

        def read(places: Sequence[int]) -> list[tuple[str, ...]]:
            return [row.parts for row in self.compared(some(rows, [order[place] for place in places])) if row]

        index = LexicalIndex[int](kept)
        known = Sketched([keys[place] for place in order], [sketches[place] for place in order], self.floor, read)
        index.add(order, known, [systems[place] for place in order] if any(systems) else None)
        for copy, first in index.copies().items():
            same[copy] = names[first]
        for first, other, similarity in index.pairs(self.floor, ranked=True):
            if same[other] is None:
                near[other].append(names[first])
                alike[other].append(similarity)
        lists = (
            [None if key is None else found.get(place, ()) for place, key in enumerate(keys)] for found in (near, alike)
        )
        return dict(zip(self.found, (same, *lists), strict=True)), index.counted()

    def _decided(self, rows: Columns, _: pa.Table | None) -> tuple[Batch, None]:
        sames, nears, alikes = (rows[name] for name in self.found)
        places = {name: place for place, name in enumerate(self._names(rows))}
        highest: list[float | None] = [None] * len(nears)
        originals: list[int | None] = [None] * len(nears)
        stays = [True] * len(nears)
        rank: dict[int, int] = {}
        for place in self.order(rows, [place for place, near in enumerate(nears) if near is not None]):
            rank[place] = len(rank)
            first = None if sames[place] is None else places[sames[place]]
            if first is not None and not stays[first]:
                highest[place], originals[place] = highest[first], originals[first]
            else:
                # A copy is compared with its original alone, which was compared with all others.
                near = map(places.__getitem__, nears[place])
                found = zip(near, alikes[place], strict=True) if first is None else [(first, 1.0)]
                standing = [(-similarity, rank[other], other) for other, similarity in found if stays[other]]
                similarity, _, original = min(standing, default=(0.0, 0, None))
                highest[place], originals[place] = -similarity or 0.0, original
            stays[place] = (highest[place] or 0.0) <= self.at_most
        names = [None if place is None else self.named(rows, place) for place in originals]
        return {self.measured: highest, self.original: names}, None

    def _names(self, rows: Columns) -> list[str]:
        """What each row is called by: its id, or its number where ids are not there or not all different."""
        names = [self.named(rows, place) for place in range(len(rows))]
        return names if len(set(names)) == len(names) else list(map(str, range(len(names))))

    def bounds(self) -> list[Bound]:
        """At most so similar to a row that stays."""
        return [Bound(self.name, self.measured, at_most=self.at_most, missing="keep")]
