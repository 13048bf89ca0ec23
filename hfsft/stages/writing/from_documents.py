"""Written from documents: questions that a chunk of a document answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import Field

from hfsft.documents.corpus import DOCUMENT, DOCUMENTS, Corpus, DocumentChunk, listed
from hfsft.errors import Problem, PromptError, SourceError, nearest
from hfsft.hashing import unit
from hfsft.rows.batch import Row
from hfsft.rows.columns import Column, column
from hfsft.rows.views import setting_text
from hfsft.stages.base import Context
from hfsft.stages.writing.base import Written
from hfsft.stages.writing.empty_rows import EmptyRows, RowSubject
from hfsft.stages.writing.surroundings import Surroundings
from hfsft.stages.writing.written_kind import written_kind
from hfsft.texts.unseen_text import unseen_text

TITLE = "document_title"
CHUNK, CHUNKS = "chunk", "chunks"


@written_kind
class FromDocuments(Written):
    """A question for each row that a chunk of the recipe's documents answers.

    Each chunk comes once before any comes twice, in an order that a hash decides. It is the row's `context`, its id
    stands in `documents`, and rows of one document are one family of the split. A template that reads `chunks` gets two
    of one document. Questions that lean on the text, as in `according to the passage`, fall: whoever asks has not seen
    it.
    """

    way: ClassVar[str] = "documents"
    rests: ClassVar[bool] = True
    usual: ClassVar[Mapping[str, float]] = {
        "documents": 3,
        "documents_how_to": 2,
        "documents_case": 2,
        "documents_why": 1,
        "documents_compare": 1,
    }
    brings: ClassVar[tuple[Column, ...]] = (
        column(DOCUMENTS),
        column(DOCUMENT),
        Column(TITLE, "string", "lineage", "The title of the chunk that it was written from."),
    )
    questions: ClassVar[bool] = True
    looks_at: ClassVar[tuple[str, ...]] = (TITLE,)
    knows: ClassVar[Mapping[str, Any]] = {CHUNK: "", CHUNKS: "", "title": ""}
    example: ClassVar[str] = """\
    documents:
      - {path: handbook/*.md}
    seeds:
      - {from: documents, count: 300}
    generate:
      context: {documents: 3}
    """

    documents: list[str] | None = Field(
        None, min_length=1, description="Names of the documents that are taken, under `documents`; left out: all."
    )

    @property
    def settles(self) -> frozenset[str]:
        """Which documents are taken."""
        return frozenset({"documents"})

    def problems(self, context: Context) -> Iterator[Problem]:
        """That there are no documents."""
        if context.corpus is None:
            advice = "as in `documents: [{path: handbook/*.md}]`"
            yield Problem(context.place(self.key, "from"), "from: documents needs a section `documents`", advice)

    def subjects(self, around: Surroundings) -> Sequence[RowSubject]:
        """The chunks. Raises `SourceError` for names that no documents have."""
        if around.corpus is None:
            return ()
        corpus: Corpus = around.corpus.load()
        names = sorted({chunk.of for chunk in corpus.chunks})
        for name in self.documents or ():
            if name not in names:
                raise SourceError(f"no documents are called {name}", key="documents", help=nearest(name, names))
        taken = [chunk for chunk in corpus.chunks if self.documents is None or chunk.of in self.documents]
        return [RowSubject(chunk.id, columns_of([chunk])) for chunk in taken]

    def slots(self, around: Surroundings) -> EmptyRows:
        """The rows that it can bring: of some templates each has two chunks."""
        made = super().slots(around)
        corpus = around.corpus.load() if around.corpus else None
        return DocumentRows(made.around, made.subjects, made.templates, made.varied, self._of_two(), corpus)

    def _of_two(self) -> frozenset[str]:
        try:
            return frozenset(name for name, prompt in self.prompts().items() if CHUNKS in prompt.variables)
        except PromptError:  # told where all templates are read
            return frozenset()

    def shown(self, row: Row) -> dict[str, Any]:
        """The chunk, or the two of them, and the title."""
        text = setting_text(row)
        return {CHUNK: text, CHUNKS: text, "title": row[TITLE]}

    def fault(self, row: Row, own: Mapping[str, Collection[str]], language: str = "") -> str | None:
        """What is wrong with a row that was written: as with any, or that it leans on a text that is not there."""
        if (found := super().fault(row, own, language)) is not None:
            return found
        leans = unseen_text(row["instruction"] or "")
        return f"unseen: {leans}" if leans else None


@dataclass(frozen=True)
class DocumentRows(EmptyRows):
    """Rows that chunks of a corpus are given to; those of the templates in `of_two` get another of the document."""

    of_two: frozenset[str] = frozenset()
    corpus: Corpus | None = field(default=None, compare=False)

    def _row(self, slot: int, combination: Mapping[str, str], subject: RowSubject | None) -> Row:
        row = super()._row(slot, combination, subject)
        if subject is None or self.corpus is None or row["template"] not in self.of_two:
            return row
        own = self.corpus.by_id[subject.known_by]
        others = [chunk for chunk in self.corpus.by_document[own.document] if chunk.id != own.id]
        if not others:
            return row
        other = min(others, key=lambda chunk: (unit(row["id"], "another", chunk.id), chunk.id))
        return {**row, **columns_of([own, other])}


def columns_of(chunks: Sequence[DocumentChunk]) -> dict[str, Any]:
    """What a row has of the chunks that it is written from, which are of one document."""
    first = chunks[0]
    titles = dict.fromkeys(chunk.title for chunk in chunks if chunk.title)
    return {
        "context": listed(chunks),
        "source": first.source,
        DOCUMENTS: [chunk.id for chunk in chunks],
        DOCUMENT: first.document,
        TITLE: "; ".join(titles) or None,
    }
