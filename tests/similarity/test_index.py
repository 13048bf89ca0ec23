"""One index of likeness: in whatever order and parts items are added, and whatever it is used for."""

from __future__ import annotations

import io
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hfsft.similarity
from hfsft.similarity import DenseIndex, Index, LexicalIndex, normalise
from tests.similarity.lexical.test_candidates import planted
from tests.similarity.pairs import near_pairs

TEXTS = st.lists(st.text("ab ?é中", max_size=30), max_size=12)
FRAME = "Please read the meter of house {} and tell me whether it is plausible"
PROMPTS = [
    "How long does a refund take to arrive?",
    "How long does a refund take to arrive now?",
    "Where can I see what is in my parcel?",
    "HOW long does a refund take to arrive",
    "  ",
    *(FRAME.format(number) for number in ("twelve north", "nine of the mill", "of the old baker", "seven and eight")),
    *(FRAME.format(number) for number in ("by the lake", "two up the hill", "under the bridge", "of the far ferry")),
    *(FRAME.format(number) for number in ("of the far ferry now", "with a red door", "at the last stop")),
]


def lexical(keys: Sequence[int], items: Sequence[Any], order: Sequence[int], cuts: Sequence[int]) -> LexicalIndex[int]:
    """An index that items were added to in this order, in as many parts as there are cuts and one."""
    index = LexicalIndex[int]()
    for start, stop in zip([0, *cuts], [*cuts, len(order)], strict=True):
        index.add([keys[place] for place in order[start:stop]], [items[place] for place in order[start:stop]])
    return index


def told(pairs: Any) -> set[tuple[frozenset[int], float]]:
    return {(frozenset((one, other)), similarity) for one, other, similarity in pairs}


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.sampled_from([0.3, 0.5, 0.8]), st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_of_adding_finds_what_one_search_finds(
    texts: list[str], at_least: float, draw: random.Random, parts: int
) -> None:
    texts = [*texts, *PROMPTS]
    places = list(range(len(texts)))
    order = draw.sample(places, len(places))
    cuts = sorted(draw.randrange(len(order) + 1) for _ in range(parts))
    wanted, found = list(near_pairs(texts, at_least)), list(lexical(places, texts, places, cuts).pairs(at_least))
    assert found == wanted, "in the order of the rows, to the byte"
    moved = lexical(places, texts, order, cuts)
    same, first = moved.copies(), lexical(places, texts, places, cuts).copies()
    assert len(same) == len(first)

    def by_original(pairs: Any, copies: dict[int, int]) -> set[tuple[frozenset[str], float]]:
        return {
            (frozenset((normalise(texts[one]), normalise(texts[other]))), similarity)
            for one, other, similarity in pairs
            if other not in copies
        }

    assert by_original(moved.pairs(at_least), same) == by_original(wanted, first)


def test_more_items_than_are_all_compared_are_found_in_any_order_too(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, _ = planted(300, seed=5)
    texts += [FRAME.format(f"{number} of {number % 7}") for number in range(80)]
    wanted = told(near_pairs(texts, 0.6))
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)
    monkeypatch.setattr("hfsft.similarity.lexical_index.FEW", 10)
    places = list(range(len(texts)))
    draw = random.Random(3)
    found = [
        told(lexical(places, texts, draw.sample(places, len(places)), [draw.randrange(len(places))]).pairs(0.6))
        for _ in range(3)
    ]
    assert found[0] == found[1] == found[2] <= wanted
    assert not lexical(places, texts, places, []).exact
    assert len(found[0]) >= 0.99 * len(wanted)


