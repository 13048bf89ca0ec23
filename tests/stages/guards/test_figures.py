"""Figures of a set: known values for known texts, the same whatever the order of what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from hfsft.stages.guards.figures import WORDS, apart, distinct, opening, vendi, words


@pytest.mark.parametrize(
    ("texts", "length", "wanted"),
    [
        (["a b c d"], 2, 1.0),
        (["a b a b a"], 2, 0.5),
        (["where is it", "Where is it?"], 2, 0.5),
        (["a", ""], 2, None),
        ([], 2, None),
        (["a b c"], 1, 1.0),
        (["我要退款", "我要退款"], 2, 0.5),
    ],
)
def test_distinct(texts: list[str], length: int, wanted: float | None) -> None:
    assert distinct(texts, length) == wanted


def test_a_larger_set_of_the_same_kind_has_the_same_share() -> None:
    texts = [f"order {number} is late and {number} is red" for number in range(5_000)]
    assert distinct(texts) == distinct(texts[: WORDS // 4])


def test_words_are_those_of_the_normal_form() -> None:
    assert words("Where's my PARCEL?!") == words("wheres my parcel")
    assert words("我要退款") == ["我", "要", "退", "款"]


def test_opening() -> None:
    assert opening(["How do I pay?", "how do I leave", "Where?"]) == ("how do i", 2 / 3)
    assert opening([]) is None
    assert opening(["", ""]) == ("", 1.0)


def test_the_commonest_opening_is_counted_exactly_among_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.stages.guards.figures.OPENINGS", 100)
    texts = [f"order {number} here" if number % 20 else "how do I pay" for number in range(10_000)]
    assert opening(texts) == ("how do i", 0.05)
    assert opening([f"order {number} here" for number in range(10_000)]) is None


def test_the_vendi_score_counts_what_is_wholly_different() -> None:
    eye = np.eye(8, dtype=np.float32)
    assert vendi([eye]) == pytest.approx(8)
    assert vendi([np.repeat(eye[:1], 8, axis=0)]) == pytest.approx(1)
    assert vendi([eye[:4], eye[:3], eye[:4], eye[3:4]]) == pytest.approx(4)
    assert vendi([np.zeros((3, 8), np.float32)]) is None
    assert vendi([]) is None


def test_the_vendi_score_is_that_of_the_similarity_matrix() -> None:
    vectors = np.random.default_rng(1).normal(size=(40, 16)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    shares = np.linalg.eigvalsh((unit @ unit.T).astype(np.float64) / 40)
    shares = shares[shares > 1e-9]
    assert vendi([vectors[:7], vectors[7:]]) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-4)


def test_apart() -> None:
    eye = np.eye(4, dtype=np.float32)
    assert apart(eye) == pytest.approx(1)
    assert apart(np.concatenate([eye, eye])) == pytest.approx(0)
    assert apart(eye[:1]) is None
