"""Documents: what questions and answers may rest on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from hfsft.documents.chunking import Chunking
from hfsft.documents.corpus import Document, document_id
from hfsft.errors import SourceError, closest
from hfsft.hashing import digest
from hfsft.marks import ROWS
from hfsft.rows.choice.chosen import Chosen
from hfsft.rows.reading.summaries import file_of, reasons
from hfsft.rows.shapes.shape import Record
from hfsft.rows.tables.readers import TEXT_COLUMN
from hfsft.rows.tables.table import Table
from hfsft.rows.values import as_text
from hfsft.stages.source import LONGEST_NAME, Located, one_line

TEXTS = (TEXT_COLUMN, "content", "body", "markdown", "document", "description")
TITLES = ("title", "name", "heading")


class DocumentTable(Located):
    """Documents from files of text, or from the rows of a table.

    A file of text (.md, .markdown, .rst, .adoc, .txt) is one document; of a table each row is. Each is cut into chunks,
    which are known by what they say: an edited document changes only what was made of the chunks that changed. Rules
    that redact (`secrets`, `pii`) apply to documents before anything else is done with them.
    """

    example: ClassVar[str] = """\
    documents:
      - {path: handbook/*.md, chunk: {words: 250, overlap: 40}}
      - {path: products.csv, text: description, title: name, license: cc-by-4.0}
    """

    path: Annotated[str, ROWS] = Field(
        min_length=1,
        description="A file of text (.md, .rst, .txt, ...) or of rows (.jsonl, .csv, .parquet, ...), several "
        "(handbook/*.md, docs/**/*.md), a folder of them, or a dataset on the Hub, owner/name.",
    )
    name: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_NAME,
        description="What card and report call these documents; left out: the name of the file, folder or dataset.",
    )
    text: str | None = Field(None, description=f"Column of the text, of rows (else {', '.join(TEXTS)}).")
    title: str | None = Field(
        None, description=f"Column of the title, of rows (else {', '.join(TITLES)}, where there is one)."
    )
    family: str | None = Field(
        None,
        description="Column whose equal values make one document of several rows, such as the id of a page: what is "
        "written from one document stands on one side of the split. Left out: the title, else each row for itself.",
    )
    license: str | None = Field(None, description="Licence of the documents, which the card names.")
    chunk: Chunking = Field(Chunking(), description="How they are cut.")

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str | None) -> str | None:
        return one_line(name)

    @property
    def called(self) -> str:
        """What they are called."""
        return self.name or self.own_name

    def table(self, base: Path) -> Table:
        """Where the documents are."""
        return Table(self.path, base, self.split, self.config, self.revision, self.delimiter, whole_texts=True)

    def read(self, base: Path) -> Iterator[Document]:
        """The documents, of rows also those without a text; raises `SourceError` where none has any, or one cannot be
        read.
        """
        table = self.table(base)
        columns: dict[str, str | None] | None = None
        some, defects = False, list[tuple[str, str]]()
        for one in Chosen(table, self.test, self.limit).records():
            if one.defect is not None:
                raise SourceError(f"{one.source}: {one.defect}")
            if table.local is not None and file_of(one.source) == one.source:  # no row of the file but the whole
                some = True
                yield _whole(one, self.called)
                continue
            if columns is None or columns["text"] not in one.row:
                columns = self._columns(one.row)
            document = self._of_row(one, columns)
            some = some or bool(document.text)
            defects += [] if document.text else [("no text", one.source)]
            yield document
        if not some:
            raise SourceError(f"{self.path}: {reasons(defects) if defects else 'no documents'}")

    def _columns(self, row: dict[str, Any]) -> dict[str, str | None]:
        """The columns of a table. Raises `SourceError` where it has not those that are named, or none of texts."""
        for key in ("text", "title", "family"):
            name = getattr(self, key)
            if name is not None and name not in row:
                guess = closest(name, list(row))
                hint = f"did you mean `{guess}`? " if guess else ""
                raise SourceError(f"{self.path}: no column {name!r}", key=key, help=f"{hint}it has {', '.join(row)}")
        text = self.text or next((name for name in TEXTS if name in row), None)
        if text is None:
            raise SourceError(f"{self.path}: no column of texts", help=f"name it with text:; it has {', '.join(row)}")
        title = self.title or next((name for name in TITLES if name in row and name != text), None)
        return {"text": text, "title": title, "family": self.family}

    def _of_row(self, one: Record, columns: dict[str, str | None]) -> Document:
        said = {key: as_text(one.row.get(name)) if name else None for key, name in columns.items()}
        text, title = (said["text"] or "").strip(), " ".join((said["title"] or "").split())
        known_by = said["family"] or title or digest(text)
        return Document(document_id("row", known_by), title, text, one.source, False, self.called)


def _whole(one: Record, called: str) -> Document:
    """The document that a file of text is, known by its name."""
    title = PurePosixPath(one.source).stem.replace("_", " ").replace("-", " ")
    return Document(document_id("file", one.source), title, one.row[TEXT_COLUMN], one.source, True, called)
