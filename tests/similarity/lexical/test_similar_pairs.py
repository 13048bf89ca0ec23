"""How alike texts are, and the families that they join."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfsft.similarity import families, normalise
from hfsft.similarity.lexical.shingles import shingles
from tests.similarity.pairs import near_pairs

TEXTS = st.lists(st.text("ab ?é中", max_size=30), max_size=12)


def test_shingles_tell_all_characters_apart() -> None:
    assert len(shingles("abcdef")) == 5  # 6 characters and the blanks around them, 4 at a time
    assert len(shingles("中")) == 1
    assert list(shingles("ab")) != list(shingles("ba"))
    assert list(shingles("\ud800")) != list(shingles("\ud801"))  # half a character, as broken JSON brings them


def jaccard(one: str, other: str) -> float:
    first, second = set(shingles(normalise(one)).tolist()), set(shingles(normalise(other)).tolist())
    return len(first & second) / len(first | second)


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_every_pair_is_right_and_equals_are_joined(texts: list[str], at_least: float) -> None:
    pairs = list(near_pairs(texts, at_least))
    assert len({(i, j) for i, j, _ in pairs}) == len(pairs)
    for i, j, similarity in pairs:
        assert i < j
        assert at_least <= similarity <= 1
        assert similarity == pytest.approx(jaccard(texts[i], texts[j]))
    family = families(len(texts), pairs)
    for i, one in enumerate(texts):
        for j, other in enumerate(texts):
            if normalise(one) and normalise(one) == normalise(other):
                assert family[i] == family[j]


@settings(deadline=None, max_examples=30)
@given(TEXTS, st.randoms(use_true_random=False))
def test_families_do_not_depend_on_the_order_of_rows(texts: list[str], shuffled: random.Random) -> None:
    places = list(range(len(texts)))
    shuffled.shuffle(places)

    def grouped(order: list[int]) -> set[frozenset[int]]:
        roots = families(len(order), near_pairs([texts[place] for place in order], 0.5))
        return {frozenset(order[i] for i, r in enumerate(roots) if r == root) for root in roots}

    assert grouped(list(range(len(texts)))) == grouped(places)


def test_families_join_through_others() -> None:
    assert families(6, [(4, 2), (2, 0), (3, 5)]) == [0, 1, 0, 3, 0, 3]


def test_many_copies_make_as_many_pairs() -> None:
    pairs = list(near_pairs(["How long does a refund take?"] * 5000 + ["How long does a refund take now?"], 0.7))
    assert len(pairs) == 5000


def test_hash_seed_changes_nothing() -> None:
    code = (
        "from tests.similarity.pairs import near_pairs\n"
        "words = [f'row {n % 7} of table {n % 11} about refunds' for n in range(200)]\n"
        "print(list(near_pairs(words, 0.6)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
