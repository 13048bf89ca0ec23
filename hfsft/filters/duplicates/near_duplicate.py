"""near_duplicate: nearly the same text again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from hfsft.engine.step import Step
from hfsft.filters.duplicates.alike import AlikePairs, AlikeRows
from hfsft.filters.duplicates.common import OverAll, some, systems_of
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch
from hfsft.rows.views import READS, SETTING
from hfsft.similarity import COUNTED, SKETCH, VERSION, LexicalIndex, Sketched, sketches_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.errors import Place


class NearDuplicate(AlikeRows):
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

    Rows are taken in the order in which they are preferred (`keep`; left out, people's own before generated ones, then
    by their id, whatever the order of the rows). A row falls only for a row that stays, and names it, so of a chain of
    rows in which only neighbours are alike every second may stay, and a lower `at_most` may keep another row of it.
    Columns name for every row that is alike to another its cluster, the row most like it, and how alike that is. With
    `against`, rows that are alike to one of an earlier release or a held-out file fall, and name that. Letters
    are compared, not meaning. A paraphrase in other words stays: at 0.8, 15 of 100 sentence pairs that people rate as
    saying the same are found in SICK, 4 of 100 in MRPC. A swap or a small word may fall though it changes the
    meaning: 5 of 100 pairs of different meaning in SICK, none in MRPC, 32 of 100 in PAWS, which is made of such swaps.
    Of 7,670 rows of Toolformer 1,110 fall, 70 of 100 of which call what a row before them calls.
    """

    name: ClassVar[str] = "near_duplicate"
    version: ClassVar[int] = 5
    values: ClassVar[str] = "0, or from floor to 1"
    blind: ClassVar[str] = (
        "Meaning: a paraphrase in other words is not alike, and a small word that turns the meaning round is."
    )
    example: ClassVar[str] = """\
    filters:
      - near_duplicate: {at_most: 0.75, keep: longest, against: [build/first]}
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

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """One step that sketches each row, which is kept; then those of all that measure pairs."""
        search, *rest = super().steps(place, label)
        name = search.name.removesuffix("measure")
        sketch = Step(
            name=f"{name}sketch",
            kind="likeness",
            reads=self.compares,
            optional=tuple(each for each in self._rest if each not in SETTING),
            writes=SKETCH,
            identity={"columns": list(self.compares), "at_least": self.floor},
            version=VERSION,
            work=work_of(self, "sketches"),
            place=place,
        )
        return [sketch, replace(search, reads=(*SKETCH, *self.reads), drops=tuple(SKETCH)), *rest]

    def measure(self, batch: Batch) -> Batch:
        """The similarity of each row to the row most like it of those that stay: all steps in one."""
        return super().measure({**batch, **self.sketches(batch)})

    def sketches(self, batch: Batch) -> Batch:
        """What tells by each row alone which rows may be alike."""
        parts = [row and row.parts for row in self.compared(batch)]
        return dict(zip(SKETCH, sketches_of(parts, self.floor), strict=True))

    @property
    def search(self) -> OverAll:
        """The pairs that are alike; what two texts have in common is kept: it is counted once, whatever rows come."""
        return OverAll(self._searched, COUNTED)

    def _pairs(self, rows: Columns, kept: pa.Table | None) -> tuple[AlikePairs, pa.Table | None]:
        keys, sketches = (rows[name] for name in SKETCH)
        order = self.order(rows, [place for place, key in enumerate(keys) if key is not None])
        systems = systems_of(rows) if set(READS) & set(self.compares) else []

        def read(places: Sequence[int]) -> list[tuple[str, ...]]:
            return [row.parts for row in self.compared(some(rows, [order[place] for place in places])) if row]

        index = LexicalIndex[int](kept)
        others = self._others()
        grouped = any(systems) or any(row.system for _, row in others)
        if others:  # in front of all rows: each of them is preferred
            groups = [row.system for _, row in others] if grouped else None
            index.add([-1 - place for place, _ in others], [row.parts for _, row in others], groups)
        known = Sketched([keys[place] for place in order], [sketches[place] for place in order], self.floor, read)
        index.add(order, known, [systems[place] for place in order] if grouped and systems else None)
        found = AlikePairs(order, index.copies(), list(index.pairs(self.floor, ranked=True)))
        return found, index.counted()
