"""What stays of more rows than were asked for."""

from __future__ import annotations

import random
from typing import Any

from hfsft.stages.sizing.trim import RANK, ranking

ROWS: list[dict[str, Any]] = [
    {"id": "seed", "origin": "seed", "topic": "refunds", "score_mean": 1.0},
    {"id": "example", "origin": "example", "topic": "delivery", "score_mean": None},
    {"id": "good", "origin": "written", "topic": "refunds", "score_mean": 5.0},
    {"id": "fair", "origin": "written", "topic": "refunds", "score_mean": 3.0},
    {"id": "poor", "origin": "written", "topic": "returns", "score_mean": 2.0},
    {"id": "none", "origin": "evolved", "topic": None, "score_mean": None},
]


def ranked(rows: list[dict[str, Any]], *attributes: str) -> list[str]:
    made = ranking(attributes)({name: [row[name] for row in rows] for name in rows[0]})
    return [row["id"] for _, row in sorted(zip(made[RANK], rows, strict=True), key=lambda pair: pair[0])]


def test_peoples_rows_stand_first_then_the_best() -> None:
    assert ranked(ROWS) == ["example", "seed", "good", "fair", "poor", "none"]


def test_what_is_thin_goes_before_what_is_good() -> None:
    assert ranked(ROWS, "topic") == ["example", "seed", "poor", "none", "good", "fair"]


def test_the_order_of_the_rows_is_no_matter() -> None:
    wanted = ranked(ROWS, "topic")
    for seed in range(10):
        assert ranked(random.Random(seed).sample(ROWS, len(ROWS)), "topic") == wanted
