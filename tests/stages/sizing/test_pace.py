"""Scripted acceptance: the size is met, with hardly a row more than the least that would have done."""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import mean

import pytest

from hfsft.stages.sizing.pace import LATELY, Brought, Pace


def waves(pace: Pace, accepted: list[bool], others: int = 0) -> list[Brought]:
    found: list[Brought] = []
    at = 0
    while (asked := pace.wanted(others, found)) and not pace.exhausted(found):
        found.append(Brought(asked, sum(accepted[at : at + asked])))
        at += asked
    return found


def scripts(share: float, size: int, count: int) -> Iterator[list[bool]]:
    for seed in range(count):
        luck = random.Random(f"{seed} {share} {size}")
        yield [luck.random() < share for _ in range(int(4 * size / share) + 500)]


def least(accepted: list[bool], size: int) -> int:
    """The number of rows, in their order, with which the size is met."""
    found = 0
    for asked, yes in enumerate(accepted, 1):
        found += yes
        if found == size:
            return asked
    raise AssertionError("too few in the script")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("size", [50, 400, 2000])
def test_the_size_is_met_with_hardly_a_row_too_many(share: float, size: int) -> None:
    over, numbers = [], []
    for accepted in scripts(share, size, 20):
        found = waves(Pace(size), accepted)
        assert sum(wave.accepted for wave in found) >= size
        over.append(sum(wave.asked for wave in found) / least(accepted, size) - 1)
        numbers.append(len(found))
    assert mean(over) <= 0.03
    assert max(over) <= (0.1 if size >= 400 else 0.25)
    assert mean(numbers) <= 12


def test_rows_that_no_wave_brought_count() -> None:
    assert Pace(100).wanted(100, []) == 0
    assert Pace(100).wanted(95, []) == 5
    assert sum(wave.asked for wave in waves(Pace(100), [True] * 200, others=60)) == 40


def test_a_row_that_others_grow_from_is_asked_for_once() -> None:
    assert Pace(100, most=4).wanted(0, []) == 20
    assert Pace(40, most=4).wanted(0, []) == 10
    assert Pace(100, most=4).wanted(0, [Brought(20, 60)]) <= 40 / 3


def test_where_less_and_less_is_new_it_ends() -> None:
    accepted = [True] * 100 + [False] * 10_000
    found = waves(Pace(400), accepted)
    assert sum(wave.accepted for wave in found) == 100
    assert sum(wave.asked for wave in found) < 1000


def test_what_came_last_is_believed_over_what_came_first() -> None:
    pace = Pace(1000)
    assert pace.lately([Brought(400, 390), Brought(300, LATELY)]) == Brought(300, LATELY)
    assert pace.lately([Brought(400, 390), Brought(10, 1)]).asked == 410


def test_a_hard_rule_may_take_longer() -> None:
    (accepted,) = scripts(0.01, 20, 1)
    assert sum(wave.accepted for wave in waves(Pace(20), accepted)) < 20
    assert sum(wave.accepted for wave in waves(Pace(20, least=0.002), accepted)) >= 20


@pytest.mark.parametrize(
    ("brought", "given_up"),
    [
        ([(20, 5), (65, 1)], False),
        ([(20, 5), (65, 0)], True),
        ([(20, 5), (40, 1), (40, 0)], False),
        ([(20, 5), (80, 1), (80, 1)], True),
        ([(20, 0), (20, 0)], False),
        ([(20, 5), (160, 4)], False),
    ],
)
def test_one_accepted_row_among_few_is_no_reason_to_give_up(brought: list[tuple[int, int]], given_up: bool) -> None:
    assert Pace(100).exhausted([Brought(*each) for each in brought]) is given_up
