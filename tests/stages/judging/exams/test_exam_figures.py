"""Figures of an exam against values worked out by hand, and what they say of judges that are none."""

from __future__ import annotations

from collections import Counter
from math import log2

import pytest

from hfsft.stages.judging.exams.exam_figures import Levels, Twice, entropy, exam_figures, kendall

FIVE = Levels(1, 5)
SHARES = Levels(0, 1, 1 / 4)


def test_a_judge_that_is_right_each_time() -> None:
    found = exam_figures([(1, 1), (3, 3), (5, 5)], [Twice(4, 4), Twice(2, 2)], FIVE, [1, 2, 3])
    assert found._asdict() == {
        "error": 0, "bias": 0, "rank": 1, "adjacent": 1, "consistency": 1,
        "entropy": pytest.approx(log2(3)), "commonest": pytest.approx(1 / 3), "right": pytest.approx(1 / 3),
        "unscored": 0,
    }  # fmt: skip


def test_a_judge_that_is_kind_noisy_and_silent() -> None:
    graded = [(1, 4), (2, 3), (4, 5), (5, 5), (3, None)]
    found = exam_figures(
        graded, [Twice(4, 5), Twice(5, 5), Twice(3, None)], FIVE, [*(score for _, score in graded), 5, 5, None]
    )
    assert (found.error, found.bias) == (pytest.approx(5 / 4), pytest.approx(5 / 4))
    assert (found.adjacent, found.consistency, found.unscored) == (3 / 4, 1 / 2, 2 / 8)
    # Of six pairs four are in the same order, one is in the other, and one has the same score twice.
    assert found.rank == pytest.approx((4 - 1) / (6 * 5) ** 0.5)
    assert found.commonest == 2 / 4


def test_a_judge_of_one_score_ranks_nothing() -> None:
    found = exam_figures([(1, 4), (5, 4)], [], FIVE)
    assert (found.rank, found.entropy, found.commonest, found.right) == (None, 0, 1, 1 / 2)
    assert found.consistency is None


def test_without_a_verdict_nothing_is_said_but_that() -> None:
    found = exam_figures([(1, None), (5, None)], [Twice(None, None)], FIVE, [None, None, None])
    assert set(found) == {None, 0.5, 1.0}
    assert found.unscored == 1.0


@pytest.mark.parametrize(
    ("levels", "right", "given", "hits"),
    [
        (FIVE, 3, 4, True),
        (FIVE, 3, 4.01, False),
        (SHARES, 0.5, 0.75, True),  # one question of four
        (SHARES, 0.5, 1.0, False),
        (Levels(0, 100), 50, 60, True),
        (Levels(0, 100), 50, 61, False),
        (Levels(1, 10), 5, 6, True),
        (Levels(0.0, 1.0, 0.1), 0.1, 0.2, True),
    ],
)
def test_a_hit_is_one_level_off_at_most(levels: Levels, right: float, given: float, hits: bool) -> None:
    assert exam_figures([(right, given)], [], levels).adjacent == float(hits)


def test_expected_scores_are_the_same_within_half_a_level() -> None:
    assert exam_figures([], [Twice(2.49, 2.51), Twice(2.0, 2.6)], FIVE).consistency == 1 / 2
    assert exam_figures([(1, 2.49), (5, 2.4), (3, 2.1)], [], FIVE).commonest == 1.0


@pytest.mark.parametrize(
    ("xs", "ys", "tau"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], 1.0),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
        ([12, 2, 1, 12, 2], [1, 4, 7, 1, 0], -0.47140452079103173),  # as scipy.stats.kendalltau gives it
        ([1, 1, 2, 2], [1, 2, 1, 2], 0.0),
        ([1, 1], [1, 2], None),
        ([], [], None),
    ],
)
def test_rank_agreement_counts_ties(xs: list[float], ys: list[float], tau: float | None) -> None:
    found = kendall(xs, ys)
    assert found == (tau if tau is None else pytest.approx(tau))


def test_entropy_is_in_bits() -> None:
    assert entropy(Counter([1, 1, 1, 1])) == 0
    assert entropy(Counter([1, 2, 3, 4])) == pytest.approx(2)
    assert entropy(Counter([1] * 9 + [2])) == pytest.approx(0.4689956)
