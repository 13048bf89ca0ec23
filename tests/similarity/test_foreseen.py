"""What a search would take is told by a sample: beside what a search over all of it takes."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from hfsft.similarity import LexicalIndex, sketches_of
from hfsft.similarity.foreseen import foreseen
from hfsft.similarity.lexical.candidates import SketchTable
from hfsft.similarity.lexical.measure import Measured


def texts(count: int, words: int, length: int) -> list[str]:
    """Texts of few different words, so that many sketches meet; of every fifth there is a near copy elsewhere."""
    random.seed(7)
    known = ["".join(random.choices("abcdefghij", k=5)) for _ in range(words)]
    made = [" ".join(random.choices(known, k=length)) for _ in range(count)]
    made[: count // 5] = [f"{text} {known[0]}" for text in made[-(count // 5) :]]
    random.shuffle(made)
    return made


@pytest.mark.parametrize(("words", "length"), [(60, 40), (400, 30)])
def test_as_many_pairs_as_are_compared(words: int, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    said, real = texts(6000, words, length), Counter[str]()
    close, each = SketchTable.close, Measured.each

    def compared(table: SketchTable, first, second):  # type: ignore[no-untyped-def]
        real["compared"] += len(first)
        return close(table, first, second)

    def counted(measured: Measured, ones, others, at_least: float):  # type: ignore[no-untyped-def]
        real["counted"] += len(ones)
        return each(measured, ones, others, at_least)

    index = LexicalIndex[int]()
    index.add(range(len(said)), [(text,) for text in said])
    with monkeypatch.context() as patched:
        patched.setattr(SketchTable, "close", compared)
        patched.setattr(Measured, "each", counted)
        assert sum(1 for _ in index.pairs(0.6)) > 1000
    found = foreseen(sketches_of(said[:1500], 0.6)[1], said[:1500], 0.6, len(said))
    assert found.items == len(said)
    assert real["compared"] / 3 < found.compared < 3 * real["compared"]
    assert real["counted"] / 3 < found.counted < 3 * real["counted"]


def test_pairs_grow_with_the_square_until_bands_are_full_and_then_with_the_items() -> None:
    said = texts(1500, 400, 30)
    _, sketches = sketches_of(said, 0.6)
    few, more, many, most = (foreseen(sketches, said, 0.6, 6000 * times) for times in (1, 10, 10**5, 10**6))
    assert more.compared / few.compared == pytest.approx(100, rel=0.05)
    assert most.compared / many.compared == pytest.approx(10, rel=0.05)
    assert (few.crowded, most.crowded) == (0, 1)
    assert few.seconds < more.seconds < many.seconds < most.seconds
    assert few.bytes < more.bytes < many.bytes < most.bytes


@pytest.mark.parametrize("said", [[], [None], ["one text"], [None, None]])
def test_of_nothing_nothing_is_told(said: list[str | None]) -> None:
    found = foreseen(sketches_of(said, 0.6)[1], [each or "" for each in said], 0.6, 10**6)
    assert (found.compared, found.seconds) == (0, 0)
