"""near_duplicate: nearly the same text again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from hfsft.engine.adding import InMemory
from hfsft.engine.spread.scattered import NUMBER
from hfsft.engine.step import Step
from hfsft.filters.duplicates.alike import AlikePairs, AlikeRows
from hfsft.filters.duplicates.common import NAME, RANK, OverRounds, some, systems_of
from hfsft.filters.duplicates.who_stays import PREFERRED, optional_of, reads_of
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch
from hfsft.rows.features import values_of
from hfsft.rows.views import READS, SETTING
from hfsft.similarity import COUNTED, SKETCH, VERSION, LexicalIndex, Sketched, grouped, sketches_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Scattered
    from hfsft.errors import Place

LIKENESS = tuple(SKETCH)  # the columns of keys and of sketches


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
    version: ClassVar[int] = 6
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
    def search(self) -> OverRounds:
        """The pairs that are alike; what two texts have in common is kept: it is counted once, whatever rows come."""
        return OverRounds(self._searched, COUNTED, rounds=self._spread_search)

    def _spread_search(self, rows: Scattered) -> Scattered:
        """The same for scattered rows."""
        from hfsft.filters.duplicates.near_rounds import NAMED, searched
        from hfsft.near import SAID

        choosing = (*reads_of(self.keep, self.by), *optional_of(self.keep, self.by), *PREFERRED)
        telling = () if "id" in rows.kinds else (*self.compares, *self._rest)  # by which rows are known then
        thin = [name for name in rows.kinds if name in {NUMBER, LIKENESS[0], *SETTING, *choosing, *telling}]
        setting = [name for name in SETTING if name in thin]
        ranked = self.ranking(rows.only(thin), [LIKENESS[0], *setting]).through(work_of(self, "known"), NAMED)
        texts = [name for name in rows.kinds if name in {NUMBER, *SKETCH, *self.compares, *self._rest}]
        said = rows.only(texts).through(work_of(self, "said"), SAID)
        names = self.others.names if self.others is not None else []
        others = [(place, names[place], row) for place, row in self._others()]
        return searched(ranked, said, others, self.floor, self.found)

    def known(self, table: pa.Table) -> pa.Table:
        """Of ranked rows what they are known by; those of other system prompts are never the same."""
        from hfsft.filters.duplicates.near_rounds import known_rows

        keys = table[LIKENESS[0]].to_pylist()
        batch = {name: values_of(table[name]) for name in table.column_names if name in SETTING}
        if batch and set(READS) & set(self.compares):
            keys = grouped(keys, systems_of(InMemory(batch)) or [""] * len(keys))
        return known_rows(table[NUMBER].to_pylist(), keys, table[RANK].to_pylist(), table[NAME])

    def said(self, table: pa.Table) -> pa.Table:
        """What rows say that have anything to compare."""
        from hfsft.near import said_of

        key, sketch = LIKENESS
        there = table.filter(table[key].is_valid())
        rows = self.compared({name: values_of(there[name]) for name in there.column_names if name != NUMBER})
        return said_of(there[NUMBER].to_pylist(), there[sketch].to_pylist(), [row.parts for row in rows if row])

    def _pairs(self, rows: Columns, kept: pa.Table | None) -> tuple[AlikePairs, pa.Table | None]:
        keys, sketches = (rows[name] for name in SKETCH)
        order = self.order(rows, [place for place, key in enumerate(keys) if key is not None])
        systems = systems_of(rows) if set(READS) & set(self.compares) else []

        def read(places: Sequence[int]) -> list[tuple[str, ...]]:
            return [row.parts for row in self.compared(some(rows, [order[place] for place in places])) if row]

        index = LexicalIndex[int](kept)
        others = self._others()
        several = any(systems) or any(row.system for _, row in others)
        if others:  # in front of all rows: each of them is preferred
            groups = [row.system for _, row in others] if several else None
            index.add([-1 - place for place, _ in others], [row.parts for _, row in others], groups)
        known = Sketched([keys[place] for place in order], [sketches[place] for place in order], self.floor, read)
        index.add(order, known, [systems[place] for place in order] if several and systems else None)
        found = AlikePairs(order, index.copies(), list(index.pairs(self.floor, ranked=True)))
        return found, index.counted()