@settings(deadline=None, max_examples=40)
@given(TEXTS, st.booleans())
def test_neighbours_of_an_item_are_those_that_it_is_paired_with(texts: list[str], two: bool) -> None:
    texts = [*texts, *PROMPTS]
    items: list[Any] = [(text, text[:5]) for text in texts] if two else texts
    index = lexical(range(len(items)), items, range(len(items)), [])
    same = index.copies()
    paired = {frozenset((one, other)): value for one, other, value in index.pairs(0.2) if other not in same}
    for key, found in enumerate(index.neighbours(items, 0.2)):
        assert [value for _, value in found] == sorted((value for _, value in found), reverse=True)
        itself = same.get(key, key)
        for other, value in found:
            original = same.get(other, other)
            assert value == (1.0 if itself == original else paired[frozenset((itself, original))])
        beside = {other for pair in paired if itself in pair for other in pair}
        blank = not any(items[key]) or not "".join(items[key]).strip()
        assert {same.get(other, other) for other, _ in found} == (set() if blank else beside | {itself})


def test_groups_are_kept_apart_and_parts_must_be_as_many() -> None:
    index = LexicalIndex[str]()
    index.add(["a", "b"], ["Hello there you two", "hello there you two!"], ["calm", "loud"])
    assert index.copies() == {}
    assert index.neighbours(["Hello there, you two"], groups=["LOUD"]) == [[("b", 1.0)]]
    with pytest.raises(ValueError, match="an item of 2 parts, in an index of items with 1"):
        index.neighbours([("one", "two")])
    with pytest.raises(ValueError, match="under 'b' already"):
        index.add(["b"], ["again"])
    with pytest.raises(ValueError, match="1 keys for 2 items"):
        index.add(["c"], ["one", "two"])


