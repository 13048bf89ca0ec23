"""What rows are given of documents: which rows, which chunks, and what the writer alone is told."""

from __future__ import annotations

from typing import Any

import pytest

from hfsft.documents.corpus import Corpus
from hfsft.documents.retrieving import GivenByVectors, Retrieved, by_words, steps, told
from hfsft.engine.resources import Resource, Work
from hfsft.engine.spread.scattered import NUMBER
from hfsft.rows.batch import Batch, rows_of
from hfsft.rows.columns import COLUMNS
from hfsft.rows.row import new_row
from tests.documents.test_ranking import TEXTS, corpus
from tests.engine.spread.rounds import scattered
from tests.stages.helpers import CONTEXT

ASKED = "When is the clinic open, and how is an appointment moved?"


class Held:
    """A corpus as the resource of a step."""

    def identity(self) -> str:
        return corpus().identity

    def load(self) -> Corpus:
        return corpus()


HELD = Resource.of("documents", Work("tests.documents.test_retrieving:Held"))


def row(asked: str = ASKED, **more: Any) -> dict[str, Any]:
    return {**new_row("seed", {"instruction": asked, **more}), "documents": None, "document": None, **more}


def given(*rows: dict[str, Any], **keys: Any) -> list[dict[str, Any]]:
    batch: Batch = {name: [each[name] for each in rows] for name in (*COLUMNS, "documents", "document")}
    return list(rows_of(by_words(HELD, context=Retrieved(**keys).model_dump())(batch)))


def titles(found: dict[str, Any]) -> list[str]:
    return [corpus().by_id[each].title for each in found["documents"] or ()]


def test_a_row_gets_the_best_chunks_as_its_context_with_their_ids() -> None:
    (found,) = given(row(), documents=2)
    assert set(titles(found)) == {"hours", "move"}
    assert found["context"].startswith(f"[1] {titles(found)[0]}\n{TEXTS[titles(found)[0]]}\n\n[2] ")
    assert found["document"] == corpus().by_id[found["documents"][0]].document


@pytest.mark.parametrize(
    "more",
    [{"context": "My own."}, {"response": "Yes."}, {"asked": "Xyzzy"}],
    ids=["context", "answered", "nothing in common"],
)
def test_a_row_keeps_what_it_brings_and_of_nothing_comes_nothing(more: dict[str, str]) -> None:
    (found,) = given(row(**{"asked": ASKED, **more}))
    assert (found["context"], found["documents"], found["document"]) == (more.get("context"), None, None)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_the_chunk_that_a_row_was_written_from_is_always_among_them(most: int) -> None:
    bills = next(chunk for chunk in corpus().chunks if chunk.title == "bills")
    (found,) = given(row(documents=[bills.id], document=bills.document, context=bills.told), documents=most)
    assert len(found["documents"]) == most
    assert titles(found)[-1] == "bills"
    assert TEXTS["bills"] in found["context"]
    assert found["document"] == bills.document


def test_it_stands_where_it_was_found() -> None:
    own = next(chunk for chunk in corpus().chunks if chunk.title == "move")
    (alone,) = given(row(), documents=3)
    (found,) = given(row(documents=[own.id], document=own.document), documents=3)
    assert found["documents"] == alone["documents"]


def test_rows_without_an_answer_in_their_documents_are_picked_by_hash() -> None:
    rows = [row(f"When is the clinic open on day {number}?") for number in range(200)]
    found = given(*rows, documents=2, unanswerable=0.25)
    lacking = [each["unanswerable"] for each in found]
    assert 30 <= sum(lacking) <= 70
    for each in found:
        assert ("hours" in titles(each)) != each["unanswerable"]
        assert each["context"]
    fewer = given(*rows[::2], documents=2, unanswerable=0.25)
    assert [each["unanswerable"] for each in fewer] == lacking[::2]
    assert all(
        not before["unanswerable"] or after["unanswerable"]
        for before, after in zip(found, given(*rows, documents=2, unanswerable=0.5), strict=True)
    )


