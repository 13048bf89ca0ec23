"""Walk: the best rows that differ, whatever order the rows come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.hashing import digest
from hfsft.stages.selecting import walk
from hfsft.stages.selecting.walk import by_chance, by_vectors, by_words, order


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.2, 0.6, 0.9, 1.0]), st.integers(0, 9))
def test_a_walk_takes_what_going_one_by_one_takes(rows: int, count: int, at_most: float, seed: int) -> None:
    made = np.random.default_rng(seed).normal(size=(rows, 3)).astype(np.float32)
    vectors: list[Any] = [None if row % 7 == 6 else each / np.linalg.norm(each) for row, each in enumerate(made)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "BLOCK", 5)
        taken, alike = by_vectors(range(rows), vectors, count, at_most)
    wanted = list[int]()
    for row in range(rows):
        there = [vectors[other] for other in wanted if vectors[other] is not None and vectors[row] is not None]
        if len(wanted) < count and max((vectors[row] @ each for each in there), default=-1) <= at_most + 1e-6:
            wanted.append(row)
    assert taken == wanted
    for row, (share, other) in alike.items():
        assert other in taken
        assert share == pytest.approx(float(vectors[row] @ vectors[other]), abs=1e-5)


def test_texts_that_are_the_same_or_nearly_so_are_taken_once() -> None:
    said = [" ".join(digest([number, word], 6) for word in range(8)) for number in range(3)]
    texts = [said[0], f"{said[0]} again", said[1], said[0], None, f"{said[1]} too", said[1], said[2]]
    taken, alike = by_words(range(8), texts, 10, 0.6)
    assert taken == [0, 2, 4, 7]
    assert {row: other for row, (_, other) in alike.items()} == {1: 0, 3: 0, 5: 2, 6: 2}


def test_rows_are_ordered_by_the_mean_of_their_places() -> None:
    ids = list("abcd")
    assert order(ids, [[1, 2, 3, 4]]) == [3, 2, 1, 0]
    assert order(ids, [[1, 2, 3, None]])[-1] == 3
    assert order(ids, [[4, 3, 2, 1], [0.1, 0.3, 0.2, 0.0]])[0] == 1, "good in both before best in one"
    assert [ids[row] for row in order(ids, [])] == [ids[::-1][row] for row in order(ids[::-1], [])]


def test_chance_is_a_hash_of_its_own() -> None:
    ids = [digest(number, 16) for number in range(200)]
    drawn = by_chance(ids, 50)
    assert len(drawn) == 50
    assert {ids[row] for row in drawn} == {ids[::-1][row] for row in by_chance(ids[::-1], 50)}
    assert drawn != set(order(ids, [])[:50])
