"""Counts of what stands in texts of several scripts."""

from __future__ import annotations

import unicodedata

import pytest

from hfsft.texts.constraints import counting


@pytest.mark.parametrize(
    ("text", "words", "sentences"),
    [
        ("", 0, 0),
        ("…", 0, 0),
        ("Hello", 1, 1),
        ("Hello there. It's 3.5 km, e.g. to town! Is it?! Yes.", 14, 4),
        ("A well-known word", 4, 1),
        ('Dr. J. R. Smith said "no." He left the U.S. at 5 p.m. on Monday.', 17, 2),
        ("So do I. And he… did not. It went... well.", 10, 3),
        ("hello. this is it. all small.", 6, 3),
        ("# Title\n\n1. Eat well.\n2. Sleep.\n3. Run", 8, 3),
        ("He was 20. Then he left.", 6, 2),
        ("今天天气很好。我们去公园吧！「好的。」他说。", 16, 4),
        ("日本語のテキストです。", 10, 1),
        ("Hôm nay trời đẹp. Chúng ta đi chơi nhé! TP. Hồ Chí Minh rất vui.", 15, 3),
        (unicodedata.normalize("NFD", "Hôm nay trời đẹp."), 4, 1),
        ("สวัสดีครับวันนี้อากาศดีมากเลย เราจะไปเที่ยวที่สวนสาธารณะกันไหม", 13, 2),
        ("आज मौसम अच्छा है। चलो चलते हैं।", 7, 2),
        ("كيف حالك؟ أنا بخير.", 4, 2),
        ("Ich kam, bzw. er kam. Gut.", 6, 2),
        ("Пришёл. Увидел! Победил?", 3, 3),
        ("안녕하세요. 반갑습니다.", 2, 2),
    ],
)
def test_words_and_sentences(text: str, words: int, sentences: int) -> None:
    assert (counting.words(text), counting.sentences(text)) == (words, sentences)


@pytest.mark.parametrize(
    ("text", "divider", "found"),
    [
        ("a\n\nb\n \nc\nd\n\n", "", ["a", "b", "c\nd"]),
        ("a\n***\nb *** c", "***", ["a", "b", "c"]),
        ("***\na\n***\n", "***", ["a"]),
        ("a ****** b", "***", ["a", "", "b"]),
    ],
)
def test_paragraphs(text: str, divider: str, found: list[str]) -> None:
    assert counting.paragraphs(text, divider) == found


def test_marks_of_markdown() -> None:
    assert counting.bullets("* a\n* b\n- c\n---\n***\n**bold**\n  - d\n+ e\n1. f\nx - y") == 5
    assert counting.highlights("*a* **b** * x\n* **c** * *\n2 * 3 * 4 ** 5") == 4
    assert counting.placeholders("[a] [b c] [] [x](y)") == 3
    assert counting.capital_words("A CAT and I: TOP-SECRET, ÜBER, U.S., Cat, 12, 文") == 6
    assert counting.capital_words("I'm sure that I’ll see NASA's DON'T sign") == 5


@pytest.mark.parametrize(
    ("text", "phrase", "count"),
    [
        ("Mom's moment, MOM", "mom", 2),
        ("我爱北京，北京爱我", "北京", 2),
        ("ไปเที่ยวทะเลกัน", "ทะเล", 1),
        (unicodedata.normalize("NFD", "Nhà của tôi"), "nhà", 1),
        ("C++ and c++11", "C++", 2),
        ("a. b", ".", 1),
        ("x", " ", 0),
        ("in the end in the", "in the", 2),
        ("STRASSE Straße", "straße", 2),
    ],
)
def test_occurrences(text: str, phrase: str, count: int) -> None:
    assert counting.occurrences(text, phrase) == count
