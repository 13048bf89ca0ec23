"""exact_duplicate: the same text again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from hfsft.engine.step import Bound, Step
from hfsft.filters.duplicates.common import KEY, PREFERRED, Duplicates, OverAll
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch
from hfsft.similarity import keys_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.errors import Place


class ExactDuplicate(Duplicates):
    """Number of preferred rows that say the same: 0 for the row that stays.

    Rows are the same when the model is given the same: system prompt, context, and all that the user says. Texts are
    the same when they differ only in what people type differently: case, character width (Unicode NFKC), quotation
    marks, invisible characters, marks that end a sentence, kinds of hyphens and dashes, white space (beside Han,
    kana, Thai, Lao, Khmer and Burmese letters any, elsewhere how much), the place of a Vietnamese tone mark, the
    order of Thai marks, vowel points of Arabic and Hebrew, digits of another script. Signs with a meaning count: `6*7`
    is not `6/7`, `10!` not `10`. Of rows alike, people's own stay before generated ones, then the one with the smallest
    id, whatever the order of the rows; those that fall name the row that stays. Several answers to one question count
    as copies; compare `[instruction, response]` to keep them. Rows with nothing to compare are kept.
    """

    name: ClassVar[str] = "exact_duplicate"
    version: ClassVar[int] = 3
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "The same said in other words, even with one word more: near_duplicate measures that."
    example: ClassVar[str] = """\
    filters:
      - exact_duplicate: {column: [instruction, response]}
    """

    at_most: int = Field(0, ge=0, description="Copies of one text that may stay beside the preferred row.")

    @property
    def writes(self) -> dict[str, Any]:
        """The number of preferred copies, and the id of the first."""
        return {self.measured: "int64", self.original: "string"}

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """One step that makes a key of each row, which is kept; one that counts those alike, one that compares."""
        measure, keep = super().steps(place, label)
        key = replace(
            measure,
            name=f"{measure.name.removesuffix('measure')}key",
            sees="row",
            optional=tuple(name for name in measure.optional if name not in PREFERRED),
            writes={KEY: "binary"},
            work=work_of(self, "keys"),
        )
        count = replace(measure, reads=(KEY, *measure.reads), drops=(KEY,), work=work_of(self, "counting"))
        return [key, count, keep]

    def measure(self, batch: Batch) -> Batch:
        """How many rows with the same text are preferred to each: keys and their counts in one."""
        return self.counting({**batch, **self.keys(batch)})

    def keys(self, batch: Batch) -> Batch:
        """For each row what is the same for all rows that say the same; None where nothing is compared."""
        compared = self.compared(batch)
        parts = [row and row.parts for row in compared]
        return {KEY: keys_of(parts, [row.system if row else "" for row in compared])}

    @property
    def counting(self) -> OverAll:
        """How many rows with the same key are preferred to each."""
        return OverAll(self._counted)

    def _counted(self, rows: Columns, _: pa.Table | None) -> tuple[Batch, None]:
        keys = rows[KEY]
        counts: list[int | None] = [None] * len(keys)
        originals: list[str | None] = [None] * len(keys)
        first: dict[bytes, int] = {}
        preferred = Counter[bytes]()
        for place in self.order(rows, [place for place, key in enumerate(keys) if key is not None]):
            key = keys[place]
            counts[place] = preferred[key]
            if preferred[key]:
                originals[place] = self.named(rows, first[key])
            else:
                first[key] = place
            preferred[key] += 1
        return {self.measured: counts, self.original: originals}, None

    def bounds(self) -> list[Bound]:
        """At most so many preferred copies."""
        return [Bound(self.name, self.measured, at_most=self.at_most, missing="keep")]
