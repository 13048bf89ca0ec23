"""exact_duplicate: the same text again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from hfsft.engine.spread.scattered import NUMBER, starts
from hfsft.engine.step import Bound, Step
from hfsft.filters.duplicates.common import KEY, NAME, RANK, Duplicates, OverRounds
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch
from hfsft.similarity import keys_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Scattered
    from hfsft.errors import Place


class ExactDuplicate(Duplicates):
    """Number of preferred rows that say the same: 0 for the row that stays.

    Rows are the same when the model is given the same: system prompt, context, and all that the user says. Texts are
    the same when they differ only in what people type differently: case, character width (Unicode NFKC), quotation
    marks, invisible characters, marks that end a sentence, kinds of hyphens and dashes, white space (beside Han,
    kana, Thai, Lao, Khmer and Burmese letters any, elsewhere how much), the place of a Vietnamese tone mark, the
    order of Thai marks, vowel points of Arabic and Hebrew, digits of another script. Signs with a meaning count: `6*7`
    is not `6/7`, `10!` not `10`. Which of rows alike stays, `keep` says; left out, people's own before generated ones,
    then the one with the smallest id, whatever the order of the rows. Those that fall name the row that stays, and all
    of them are of one cluster, called by it. With `against`, rows that say what stands in an earlier release or a
    held-out file fall, and name that. Several answers to one question count as copies; compare
    `[instruction, response]` to keep them. Rows with nothing to compare are kept.
    """

    name: ClassVar[str] = "exact_duplicate"
    version: ClassVar[int] = 4
    values: ClassVar[str] = "0 and up, a whole number"
    blind: ClassVar[str] = "The same said in other words, even with one word more: near_duplicate measures that."
    example: ClassVar[str] = """\
    filters:
      - exact_duplicate: {column: [instruction, response], keep: longest}
    """

    at_most: int = Field(0, ge=0, description="Copies of one text that may stay beside the preferred row.")

    @property
    def writes(self) -> dict[str, Any]:
        """The number of preferred copies, the id of the first, and what all of them are called by."""
        return {self.measured: "int64", self.original: "string", self.cluster: "string"}

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """One step that makes a key of each row, which is kept; one that counts those alike, one that compares."""
        measure, keep = super().steps(place, label)
        key = replace(
            measure,
            name=f"{measure.name.removesuffix('measure')}key",
            sees="row",
            reads=self.compares,
            optional=self._rest,
            writes={KEY: "binary"},
            identity={"filter": self.name, "column": list(self.compares)},
            work=work_of(self, "keys"),
            needs=(),
        )
        work, known = work_of(self, "counting"), (self.about_cluster,)
        count = replace(measure, reads=(KEY, *measure.reads), drops=(KEY,), work=work, known=known)
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
    def counting(self) -> OverRounds:
        """How many rows with the same key are preferred to each."""
        return OverRounds(self._counted, rounds=self._spread)

    def _spread(self, rows: Scattered) -> Scattered:
        """The same, by the groups of a key."""
        ranked = self.ranking(rows, [KEY])
        return ranked.grouped([KEY], work_of(self, "in_groups"), {NUMBER: "int64", **self.writes}, self.resources())

    @property
    def in_groups(self) -> Callable[[pa.Table], pa.Table]:
        """What counts the rows of whole groups, where nothing else is known of them but their names and ranks."""
        return partial(self._grouped, self._known())

    def _grouped(self, known: Mapping[bytes, str], table: pa.Table) -> pa.Table:
        import numpy as np
        import pyarrow as pa

        table = table.sort_by([(KEY, "ascending"), (RANK, "ascending")])
        first, count = starts(table, [KEY]), table.num_rows
        sizes = np.diff(np.append(first, count))
        leader = np.repeat(first, sizes)
        others: list[str | None] = [known.get(key) for key in table[KEY].to_pylist()]
        elsewhere = np.array([other is not None for other in others], bool)
        counts = np.arange(count) - leader + elsewhere
        names = table[NAME].to_pylist()
        leaders = [names[place] for place in leader.tolist()]
        preferred = zip(counts.tolist(), others, leaders, strict=True)
        originals = [other or name if much else None for much, other, name in preferred]
        alone = np.repeat(sizes, sizes) == 1
        return pa.table(
            {
                NUMBER: table[NUMBER],
                self.measured: pa.array(counts),
                self.original: pa.array(originals, pa.string()),
                self.cluster: pa.array(leaders, pa.string(), mask=alone),
            }
        )

    def _counted(self, rows: Columns, _: pa.Table | None) -> tuple[Batch, None]:
        keys = rows[KEY]
        counts: list[int | None] = [None] * len(keys)
        originals: list[str | None] = [None] * len(keys)
        clusters: list[str | None] = [None] * len(keys)
        first: dict[bytes, int] = {}
        known, names = self._known(), self.names(rows)
        preferred = Counter(dict.fromkeys(known, 1))
        for place in self.order(rows, [place for place, key in enumerate(keys) if key is not None]):
            key = keys[place]
            counts[place] = preferred[key]
            leader = first.setdefault(key, place)
            if preferred[key]:
                originals[place] = known.get(key) or names[leader]
            if leader != place:
                clusters[place] = clusters[leader] = names[leader]
            preferred[key] += 1
        return {self.measured: counts, self.original: originals, self.cluster: clusters}, None

    def _known(self) -> dict[bytes, str]:
        """What other sets say, each with the name of the first row that says it."""
        if self.others is None:
            return {}
        found: dict[bytes, str] = {}
        for key, name in zip(self.keys(self.others.texts)[KEY], self.others.names, strict=True):
            if key is not None:
                found.setdefault(key, name)
        return found

    def bounds(self) -> list[Bound]:
        """At most so many preferred copies."""
        return [Bound(self.name, self.measured, at_most=self.at_most, missing="keep")]
