"""Which chunks are found: by words of any script, by vectors, ties by id, nothing for what has nothing in common."""

from __future__ import annotations

import numpy as np
import pytest

from hfsft.documents.chunking import Chunking
from hfsft.documents.corpus import Corpus, Document, document_id, listed
from hfsft.documents.ranking import ByVectors, ByWords
from hfsft.documents.search_words import words_of

TEXTS = {
    "hours": "The clinic is open from Monday to Friday, eight to six.",
    "move": "An appointment can be moved free of charge until a day before.",
    "bills": "Invoices are sent four weeks after a visit; refunds take ten days.",
    "german": "Die Praxis öffnet um acht Uhr. Rechnungen kommen per Post.",
    "chinese": "诊所周一至周五上午八点开门。账单每月寄出一次。",
    "thai": "คลินิกเปิดทำการวันจันทร์ถึงวันศุกร์ ใบแจ้งหนี้ส่งทางไปรษณีย์",
    "arabic": "تفتح العيادة من الاثنين إلى الجمعة. تُرسل الفواتير بالبريد.",
    "russian": "Клиника открыта с понедельника по пятницу. Счета приходят по почте.",
}


def corpus(texts: dict[str, str] = TEXTS) -> Corpus:
    found = (Document(document_id(name), name, text, f"{name}.md", True, "texts") for name, text in texts.items())
    return Corpus.of((each, Chunking(words=50)) for each in found)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("When are you OPEN on monday?", "hours"),
        ("Can I move my appointments?", "move"),
        ("Is there a refund on an invoice?", "bills"),
        ("Wann kommt die Rechnung?", "german"),
        ("账单什么时候寄出？", "chinese"),
        ("ใบแจ้งหนี้ส่งอย่างไร", "thai"),
        ("متى ترسل الفواتير؟", "arabic"),
        ("Когда приходит счёт по почте?", "russian"),
    ],
)
def test_a_question_finds_its_text_in_its_language(asked: str, found: str) -> None:
    ((first, *_),) = ByWords(corpus()).best([asked], 3)
    assert first.title == found


@pytest.mark.parametrize("asked", ["Xyzzy plugh", "", "?!", None])
def test_what_shares_no_word_finds_nothing(asked: str | None) -> None:
    assert ByWords(corpus()).best([asked], 3) == [[]]


def test_equal_ones_come_by_id_and_neither_batches_nor_the_order_of_documents_change_it() -> None:
    texts = {f"copy {number}": "The lamp is blue." for number in range(9)}
    ranking = ByWords(corpus(texts))
    asked = ["Which lamp is blue?", "Is a lamp there?", "Blue"]
    together = ranking.best(asked, 4)
    assert together == [ranking.best([each], 4)[0] for each in asked]
    assert together == ByWords(corpus(dict(reversed(texts.items())))).best(asked, 4)
    assert all(found == sorted(found) and len(found) == 4 for found in together)
    assert ranking.best(asked[:1], None)[0][:4] == together[0]


def test_vectors_find_the_nearest() -> None:
    chunks = corpus().chunks
    vectors = np.eye(len(chunks), 8, dtype=np.float32)
    ranking = ByVectors(corpus(), [chunk.id for chunk in chunks], list(vectors))
    first, none = ranking.best([vectors[2] + 0.1 * vectors[4], None], 2)
    assert ([chunk.id for chunk in first], none) == ([chunks[2].id, chunks[4].id], [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Refunds!", {"refunds", "refun*"}),
        ("refund", {"refund", "refun*"}),
        ("in 123456", {"in", "123456"}),
        ("退款", {"退款"}),
        ("退", {"退"}),
        ("订单 退款", {"订单", "单退", "退款"}),
        ("opens", {"opens", "open*"}),
        ("open", {"open", "open*"}),
        ("order退款", {"order", "orde*", "退款"}),
    ],
)
def test_words_are_those_of_the_normal_form(text: str, words: set[str]) -> None:
    assert set(words_of(text)) == words


def test_ids_say_what_chunks_say_and_an_edit_changes_those_alone_that_it_touches() -> None:
    before = corpus()
    after = corpus({**TEXTS, "hours": "The clinic is closed."})
    gone, new = before.by_id.keys() - after.by_id.keys(), after.by_id.keys() - before.by_id.keys()
    assert ([before.by_id[each].title for each in gone], [after.by_id[each].title for each in new]) == (
        ["hours"],
        ["hours"],
    )
    assert {chunk.document for chunk in before.chunks} == {chunk.document for chunk in after.chunks}
    assert before.identity != after.identity
    assert before.identity == corpus(dict(reversed(TEXTS.items()))).identity


def test_two_chunks_that_say_the_same_are_one() -> None:
    documents = [Document(document_id(name), "T", "Same.", name, True, "texts") for name in ("b", "a", "c")]
    for order in (documents, documents[::-1]):
        (only,) = Corpus.of((each, Chunking()) for each in order).chunks
        assert only.document == min(each.id for each in documents)


def test_chunks_are_shown_below_their_number_and_title() -> None:
    one, other = corpus({"a": "First.", "b": "Second."}).chunks
    assert listed([one, other]) == f"[1] {one.title}\n{one.text}\n\n[2] {other.title}\n{other.text}"
    assert listed([one]) == f"{one.title}\n{one.text}"
    assert listed([]) is None
