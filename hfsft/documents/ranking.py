"""Chunks in the order of how well they suit a text: by the words that both have, or by what both mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from hfsft.documents.corpus import Corpus, DocumentChunk
from hfsft.documents.search_words import words_of
from hfsft.similarity import DenseIndex

if TYPE_CHECKING:
    from bm25s import BM25

AT_ONCE = 256  # vectors that are asked with at once


class Ranking(Protocol):
    """Chunks by how well they suit."""

    def best(self, asked: Sequence[Any], most: int | None) -> list[list[DocumentChunk]]:
        """For each the chunks that suit best, `most` of them, or all that suit; of equal ones the smaller id first."""
        ...


class ByWords:
    """By BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework"; as Lucene has it)."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._index: BM25 | None = None

    def best(self, asked: Sequence[str | None], most: int | None) -> list[list[DocumentChunk]]:
        """For each text the chunks that suit best; one with no word of it does not suit at all."""
        return [self._best(each or "", most) for each in asked]

    def _best(self, asked: str, most: int | None) -> list[DocumentChunk]:
        import numpy as np

        index = self._index = self._index or self._made()
        known = [word for word in words_of(asked) if word in index.vocab_dict]
        if not known:
            return []
        scores = index.get_scores(known)
        (some,) = scores.nonzero()
        if most is not None and len(some) > most:
            some = some[scores[some] >= np.partition(scores[some], -most)[-most]]
        order = np.argsort(-scores[some], kind="stable")[:most]
        return [self._corpus.chunks[place] for place in some[order].tolist()]

    def _made(self) -> BM25:
        from bm25s import BM25

        index = BM25(method="lucene", csc_backend="numpy", backend="numpy")
        index.index([words_of(chunk.told) or [""] for chunk in self._corpus.chunks], show_progress=False)
        return index


class ByVectors:
    """By the angle between vectors; `ids` are those of the chunks that have one."""

    def __init__(self, corpus: Corpus, ids: Sequence[str], vectors: Sequence[Any]) -> None:
        self._corpus = corpus
        self._index = DenseIndex[str]()
        self._index.add(list(ids), list(vectors))

    def best(self, asked: Sequence[Any], most: int | None) -> list[list[DocumentChunk]]:
        """For each vector the chunks whose vectors are nearest; none for None, as of a blank text."""
        found: list[list[DocumentChunk]] = []
        for start in range(0, len(asked), AT_ONCE):
            some = self._index.neighbours(list(asked[start : start + AT_ONCE]), most=most)
            found += [[self._corpus.by_id[key] for key, _ in each] for each in some]
        return found
