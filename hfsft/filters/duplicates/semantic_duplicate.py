"""semantic_duplicate: nearly the same meaning again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from hfsft.embedding import VECTORS, packaged, unknown_words
from hfsft.engine.adding import InMemory
from hfsft.engine.spread.scattered import NUMBER
from hfsft.engine.step import Step
from hfsft.errors import ModelError
from hfsft.filters.duplicates.alike import AlikePairs, AlikeRows
from hfsft.filters.duplicates.common import OverRounds, systems_of
from hfsft.filters.duplicates.what_differs import by_what_differs
from hfsft.filters.duplicates.who_stays import PREFERRED, optional_of, reads_of
from hfsft.filters.filter_work import work_of
from hfsft.rows.batch import Batch
from hfsft.rows.columns import vector_of
from hfsft.rows.features import values_of
from hfsft.rows.views import READS, SETTING
from hfsft.similarity import DenseIndex, normalise

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.engine.adding import Columns
    from hfsft.engine.spread.scattered import Scattered
    from hfsft.errors import Place


class SemanticDuplicate(AlikeRows):
    """Highest cosine, 0 to 1, to the vector of any preferred row that stays; 0 where none reaches `floor`.

    Vectors are those of the recipe's embedder, or of the small one that comes with hfsft, which knows words and not
    their order. Of a question all that the user says is one text, with the context below it; another system prompt
    makes another row. Rows are taken in the order in which they are preferred, and a row falls only for a row that
    stays, as in `near_duplicate`.

    Up to 50,000 different texts are all compared; of more, an index of cells finds the pairs, which are then measured
    exactly. (Semantic deduplication of training data: Abbas et al. 2023, "SemDeDup", section 3.)
    Two texts that open or end with the same long passage (a tool that is described, a document) are as alike as what
    differs in them, where the embedder runs in this process; and where the packaged one knows only the letters of a
    language, they must share half of their runs of three characters too.

    With the packaged embedder, at 0.95, of sentence pairs that people rate as saying the same 35 of 100 are found in
    SICK, 23 in STS-B, 8 in MRPC; of pairs that say something else fall 11 of 100 in SICK, 0.2 in STS-B, 0.3 in MRPC,
    and 80 in PAWS, which is made of the same words in another order; at 0.9 they are 61, 49 and 23, and 19, 0.7, 4.4
    and 95. 6 of 1,000 questions of GSM8K have another one above 0.95. Of clean rows fall 1 of 1,000 in English, Chinese
    and code, and 9 in Vietnamese (18 with the document that is asked about). Of 7,670 rows of Toolformer, each of which
    opens with the description of its tool, 1,459 fall, as many as where that is the system prompt.
    """

    name: ClassVar[str] = "semantic_duplicate"
    embeds: ClassVar[bool] = True
    version: ClassVar[int] = 3
    heavy: ClassVar[bool] = True
    values: ClassVar[str] = "0, or from floor to 1"
    blind: ClassVar[str] = (
        "What its embedder cannot tell apart: a small one takes texts of the same words for the same, whatever their "
        "order, with `not` or without, with one number or another."
    )
    example: ClassVar[str] = """\
    filters:
      - semantic_duplicate: {at_most: 0.97, keep: longest}
    """

    column: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)] = Field(
        "instruction",
        description="What to compare, or a list of columns, taken as one text. `instruction` stands for all that the "
        "user says and the context, under the same system prompt and tools; `response` for what the assistant says "
        "last and the tools that it calls there.",
    )
    at_most: float = Field(0.95, ge=0, le=1, description="Largest cosine to a row that stays which is kept.")
    floor: float = Field(
        0.9, ge=0.3, le=1, description="Cosine below which nothing is measured; lower is slower, and measures again."
    )

    @model_validator(mode="after")
    def _measured(self) -> SemanticDuplicate:
        if self.at_most < self.floor:
            raise ValueError(
                f"at_most {self.at_most:g} is under floor {self.floor:g}, and nothing is measured there: lower both"
            )
        return self

    def warnings(self, languages: Sequence[str]) -> list[str]:
        """What the packaged embedder does not know."""
        return unknown_words(self.name, languages, "so that only rows which are spelled alike are found")

    @property
    def _text(self) -> str:
        """The column of what is compared as one text."""
        return f"{self.measured}_text"

    def steps(self, place: Place | None = None, label: str = "") -> list[Step]:
        """Those of the embedder that comes with hfsft."""
        return self.meaning(packaged, place, label)

    def meaning(self, embed: Callable[[str], Step], place: Place | None = None, label: str = "") -> list[Step]:
        """One step that writes each row's text, one that makes its vector; then those of all that measure pairs."""
        search, *rest = super().steps(place, label)
        name, vector = search.name.removesuffix("measure"), vector_of(self._text)
        text = Step(
            name=f"{name}text",
            reads=self.compares,
            optional=tuple(each for each in self._rest),
            writes={self._text: "string"},
            role="vector",
            identity={"columns": list(self.compares)},
            work=work_of(self, "texts"),
            place=place,
        )
        made = embed(self._text)
        if self.against and made.asks:
            raise ModelError(
                f"filters[{self.name}]: vectors of other sets are made in this process, and the recipe's embedder "
                "is asked elsewhere (leave out `against`, or name an embedder that runs here)"
            )
        needs = (*search.needs, *made.needs)
        drops = (self._text, vector)
        return [text, made, replace(search, reads=(vector, self._text, *search.reads), drops=drops, needs=needs), *rest]

    def measure(self, batch: Batch) -> Batch:
        """The cosine of each row to the row most like it of those that stay: all steps in one."""
        text = self.texts(batch)
        made = packaged(self._text)
        whole = {**batch, **text, **made.function(text)}
        rule = self.given((*self.resources(), *made.needs))
        assert isinstance(rule, SemanticDuplicate), "it is the same with resources"
        return AlikeRows.measure(rule, whole)

    @property
    def search(self) -> OverRounds:
        """The pairs that mean nearly the same."""
        return OverRounds(self._searched, rounds=self._spread_search)

    def _spread_search(self, rows: Scattered) -> Scattered:
        """The same for scattered rows."""
        from hfsft.filters.duplicates.meaning_rounds import MEANT, found_by_meaning, others_meant

        vector = vector_of(self._text)
        choosing = (*reads_of(self.keep, self.by), *optional_of(self.keep, self.by), *PREFERRED)
        telling = () if "id" in rows.kinds else (*self.compares, *self._rest)  # by which rows are known then
        thin = [name for name in rows.kinds if name in {NUMBER, vector, self._text, *SETTING, *choosing, *telling}]
        ranked = self.ranking(rows.only(thin), [vector, self._text, *(name for name in SETTING if name in thin)])
        meant = ranked.through(work_of(self, "meant"), MEANT)
        embedders = [each for each in self.resources() if each.kind == VECTORS]
        names = self.others.names if self.others is not None else []
        others = others_meant([(place, names[place], *told) for place, *told in self._other_vectors()])
        return found_by_meaning(meant, others, embedders, self.floor, self.found)

    def meant(self, table: pa.Table) -> pa.Table:
        """Of ranked rows what they are known by."""
        from hfsft.filters.duplicates.meaning_rounds import meant_rows

        batch = {name: values_of(table[name]) for name in table.column_names if name in SETTING}
        systems = systems_of(InMemory(batch)) if batch and set(READS) & set(self.compares) else []
        texts, vectors = table[self._text].to_pylist(), values_of(table[vector_of(self._text)])
        return meant_rows(table, texts, systems or [""] * len(texts), vectors)

    def texts(self, batch: Batch) -> Batch:
        """For each row what is compared as one text; None where nothing is."""
        return {self._text: [row and "\n\n".join(filter(None, row.parts)) for row in self.compared(batch)]}

    def _pairs(self, rows: Columns, kept: pa.Table | None) -> tuple[AlikePairs, pa.Table | None]:
        import numpy as np

        vectors = rows[vector_of(self._text)]
        order = self.order(rows, [place for place, vector in enumerate(vectors) if vector is not None])
        systems = systems_of(rows) if set(READS) & set(self.compares) else []
        groups: dict[str, dict[int, Any]] = defaultdict(dict)  # for itself, rows that are asked under one prompt
        named = {system: normalise(system) for system in set(systems)}
        texts = dict(enumerate(rows[self._text]))
        for place, system, text, vector in self._other_vectors():
            groups[normalise(system)][-1 - place] = vector
            texts[-1 - place] = text
        for place in order:
            groups[named[systems[place]] if systems else ""][place] = vectors[place]
        copies = self._typed_anew(rows, order, [named[system] for system in systems])
        alike: list[tuple[int, int, float]] = []
        for group in groups.values():
            some = [place for place in group if place not in copies]
            if len(some) > 1:
                index: DenseIndex[int] = DenseIndex()
                index.add(some, np.array([group[place] for place in some], np.float32))
                copies |= index.copies()
                alike += index.pairs(self.floor)
        if embedder := self._embedder():
            alike = list(by_what_differs(alike, texts, embedder, self.floor))
        return AlikePairs(order, copies, alike), None

    def _embedder(self) -> Any:
        """What makes vectors in this process; None where they are asked of a server."""
        return next((each.load() for each in self.resources() if each.kind == VECTORS), None)

    def _typed_anew(self, rows: Columns, order: Sequence[int], systems: Sequence[str]) -> dict[int, int]:
        """The rows that say the same as a preferred one, typed in another way, which embedders may tell apart."""
        texts, first, copies = rows[self._text], dict[tuple[str, str], int](), dict[int, int]()
        for place in order:
            said = (normalise(texts[place]), systems[place] if systems else "")
            if (original := first.setdefault(said, place)) != place:
                copies[place] = original
        return copies

    def _other_vectors(self) -> Iterator[tuple[int, str, str, Any]]:
        """The rows of other sets: the place of each, its system prompt, its text and its vector."""
        if self.others is None or not (some := self._others()):
            return
        told = self.texts(self.others.texts)[self._text]
        found = self._embedder().embed([told[place] for place, _ in some])
        for (place, row), vector in zip(some, found, strict=True):
            yield place, row.system, told[place], vector
