"""Mixtures: as many rows as let all shares hold, by hashes of their ids."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hfsft.hashing import digest
from hfsft.rows.batch import Row
from hfsft.rows.choice.mixture import Part, mixed, sizes
from hfsft.rows.choice.row_counts import Counts

DEFECT = "defect"


def rows(name: str, count: int, odd: int = 0) -> list[Row]:
    sound = [{"id": digest([name, number], 16), "of": name, DEFECT: None} for number in range(count)]
    return sound + [{"id": digest([name, "odd", number], 16), "of": name, DEFECT: "odd"} for number in range(odd)]


def mix(*parts: tuple[list[Row], float | None]) -> tuple[list[Row], list[Counts]]:
    counts = [Counts(read=len(found), taken=len(found)) for found, _ in parts]
    given = [Part(iter(found), share, count) for (found, share), count in zip(parts, counts, strict=True)]
    return list(mixed(given, DEFECT)), counts


@pytest.mark.parametrize(
    ("usable", "shares", "given"),
    [
        ([700, 1000], [0.7, 0.3], [700, 300, 0]),
        ([1000, 100], [0.7, 0.3], [233, 100, 0]),
        ([10, 10, 10], [0.5, 0.25, 0.25], [10, 5, 5, 0]),
        ([700, 1000], [None, 0.3], [None, 300, 700]),
        ([700, 30, 60], [None, 0.3, None], [None, 30, None, 70]),
        ([0, 10], [0.5, 0.5], [0, 0, 0]),
        ([90, 10], [0.9, 0.1], [90, 10, 0]),
        ([3, 3, 3], [0.1 + 0.2, 0.3, 0.4], [2, 2, 3, 0]),
    ],
)
def test_the_largest_mixture_whose_shares_hold(usable: list[int], shares: list[float | None], given: list[Any]) -> None:
    assert sizes(usable, shares) == given


def test_rows_that_cannot_be_used_are_all_there_and_take_no_share() -> None:
    found, counts = mix((rows("a", 70, odd=5), 0.7), (rows("b", 100, odd=3), 0.3))
    assert [sum(row["of"] == name and row[DEFECT] is None for row in found) for name in "ab"] == [70, 30]
    assert sum(row[DEFECT] is not None for row in found) == 8
    assert [(each.read, each.mixture, each.taken) for each in counts] == [(75, 0, 75), (103, 70, 33)]


def test_which_rows_depends_on_no_order_and_rows_that_join_take_few_places() -> None:
    one, other = rows("a", 100), rows("b", 1000)
    chosen = {row["id"] for row in mix((one, 0.5), (other, 0.5))[0]}
    shuffled = random.Random(1).sample(other, len(other))
    assert {row["id"] for row in mix((one[::-1], 0.5), (shuffled, 0.5))[0]} == chosen
    grown = {row["id"] for row in mix((rows("a", 110), 0.5), (other, 0.5))[0]}
    assert chosen < grown
    assert len(grown) == 220


def test_sources_without_a_share_give_of_what_is_left_by_their_size() -> None:
    found, counts = mix((rows("a", 400), None), (rows("b", 100), None), (rows("c", 100), 0.5))
    assert len(found) == 200
    assert [each.taken for each in counts][2] == 100
    assert 60 < counts[0].taken < 95
