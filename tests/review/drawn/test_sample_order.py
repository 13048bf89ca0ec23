"""The order of the sample: proportional in every beginning, the same whatever the order of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from hfsft.review.drawn.reviewed_rows import Candidate
from hfsft.review.drawn.sample_order import band_starts, sample_order, turned


def candidate(number: int, topic: str = "", score: float | None = None) -> Candidate:
    return Candidate(number, f"{number:016x}", f"c{number}", topic, score, "train", "", by_people=False)


ROWS = [
    candidate(
        number, ("refund", "refund", "refund", "order", "other")[number % 5], float(number % 7) if number % 4 else None
    )
    for number in range(2000)
]


def strata(rows: Sequence[Candidate]) -> Counter[tuple[str, str]]:
    starts = band_starts([row.score for row in ROWS if row.score is not None])
    return Counter(
        (row.topic, "none" if row.score is None else str(sum(row.score >= start for start in starts))) for row in rows
    )


@pytest.mark.parametrize("size", [10, 50, 100, 151, 700, 1999])
def test_each_beginning_holds_of_each_stratum_its_share_give_or_take_one(size: int) -> None:
    whole, part = strata(ROWS), strata(sample_order(ROWS)[:size])
    for stratum, rows in whole.items():
        assert abs(part[stratum] - rows * size / len(ROWS)) <= 1 + 1e-9, stratum


def test_a_longer_sample_begins_with_the_shorter_whatever_the_order_of_the_rows() -> None:
    assert sample_order(ROWS[::-1]) == sample_order(ROWS)
    assert sorted(sample_order(ROWS)) == sorted(ROWS)


def test_rows_that_come_later_move_few_of_the_sample() -> None:
    before, after = (set(sample_order(rows)[:200]) for rows in (ROWS[:1900], ROWS))
    assert len(before & after) > 150


def test_rows_of_small_strata_are_as_likely_as_any_other() -> None:
    alone = [candidate(number, f"topic {number}") for number in range(1000)]
    many = [candidate(number, "usual") for number in range(1000, 2000)]
    part = sample_order([*alone, *many])[:400]
    assert 150 < sum(row.topic != "usual" for row in part) < 250


def test_two_reviewers_begin_apart_and_see_all_rows() -> None:
    sample = sample_order(ROWS)[:100]
    ann, bob = turned(sample, "ann"), turned(sample, "bob")
    assert set(ann) == set(bob) == set(sample)
    assert ann[0] != bob[0]
    assert turned([], "ann") == []


@pytest.mark.parametrize(
    ("scores", "starts"),
    [([], []), ([3.0], [3.0]), ([5.0] * 9, [5.0]), ([1, 2, 3, 4, 5, 6], [3, 5]), ([4, 4, 4, 4, 5, 5], [4, 5])],
)
def test_bands_begin_with_scores_so_that_equal_ones_share_a_band(scores: list[float], starts: list[float]) -> None:
    assert band_starts(scores) == starts
