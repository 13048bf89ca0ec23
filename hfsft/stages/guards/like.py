"""Real queries, with which prompts are compared: how long they are, in which words, and what they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BeforeValidator

from hfsft.engine.resources import Resource, Work
from hfsft.hashing import digest, unit
from hfsft.models.model import STATIC
from hfsft.rows.batch import Batch
from hfsft.section.late_module import LateModule
from hfsft.stages.seeds import PromptTable

if TYPE_CHECKING:
    from hfsft.similarity import DenseIndex
    from hfsft.stages.guards import figures
else:
    figures = LateModule("hfsft.stages.guards.figures")

MOST = 5_000  # real queries that are compared with, picked by a hash of what they say
LIKENESS = "likeness"


class Queries:
    """Real queries as rows are compared with them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.length = median(map(len, map(figures.words, texts))) if texts else 0
        self._index: tuple[str, DenseIndex[int]] | None = None

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word that some of them has."""
        return frozenset(word for text in self.texts for word in figures.words(text))

    def nearest(self, texts: Sequence[str], embedder: Resource) -> list[float]:
        """For each text the cosine to the query that means most nearly the same, by an embedder."""
        library = embedder.load()
        if self._index is None or self._index[0] != embedder.key:
            from hfsft.similarity import DenseIndex

            index: DenseIndex[int] = DenseIndex()
            index.add(range(len(self.texts)), library.embed(self.texts))
            self._index = embedder.key, index
        found = self._index[1].neighbours(library.embed(texts), most=1)
        return [near[0][1] if near else 0.0 for near in found]


class RealQueries:
    """The loader of a file of real queries, as a resource of a step."""

    def __init__(self, source: Mapping[str, Any], base: str, place: str) -> None:
        self._opened = PromptTable.model_validate(source).opened(Path(base), place)

    def identity(self) -> str:
        """A hash of what they are read from. Raises `SourceError` where that is not there."""
        return digest(dict(self._opened.identity))

    def load(self) -> Queries:
        """The queries, at most `MOST` different ones. Raises `SourceError` where they cannot be read."""
        texts = {str(row.texts["instruction"]) for row in self._opened.rows(None) if row.defect is None}
        return Queries(sorted(texts, key=lambda text: unit("like", text))[:MOST])


def _from_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


AnyQueries = Annotated[PromptTable | None, BeforeValidator(_from_path, json_schema_input_type=str | PromptTable)]
"""A sample of real queries as a recipe names it: a path, or a source."""


def real_queries(like: PromptTable, base: Path, place: str) -> Resource:
    """The queries as what a step needs. Raises `SourceError` where they are not there."""
    where = {"source": like.model_dump(mode="json", exclude_unset=True), "base": str(base), "place": place}
    return Resource.of("real queries", Work("hfsft.stages.guards.like:RealQueries", where))


def packaged() -> Resource:
    """The packaged embedder as what a step needs. Raises `ModelError` where it is not there."""
    model = {"model": {"model": STATIC, "task": "embed"}}
    return Resource.of("embedder", Work("hfsft.models.vectors.door:LocalLoader", model))


class LikeQueries(NamedTuple):
    """How prompts compare with real queries."""

    words: float  # words of a prompt, in the median
    real_words: float  # of a query
    known: float | None  # share of the prompts' words that some query has

    @classmethod
    def of(cls, texts: Iterable[str], queries: Queries) -> LikeQueries:
        """The comparison of prompts with queries."""
        from hfsft.tallies.middle import Middle

        lengths, every, known = Middle(), 0, 0
        for text in texts:
            said = figures.words(text)
            lengths.add(len(said))
            every += len(said)
            known += sum(word in queries.vocabulary for word in said)
        return cls(lengths.median() if lengths else 0, queries.length, known / every if every else None)


def measuring(queries: Resource, embedder: Resource) -> Callable[[Batch], Batch]:
    """What measures how like the nearest real query each prompt is."""
    return partial(_measured, queries=queries, embedder=embedder)


def _measured(batch: Batch, *, queries: Resource, embedder: Resource) -> Batch:
    return {LIKENESS: queries.load().nearest([text or "" for text in batch["instruction"]], embedder)}
