"""The corpus: the chunks of all documents of a recipe, known by what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from hfsft.hashing import digest

if TYPE_CHECKING:
    from hfsft.documents.chunking import Chunking

DOCUMENTS, DOCUMENT = "documents", "document"
"""The columns of the chunks that a row has, and of the document that it rests on."""


class Document(NamedTuple):
    """One text as it was read."""

    id: str  # stays the same when the text is edited
    title: str
    text: str
    source: str  # the file, or the file and the row in it
    lines: bool  # whether a line of the text can be named behind that
    of: str  # what the recipe calls where it is from


class DocumentChunk(NamedTuple):
    """A part of a document."""

    id: str  # hash of title and text
    title: str  # of the document, and the headings above
    text: str
    document: str  # the id of the document
    source: str  # file and line
    of: str

    @property
    def told(self) -> str:
        """The chunk as it is read: its title, and below it the text."""
        return f"{self.title}\n{self.text}" if self.title else self.text


def document_id(*known_by: str) -> str:
    """The id of a document that is known by its file, or by what a column says."""
    return digest(["document", *known_by], 16)


class Corpus:
    """Chunks in the order of their ids. Two that say the same are one, of the document whose id is the smaller."""

    def __init__(self, chunks: Iterable[DocumentChunk], empty: Mapping[str, int] | None = None) -> None:
        """`empty` is how many of the documents under a name say nothing."""
        self.empty = dict(empty or {})
        found: dict[str, DocumentChunk] = {}
        for chunk in chunks:
            known = found.setdefault(chunk.id, chunk)
            if (chunk.document, chunk.source) < (known.document, known.source):
                found[chunk.id] = chunk
        self.chunks: Sequence[DocumentChunk] = tuple(found[each] for each in sorted(found))

    @classmethod
    def of(cls, documents: Iterable[tuple[Document, Chunking]]) -> Corpus:
        """The chunks of some documents."""
        return cls(chunk for document, chunking in documents for chunk in chunks_of(document, chunking))

    def __len__(self) -> int:
        """How many chunks there are."""
        return len(self.chunks)

    @cached_property
    def identity(self) -> str:
        """A hash of all that the chunks say, and of what documents they are."""
        return digest([list(chunk) for chunk in self.chunks])

    @cached_property
    def by_id(self) -> dict[str, DocumentChunk]:
        """Each chunk by its id."""
        return {chunk.id: chunk for chunk in self.chunks}

    @cached_property
    def by_document(self) -> dict[str, list[DocumentChunk]]:
        """The chunks of each document, in the order of their ids."""
        found: dict[str, list[DocumentChunk]] = defaultdict(list)
        for chunk in self.chunks:
            found[chunk.document].append(chunk)
        return dict(found)


def chunks_of(document: Document, chunking: Chunking) -> Iterator[DocumentChunk]:
    """The chunks of a document."""
    from hfsft.documents.chunking import cut

    for piece in cut(document.text, document.title, chunking):
        source = f"{document.source}:{piece.line}" if document.lines else document.source
        said = digest([piece.title, piece.text], 16)
        yield DocumentChunk(said, piece.title, piece.text, document.id, source, document.of)


def listed(chunks: Sequence[DocumentChunk]) -> str | None:
    """Chunks as one text: each below its number and title, one alone without a number; None for none."""
    if len(chunks) < 2:
        return chunks[0].told if chunks else None
    return "\n\n".join(f"[{number}] {chunk.told}" for number, chunk in enumerate(chunks, 1))