def vectors(count: int, width: int = 24, seed: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    draw = np.random.default_rng(seed)
    made = draw.normal(size=(count, width)).astype(np.float32)
    made[1::3] = made[: len(made[1::3])] + 0.1 * draw.normal(size=made[1::3].shape)
    return made


def dense(rows: Any, order: Sequence[int], cut: int = 0) -> DenseIndex[int]:
    index = DenseIndex[int]()
    index.add(order[:cut], rows[order[:cut]])
    index.add(order[cut:], rows[order[cut:]])
    return index


@pytest.mark.parametrize("block", [7, 1024])
def test_vectors_are_all_compared_in_any_order(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.similarity.dense_index.BLOCK", block)
    rows = vectors(90)
    rows = np.concatenate([rows, np.zeros((2, 24), np.float32), rows[:3]])
    units = rows.astype(np.float64)
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-9)
    wanted = {
        frozenset((one, other))
        for one in range(len(rows))
        for other in range(one)
        if units[one] @ units[other] >= 0.8 and max(one, other) < 92
    }
    places = list(range(len(rows)))
    found = list(dense(rows, places, 40).pairs(0.8))
    assert {frozenset(pair[:2]) for pair in found if pair[1] < 92} == wanted
    assert [pair for pair in found if pair[1] >= 92] == [(0, 92, 1.0), (1, 93, 1.0), (2, 94, 1.0)]
    moved = dense(rows, random.Random(2).sample(places, len(places)), 10)
    several = {92, 93, 94, 0, 1, 2}  # of two that are the same, the one that came first stands for both
    plain = [{pair for pair in told(each) if not pair[0] & several} for each in (found, moved.pairs(0.8))]
    assert plain[0] == plain[1], "to the last bit"
    near = dense(rows, places).neighbours(rows[:5], most=3)
    for key, neighbours in enumerate(near):
        order = np.argsort(-(units @ units[key]), kind="stable")[:3]
        assert [other for other, _ in neighbours] == order.tolist()
        assert neighbours[0] == (key, pytest.approx(1.0))


def test_a_vector_of_another_length_is_refused() -> None:
    index = dense(vectors(4), range(4))
    with pytest.raises(ValueError, match="in an index of vectors of 24 length"):
        index.add([9], np.ones((1, 3)))
    with pytest.raises(ValueError, match="infinite"):
        index.neighbours([[float("nan")] * 24])
    assert list(DenseIndex[int]().pairs(0.5)) == []
    assert DenseIndex[int]().neighbours([[1.0, 2.0]]) == [[]]
    assert LexicalIndex[int]().neighbours(["x"]) == [[]]


def through_a_file(table: pa.Table) -> pa.Table:
    file = io.BytesIO()
    feather.write_feather(table, file)
    return feather.read_table(io.BytesIO(file.getvalue()))


def test_an_index_is_kept_in_a_file_and_grows_on() -> None:
    texts = lexical(range(len(PROMPTS)), PROMPTS, range(len(PROMPTS)), [])
    again = LexicalIndex[int].of(through_a_file(texts.table()))
    assert list(again.pairs(0.3)) == list(texts.pairs(0.3))
    for index in (texts, again):
        index.add([99], ["How long do refunds take to arrive?"])
    assert list(again.pairs(0.3)) == list(texts.pairs(0.3))
    rows = vectors(20)
    kept = DenseIndex[int].of(through_a_file(dense(rows, range(20)).table()))
    assert list(kept.pairs(0.5)) == list(dense(rows, range(20)).pairs(0.5))
    assert len(DenseIndex[int].of(through_a_file(DenseIndex[int]().table()))) == 0


def novelty(known: Index[Any, Any], items: Any, at_most: float) -> list[bool]:
    """Which items are like none that is known."""
    return [not found for found in known.neighbours(items, at_most, most=1)]


def retrieved(documents: Index[Any, Any], question: Any, most: int) -> list[Any]:
    """The documents that are most like a question."""
    (found,) = documents.neighbours(question, most=most)
    return [key for key, _ in found]


def contaminated(held_out: Index[Any, Any], rows: Any, at_least: float) -> dict[int, tuple[Any, float]]:
    """The rows that are like an item held out, with it."""
    found = held_out.neighbours(rows, at_least, most=1)
    return {place: each[0] for place, each in enumerate(found) if each}


def crowds(index: Index[Any, Any], at_least: float) -> Counter[Any]:
    """How many others each item is like."""
    return Counter(key for one, other, _ in index.pairs(at_least) for key in (one, other))


@pytest.mark.parametrize("kind", ["lexical", "dense"])
def test_what_asks_for_likeness_asks_any_index(kind: str) -> None:
    """Toy callers, each written for the protocol alone."""
    index: Index[Any, Any]
    if kind == "lexical":
        index, items = LexicalIndex[int](), PROMPTS[:3]
        near, far = ["How long does the refund take to arrive?"], ["A cat sat on a mat."]
    else:
        index, items = DenseIndex[int](), [[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.0, 1.0, 0.0]]
        near, far = [[0.95, 0.02, 0.0]], [[0.0, 0.0, 1.0]]
    index.add([0, 1, 2], items)
    assert index.exact
    assert len(index) == 3
    assert novelty(index, [*near, *far], 0.6) == [False, True]
    assert set(retrieved(index, near, 2)) == {0, 1}
    assert [key for key, _ in contaminated(index, [*far, *near], 0.6).values()] in ([0], [1])
    assert crowds(index, 0.6) == {0: 1, 1: 1}


def test_vectors_of_a_column_are_taken_as_they_are() -> None:
    """Single-precision arrays, and None where a text is blank: that is like nothing."""
    vectors = [None, np.array([1, 0], np.float32), np.array([1, 1], np.float32), None]
    index = DenseIndex[int]()
    index.add(range(4), vectors)
    assert [(one, other) for one, other, _ in index.pairs(0.5)] == [(1, 2)]
    assert index.neighbours([None, vectors[1]], 0.5, most=1) == [[], [(1, 1.0)]]
    empty = DenseIndex[int]()
    empty.add([0, 1], [None, None])
    assert not list(empty.pairs(0.1))


def test_nobody_looks_for_likeness_by_other_means() -> None:
    means = re.compile(r"hfsft\.similarity\.(lexical\b|dense_index|lexical_index)|datasketch|rapidfuzz")
    package = Path(hfsft.similarity.__file__).parent.parent
    for path in sorted(package.rglob("*.py")):
        if not {"similarity", "near"} & {*path.parts}:  # the same by rounds
            imports = [line for line in path.read_text().splitlines() if re.match(r"\s*(from|import) ", line)]
            assert not [line for line in imports if means.search(line)], path
