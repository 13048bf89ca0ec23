"""Drift is found at its place, whichever share of the run it takes, and a steady judge has none, however noisy."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from hfsft.stages.judging.exams.drift import STRETCH, Graded, drifts, stretches

RIGHT = (1, 2, 4, 5)


def judged(
    seed: int,
    noise: float,
    *,
    shift: float = 0.0,
    start: int = 0,
    end: int = 0,
    many: int = 10,
    kind: float = 0.0,
    rights: Sequence[int] = RIGHT,
) -> list[Graded]:
    """The controls of a run of so many stretches; between `start` and `end` the judge is off by `shift`."""
    random = Random(seed)
    found = []
    for number in range(many * STRETCH):
        stretch, anchor = number // STRETCH, random.randrange(len(rights))
        # By anchor a judge may be off as it likes, as long as it stays so.
        score = rights[anchor] + (kind if anchor % 2 else -kind) + random.gauss(0, noise)
        score += shift if start <= stretch < end else 0
        found.append(Graded(stretch, anchor, min(5, max(1, round(score))), rights[anchor]))
    return found


@pytest.mark.parametrize("noise", [0.0, 0.3, 0.8, 1.5])
@pytest.mark.parametrize("many", [2, 10, 40])
def test_a_steady_judge_has_no_drift(noise: float, many: int) -> None:
    for seed in range(20):
        assert drifts(judged(seed, noise, many=many, kind=1.0), 0.5)[1] == set(), seed


@pytest.mark.parametrize(
    ("noise", "shift", "start", "end"),
    [
        (0.0, 2, 3, 4),
        (0.3, -2, 7, 10),
        (0.3, 2, 4, 10),  # most of the run: the others are nearer to the right scores
        (0.3, -2, 0, 5),  # half of it
        (0.5, 3, 2, 5),
    ],
)
def test_a_drift_is_found_at_its_stretches(noise: float, shift: float, start: int, end: int) -> None:
    there, hits, others = set(range(start, end)), 0, 0
    for seed in range(20):
        found, drifted = drifts(judged(seed, noise, shift=shift, start=start, end=end), 0.5)
        assert all((found[number] > 0) == (shift > 0) for number in drifted & there), seed
        hits, others = hits + len(drifted & there), others + len(drifted - there)
    assert others <= 1, "of 2,000 stretches one lies a hair beyond the bound by chance"
    # By chance the anchors of a stretch have right scores at an end of the scale, where nothing can be seen of it.
    assert hits >= 0.93 * 20 * len(there)


@pytest.mark.parametrize("anchors", [5, 10, 20])
def test_a_drift_is_found_where_few_anchors_come_twice_in_a_stretch(anchors: int) -> None:
    rights, hits = [2 + number % 3 for number in range(anchors)], 0
    for seed in range(20):
        controls = judged(seed, 0.2, shift=1.5, start=5, end=8, many=8, rights=rights)
        hits += len(drifts(controls, 0.6)[1] & {5, 6, 7})
        assert not drifts(judged(seed, 0.2, many=8, rights=rights), 0.25)[1], seed
    assert hits >= 0.9 * 20 * 3


def test_stretches_that_share_no_anchor_are_not_compared() -> None:
    controls = [
        Graded(stretch, 2 * stretch + at % 2, 1 + 3 * stretch, 3) for stretch in (0, 1) for at in range(STRETCH)
    ]
    assert drifts(controls, 0.5) == ({0: 0.0, 1: 0.0}, set())
    assert drifts([Graded(at // STRETCH, at, at % 5, 3) for at in range(2 * STRETCH)], 0.5)[1] == set()


def test_thousands_of_stretches_take_no_time() -> None:
    assert drifts(judged(1, 0.3, shift=3, start=1000, end=1010, many=2_000), 0.5)[1] == set(range(1000, 1010))


def test_what_lies_within_the_bound_is_none() -> None:
    controls = [Graded(stretch, 0, 3 + (stretch == 2), 3) for stretch in range(5) for _ in range(STRETCH)]
    assert drifts(controls, 0.5) == ({0: 0, 1: 0, 2: 1, 3: 0, 4: 0}, {2})
    assert drifts(controls, 1.0)[1] == set()


def test_one_stretch_has_nothing_to_be_compared_with() -> None:
    assert drifts([Graded(0, 0, 5, 1)] * 9, 0.5) == ({0: 0.0}, set())
    assert drifts([], 0.5) == ({}, set())


def test_a_stretch_ends_with_its_last_control() -> None:
    carries = [number % 3 == 0 for number in range(3 * 20)]  # 20 controls: two stretches, the rest with the last
    assert stretches(carries) == [0] * (3 * 7 + 1) + [1] * (3 * 13 - 1)
    assert stretches([True] * 3) == [0] * 3
    assert stretches([]) == []
