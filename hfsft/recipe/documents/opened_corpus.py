"""The documents of a recipe as a corpus: read, cleaned by the rules that redact, cut into chunks; in any process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfsft.documents.chunk_file import VERSION, file_of, keep, kept
from hfsft.documents.corpus import Corpus, Document, DocumentChunk, chunks_of
from hfsft.engine.plan import Plan
from hfsft.engine.resources import Resource, Work
from hfsft.errors import Problem, SourceError
from hfsft.filters.filter_work import work_of
from hfsft.hashing import digest
from hfsft.recipe.recipe import Recipe
from hfsft.recipe.rules import rewriting_of
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from hfsft.documents.chunking import Chunking
    from hfsft.stages.documents import DocumentTable
    from hfsft.stages.writing import surroundings
else:
    surroundings = LateModule("hfsft.stages.writing.surroundings")

KIND = "documents"


class CorpusLoader:
    """The corpus of some documents of the recipe `name`, as a resource.

    `rules` are the work of those that redact, `known_by` a hash of all that this depends on.
    """

    def __init__(
        self,
        documents: Sequence[Mapping[str, Any]],
        base: str,
        rules: Sequence[Mapping[str, Any]],
        name: str,
        known_by: str,
    ) -> None:
        from hfsft.stages.documents import DocumentTable

        self._name, self._known_by = name, known_by
        self.tables = [DocumentTable.model_validate(each) for each in documents]
        self._base, self._rules = Path(base), [Work(**rule).made() for rule in rules]
        self._chunks: dict[int, list[DocumentChunk]] = {}
        self._empty: Counter[str] = Counter()
        self._corpus: Corpus | None = None

    def identity(self) -> str:
        """A hash of what the chunks say. Raises `SourceError` where documents cannot be read."""
        return self.load().identity

    def load(self) -> Corpus:
        """The corpus."""
        if self._corpus is None:
            found = [chunk for place in range(len(self.tables)) for chunk in self.chunks(place)]
            self._corpus = Corpus(found, self._empty)
            self._chunks.clear()
        return self._corpus

    def chunks(self, place: int) -> list[DocumentChunk]:
        """The chunks of one table."""
        if place not in self._chunks:
            table = self.tables[place]
            told = table.model_dump(mode="json", exclude={"license"})
            key = digest([VERSION, self._known_by, told, table.table(self._base).identity()])
            found = kept(file := file_of(self._name, key))
            if found is None:
                found = self._made(table)
                keep(file, *found)
            self._chunks[place], self._empty[table.called] = found[0], self._empty[table.called] + found[1]
        return self._chunks[place]

    def _made(self, table: DocumentTable) -> tuple[list[DocumentChunk], int]:
        """The chunks of a table, and how many of its documents say nothing."""
        found, empty = list[DocumentChunk](), 0
        for document, how in self._cleaned(table):
            chunks = list(chunks_of(document, how))
            found += chunks
            empty += not chunks
        return found, empty

    def _cleaned(self, table: DocumentTable) -> Iterator[tuple[Document, Chunking]]:
        for document in table.read(self._base):
            title, text = document.title, document.text
            for redacted in self._rules:
                title, text = redacted(title), redacted(text)
            yield document._replace(title=title, text=text), table.chunk


def open_corpus(recipe: Recipe) -> tuple[Resource | None, list[Problem]]:
    """The documents of a recipe as a resource, None where it has none; and what is wrong with them, at their lines."""
    if not recipe.documents:
        return None, []
    work, problems = _work(recipe), []
    loader: CorpusLoader = work.made()
    for place in range(len(recipe.documents)):
        try:
            loader.chunks(place)
        except SourceError as error:  # noqa: PERF203 - each at its place
            problems.append(_problem(recipe, place, error))
    return (None, problems) if problems else (Resource.of(KIND, work, loader=loader), [])


def unopened_corpus(recipe: Recipe) -> Resource | None:
    """A resource that stands for the documents where none is opened: enough to check a recipe."""
    return Resource(KIND, _work(recipe), "") if recipe.documents else None


def corpus_of(plan: Plan) -> Corpus | None:
    """The documents that rows of a plan were written from or are given; None where there are none."""
    resources = (need for step in plan.steps for need in step.needs if need.kind == KIND)
    sources = plan.steps[0].work.arguments.get("sources", ()) if plan.steps and plan.steps[0].work else ()
    told = (each["around"] for each in sources if each.get("around"))
    arounds = (surroundings.Surroundings.of(each, Path()).corpus for each in told)
    found = next(chain(resources, filter(None, arounds)), None)
    corpus: Corpus | None = found.load() if found else None
    return corpus


def _work(recipe: Recipe) -> Work:
    documents = [each.model_dump(mode="json", exclude_unset=True) for each in recipe.documents]
    redacting = rewriting_of(recipe)
    rules = [work_of(rule, "redacted_text").as_dict() for rule in redacting]
    known_by = digest([[rule.name, rule.version, rule.identity()] for rule in redacting])
    more = {"base": str(recipe.base), "rules": rules, "name": recipe.name, "known_by": known_by}
    return Work("hfsft.recipe.documents.opened_corpus:CorpusLoader", {"documents": documents, **more})


def _problem(recipe: Recipe, index: int, error: SourceError) -> Problem:
    """A fault at the key that settles it, and where in a file it is."""
    item = recipe.source.data["documents"][index]
    place = recipe.source.place_in_text(("documents", index, error.key if error.key in item else "path"), error.line)
    return Problem(place, f"{error.place}: {error.message}" if error.place else error.message, error.help)