def test_such_a_row_never_gets_a_chunk_of_its_own_document() -> None:
    own = next(chunk for chunk in corpus().chunks if chunk.title == "bills")
    rows = [row(f"{ASKED} {number}", documents=[own.id], document=own.document) for number in range(40)]
    found = given(*rows, documents=1, unanswerable=0.9)
    assert any(each["unanswerable"] for each in found)
    for each in found:
        assert ("bills" in titles(each)) != each["unanswerable"]
        assert each["document"] == own.document


def test_documents_that_are_not_published_stand_in_a_column_of_their_own() -> None:
    bills = next(chunk for chunk in corpus().chunks if chunk.title == "bills")
    rows = [row(), row(documents=[bills.id], document=bills.document, context=bills.told), row("Xyzzy")]
    opened, closed = given(*rows, documents=2), given(*rows, documents=2, publish=False)
    for one, other in zip(opened, closed, strict=True):
        assert (other["context"], other["evidence"], other["documents"]) == (None, one["context"], one["documents"])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, []),
        ({"evidence": None, "unanswerable": None}, []),
        ({"evidence": "Open at 8."}, ["Open at 8.", "do not mention them"]),
        ({"unanswerable": True}, ["do not say what is asked"]),
        ({"unanswerable": False}, []),
    ],
)
def test_the_writer_alone_is_told(more: dict[str, Any], says: list[str]) -> None:
    asked = told({**row(), **more}, {"role": "user", "content": "When?"})["content"]
    assert asked.startswith("When?")
    assert (asked == "When?") == (not says)
    assert all(each in asked for each in says)


def test_vectors_of_chunks_are_made_in_a_side_table_and_compared_once() -> None:
    asked: list[tuple[str, str]] = []

    def embed(text: str, table: str = "") -> Any:
        asked.append((text, table))
        return text

    around = CONTEXT.__class__(**{**CONTEXT.__dict__, "corpus": HELD, "embed": embed})
    table, *_, last = steps(Retrieved(by="embedder"), around, ("generate", "context"))
    assert asked == [("text", "chunks"), ("instruction", "")]
    chunks = table.function({})
    assert chunks["id"] == [chunk.id for chunk in corpus().chunks]
    vectors = [[float(place == other) for other in range(len(chunks["id"]))] for place in range(len(chunks["id"]))]
    rows = [row(), row("None"), row(response="Yes.")]
    batch = {name: [each[name] for each in rows] for name in (*COLUMNS, "documents", "document")}
    give = GivenByVectors(HELD, context={"by": "embedder", "documents": 1})
    given_rows = {**batch, "vector_instruction": [vectors[3], None, vectors[3]]}
    found = give(given_rows, {**chunks, "vector_text": vectors})
    assert found["documents"] == [[chunks["id"][3]], None, None]
    kinds = {**dict.fromkeys(given_rows, "string"), **last.writes, "vector_instruction": "vector", "round": "int64"}
    wanted = {*last.reads, *last.optional} - {"messages"}
    there = {name: values for name, values in given_rows.items() if name in wanted}
    beside = scattered({**chunks, "vector_text": vectors}, {**table.writes, "vector_text": "vector"})
    made = give.spread(scattered(there, kinds, 2), beside).collected().sort_by(NUMBER)
    assert {name: made[name].to_pylist() for name in last.writes} == found, "by rounds too"
    assert (last.sees, last.beside) == ("all", "chunks")
    (alone,) = steps(Retrieved(), around, ("generate", "context"))
    assert alone.row_by_row


def test_where_a_recipe_has_no_documents_or_takes_none_there_is_no_step() -> None:
    assert steps(None, CONTEXT, ("generate", "context")) == []
    assert steps(Retrieved(), CONTEXT, ("generate", "context")) == []
