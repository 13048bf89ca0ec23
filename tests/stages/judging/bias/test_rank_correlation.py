"""Rank correlations: known values, none where there is nothing to order, and no verdict by chance."""

from __future__ import annotations

from random import Random

import pytest

from hfsft.stages.judging.bias.rank_correlation import at_equal, spearman

UP = list(range(12))
SWAPPED = [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]


@pytest.mark.parametrize(
    ("one", "other", "rho"),
    [
        (UP, [each**3 for each in UP], 1.0),
        (UP, [-each for each in UP], -1.0),
        (UP, [*UP[:-1], 10**9], 1.0),
        (UP, SWAPPED, 1 - 6 * 12 / (12 * 143)),  # 1 - 6 * sum of squared differences / (n (n * n - 1))
        (UP, [1] * 6 + [2] * 6, (108 / 143) ** 0.5),  # ranks 3.5 and 9.5
        ([0.1 + 0.2, 0.3] * 6, [1, 2] * 6, None),  # equal but for how they were added up
        (UP, [3] * 12, None),
        (UP[:9], UP[:9], None),
    ],
    ids=["cubed", "turned round", "one far off", "swapped in pairs", "ties", "one sum", "all the same", "too few"],
)
def test_the_order_of_values_alone_decides(one: list[float], other: list[float], rho: float | None) -> None:
    found = spearman(one, other)
    if rho is None:
        assert found is None
        return
    assert found is not None
    assert found.rho == pytest.approx(rho)
    assert found.low <= found.rho <= found.high
    assert found.rows == 12


def test_what_two_measures_owe_to_a_third_is_taken_off() -> None:
    random = Random(7)
    held = [random.gauss(0, 1) for _ in range(600)]
    one = [each + random.gauss(0, 0.5) for each in held]
    other = [each + random.gauss(0, 0.5) for each in held]
    plain, alone = spearman(one, other), at_equal(one, other, held)
    assert plain is not None
    assert alone is not None
    assert plain.rho > 0.7
    assert abs(alone.rho) < 0.15
    own = at_equal(one, [a + b for a, b in zip(one, held, strict=True)], held)
    assert own is not None
    assert own.rho > 0.9
    assert at_equal(held, one, held) is None  # the third says all of the first
    assert at_equal(one, other, [1.0] * 600) == spearman(one, other)  # all alike in it


def test_the_interval_holds_the_true_value_in_95_of_100_cases() -> None:
    held = 0
    for seed in range(200):
        random = Random(seed)
        one = [random.gauss(0, 1) for _ in range(80)]
        other = [0.6 * each + 0.8 * random.gauss(0, 1) for each in one]
        found = spearman(one, other)
        assert found is not None
        held += found.low <= 0.582 <= found.high  # of normal values: 6 / pi * asin(0.6 / 2)
    assert 182 <= held <= 198


def test_chance_is_as_rare_as_it_is_said_to_be() -> None:
    sure = 0
    for seed in range(400):
        random = Random(seed)
        found = spearman([random.randint(1, 5) for _ in range(60)], [random.random() for _ in range(60)])
        assert found is not None
        sure += found.surely(0.05)
    assert 8 <= sure <= 36  # 20 of 400
