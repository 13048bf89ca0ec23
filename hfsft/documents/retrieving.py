"""Documents for prompts: what each row is given to answer from, found by what it asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import Field

from hfsft.documents.corpus import DOCUMENT, DOCUMENTS, Corpus, DocumentChunk, listed
from hfsft.engine.resources import Resource, Work, path_of
from hfsft.engine.spread.scattered import NUMBER
from hfsft.engine.step import Step
from hfsft.errors import Problem
from hfsft.hashing import unit
from hfsft.prompts import Prompt
from hfsft.rows.batch import Batch, Row, rows_of
from hfsft.rows.columns import EVIDENCE, UNANSWERABLE, Column, column, vector_of
from hfsft.rows.features import arrow_schema, values_of
from hfsft.rows.messages import Message
from hfsft.rows.reading.summaries import rows_said
from hfsft.rows.views import answered, setting_text
from hfsft.section import Section

if TYPE_CHECKING:
    import pyarrow as pa

    from hfsft.documents.ranking import ByWords, Ranking
    from hfsft.engine.spread.scattered import Does, Scattered
    from hfsft.errors import Place

ASKED = "instruction"  # the column that documents are found by
CHUNKS = "chunks"  # the side table of chunks, whose vectors are made
READS = ("id", ASKED, "context", "response", "messages")
OPTIONAL = (DOCUMENTS, DOCUMENT)
TEMPLATE = "documents"  # in templates/generate/: what a writer is told beside what the row says


class RecipeAround(Protocol):
    """What retrieval knows of the recipe around it."""

    @property
    def corpus(self) -> Resource | None:
        """The documents of the recipe; None where it has none."""

    @property
    def embed(self) -> Callable[..., Step] | None:
        """What makes the step that writes the vectors of a column."""

    @property
    def place(self) -> Callable[..., Place]:
        """Where something stands in the recipe."""


class Retrieved(Section):
    """Documents for each prompt: the chunks that suit best what it asks.

    They become the row's `context`, and their ids its `documents`; a row that has a context keeps it. The chunk that a
    row was written from is always among them. Documents that are not published are shown to the writer alone: the row
    then teaches what they say, not how to read them.
    """

    example = """\
    documents:
      - {path: handbook/*.md}
    generate:
      context: {documents: 4, by: bm25, unanswerable: 0.1}
    """

    documents: int = Field(4, ge=1, le=100, description="Chunks for each row.")
    by: Literal["bm25", "embedder"] = Field(
        "bm25", description="How they are found: by the words that they share with the instruction, or by its vector."
    )
    unanswerable: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of these rows, by a hash, that get chunks of other documents than those that suit: the "
        "wanted answer is that the documents do not say, and the column `unanswerable` tells which they are.",
    )
    publish: bool = Field(
        True, description="false: the writer sees them, and no file of the release holds them (closed-book data)."
    )


def columns(context: Retrieved | None) -> list[Column]:
    """What retrieval adds to rows."""
    return [] if context is None else [column(name, kind, "lineage") for name, kind in _writes(context).items()]


def tells(context: Retrieved | None) -> tuple[str, ...]:
    """The columns that `told` reads."""
    return () if context is None else tuple(name for name in (UNANSWERABLE, EVIDENCE) if name in _writes(context))


def problems(context: Retrieved | None, around: RecipeAround, at: tuple[str | int, ...]) -> Iterator[Problem]:
    """What is wrong with it in the recipe around it; `at` is where it stands there."""
    if context is None:
        return
    if around.corpus is None:
        message = f"{'.'.join(map(str, at))} takes documents, and the recipe names none"
        yield Problem(around.place(*at), message, "add a section documents, as in `documents: [{path: handbook/*.md}]`")
    if context.unanswerable and not context.publish:
        yield Problem(
            around.place(*at, "unanswerable"),
            "documents that are not published cannot be what has no answer in them: nobody sees what they lack",
            "leave out `unanswerable` or `publish: false`",
        )


def steps(context: Retrieved | None, around: RecipeAround, at: tuple[str | int, ...]) -> list[Step]:
    """The steps that give rows their documents: one that looks at each row alone, or, where vectors are compared, the
    chunks as a side table, the vectors of these and of what rows ask, and one that looks at all rows.
    """
    if context is None or around.corpus is None:
        return []
    place, name = around.place(*at), ".".join(map(str, at))
    common: dict[str, Any] = {
        "optional": OPTIONAL,
        "writes": _writes(context),
        "role": "lineage",
        "identity": context.model_dump(mode="json"),
        "needs": (around.corpus,),
        "place": place,
    }
    arguments = {"context": context.model_dump(mode="json")}
    if context.by == "bm25":
        return [Step(name, reads=READS, work=Work("hfsft.documents.retrieving:by_words", arguments), **common)]
    assert around.embed is not None, "a section that embeds is given what makes vectors"
    table = Step(
        f"{name}.chunks",
        rows="many",
        sees="all",
        makes=CHUNKS,
        writes={"id": "string", "text": "string"},
        work=Work("hfsft.documents.retrieving:chunk_rows"),
        needs=(around.corpus,),
        place=place,
    )
    vectors = vector_of(ASKED)
    return [
        table,
        around.embed("text", table=CHUNKS),
        around.embed(ASKED),
        Step(
            name,
            sees="all",
            beside=CHUNKS,
            reads=(*READS, vectors),
            work=Work("hfsft.documents.retrieving:GivenByVectors", arguments),
            **common,
        ),
    ]


def _writes(context: Retrieved) -> dict[str, Any]:
    more = {UNANSWERABLE: "bool"} if context.unanswerable else {}
    text = {} if context.publish else {EVIDENCE: "string"}
    return {"context": "string", DOCUMENTS: ["string"], DOCUMENT: "string", **more, **text}


def chunk_rows(corpus: Resource) -> Callable[[Batch], Batch]:
    """What makes the side table of chunks."""

    def made(_: Batch) -> Batch:
        chunks = corpus.load().chunks
        return {"id": [chunk.id for chunk in chunks], "text": [chunk.told for chunk in chunks]}

    return made


def by_words(corpus: Resource, *, context: Mapping[str, Any]) -> Callable[[Batch], Batch]:
    """What gives rows their documents by the words that they share."""
    from hfsft.documents.ranking import ByWords

    how = Retrieved.model_validate(context)
    ranking: list[ByWords] = []

    def given(batch: Batch) -> Batch:
        found: Corpus = corpus.load()
        if not ranking:
            ranking.append(ByWords(found))
        return _given(how, batch, found, ranking[0], ASKED)

    return given


class GivenByVectors:
    """What gives rows their documents by vectors, those of the chunks beside them."""

    def __init__(self, corpus: Resource, *, context: Mapping[str, Any]) -> None:
        self._corpus, self._context = corpus, context

    def __call__(self, batch: Batch, chunks: Batch) -> Batch:
        """The columns, for each row."""
        from hfsft.documents.ranking import ByVectors

        how, found = Retrieved.model_validate(self._context), self._corpus.load()
        return _given(how, batch, found, ByVectors(found, chunks["id"], chunks[vector_of("text")]), vector_of(ASKED))

    def spread(self, rows: Scattered, chunks: Scattered) -> Scattered:
        """The same for scattered rows: whoever works on some of them has all chunks, as it has the documents."""
        vector = vector_of("text")
        table = rows.shared("chunks", chunks.only([NUMBER, "id", vector]).collected().sort_by(NUMBER))
        writes = {NUMBER: "int64", **_writes(Retrieved.model_validate(self._context))}
        work = Work(path_of(given_beside), {"context": dict(self._context)})
        return rows.through(work, writes, [self._corpus, table])


def given_beside(corpus: Resource, chunks: Resource, *, context: Mapping[str, Any]) -> Does:
    """The work that gives scattered rows their documents."""
    import pyarrow as pa

    from hfsft.documents.ranking import ByVectors

    how, found, table = Retrieved.model_validate(context), corpus.load(), chunks.load()
    ranking = ByVectors(found, table["id"].to_pylist(), values_of(table[vector_of("text")]))
    schema = arrow_schema(_writes(how))

    def does(rows: pa.Table) -> pa.Table:
        batch = {name: values_of(rows[name]) for name in rows.column_names if name != NUMBER}
        made = _given(how, batch, found, ranking, vector_of(ASKED))
        columns = {name: pa.array(made[name], schema.field(name).type) for name in schema.names}
        return pa.table({NUMBER: rows[NUMBER], **columns})

    return does


def _given(how: Retrieved, batch: Batch, corpus: Corpus, ranking: Ranking, asked: str) -> Batch:
    """What rows are given; one that is answered, or brings a context of its own, keeps what it has."""
    rows = list(rows_of(batch))
    own = [[corpus.by_id[each] for each in row.get(DOCUMENTS) or () if each in corpus.by_id] for row in rows]
    some = [at for at, row in enumerate(rows) if not answered(row) and (own[at] or not setting_text(row))]
    given = dict(zip(some, ranking.best([rows[at][asked] for at in some], how.documents), strict=True))
    lacking = [at for at in some if how.unanswerable and unit(rows[at]["id"], UNANSWERABLE) < how.unanswerable]
    others = ranking.best([rows[at][asked] for at in lacking], None)
    instead = {
        at: _others(how.documents, own[at], each, corpus, rows[at]["id"])
        for at, each in zip(lacking, others, strict=True)
    }
    made = [_kept(how, row) for row in rows]
    for at, best in given.items():
        chunks = instead.get(at) or _among(own[at], best, how.documents)
        made[at] |= _shown(how, rows[at], chunks, lacks=bool(instead.get(at)))
    return {name: [row[name] for row in made] for name in _writes(how)}


def _kept(how: Retrieved, row: Row) -> Row:
    kept = {name: row.get(name) for name in ("context", DOCUMENTS, DOCUMENT)}
    return {**dict.fromkeys(_writes(how)), **kept}


def _shown(how: Retrieved, row: Row, chunks: Sequence[DocumentChunk], *, lacks: bool) -> Row:
    text = listed(chunks)
    first = chunks[0].document if chunks and not lacks else None
    return {
        "context": text if how.publish else None,
        DOCUMENTS: [chunk.id for chunk in chunks] or None,
        DOCUMENT: row.get(DOCUMENT) or first,
        **({UNANSWERABLE: lacks if chunks else None} if how.unanswerable else {}),
        **({} if how.publish else {EVIDENCE: text}),
    }


def _among(own: Sequence[DocumentChunk], best: Sequence[DocumentChunk], most: int) -> list[DocumentChunk]:
    """The best chunks with all of its own among them, each where it was found; those that were not found, last."""
    missing = [chunk for chunk in own if chunk not in best]
    room = max(most - len(missing), 0)
    fill = [chunk for chunk in best if chunk in own]
    others = iter([chunk for chunk in best if chunk not in own][: max(room - len(fill), 0)])
    taken = {*fill, *others}
    return [*(chunk for chunk in best if chunk in taken), *missing]


def _others(
    most: int, own: Sequence[DocumentChunk], found: Sequence[DocumentChunk], corpus: Corpus, row_id: str
) -> list[DocumentChunk]:
    """The chunks that suit best of all documents but its own and those of the chunks that suit best; where too few suit
    at all, others by a hash.

    None where there are no others: the row is then given what it needs.
    """
    needed = {chunk.document for chunk in (*own, *found[:most])}
    start = int(unit(row_id, "others") * len(corpus))
    rest = (corpus.chunks[(start + place) % len(corpus)] for place in range(len(corpus)))
    suits = dict.fromkeys(chunk for chunk in chain(found, rest) if chunk.document not in needed)
    return list(islice(suits, most))


def notes(context: Retrieved | None, values: Callable[[str], Collection[Any]]) -> Iterator[str]:
    """What to know of rows that were to be given documents; `values` gives a column of those that stayed."""
    if context is None:
        return
    rows = zip(values(DOCUMENTS), values("origin"), values(UNANSWERABLE), strict=True)
    asked = Counter((not ids, bool(lacks)) for ids, origin, lacks in rows if origin != "example")
    if bare := asked[True, False] + asked[True, True]:
        yield f"{rows_said(bare)} of {asked.total():,} got no documents: none shares a word with what they ask"
    if context.unanswerable and asked and not any(lacks for _, lacks in asked):
        yield "no row is `unanswerable`: there are too few rows, or no other documents than those that suit"


def told(row: Row, message: Message) -> Message:
    """What a writer is asked, with what it alone is shown or told of the row below it, if anything."""
    shown, lacking = row.get(EVIDENCE), row.get(UNANSWERABLE)
    if not (shown or lacking):
        return message
    asked = message["content"]
    return {**message, "content": _template().render(asked=asked, evidence=shown, unanswerable=bool(lacking))}


def told_identity(context: Retrieved | None) -> dict[str, Any]:
    """What `told` depends on beside the row."""
    return {DOCUMENTS: _template().identity} if tells(context) else {}


@lru_cache(maxsize=1)
def _template() -> Prompt:
    return Prompt.named("generate", TEMPLATE)
