"""Rows have the same places where no process has all of them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.stages.sizing.trim import trimming
from tests.fuzz.bounds import tries
from tests.stages.ordered_rows import KINDS, ROWS, assert_same, batch_of, over_daft

ATTRIBUTES = st.sampled_from([(), ("topic",), ("level", "topic"), ("topic", "gone")])


@given(ROWS, ATTRIBUTES, st.booleans(), st.booleans(), st.sampled_from([None, 1, 4]))
@tries(40)
def test_the_same_places(
    rows: list[dict[str, Any]], attributes: tuple[str, ...], adjusted: bool, reviewed: bool, cut: int | None
) -> None:
    step, _ = trimming(10, attributes, None, ["reviewed"] if reviewed else [])
    assert_same(step, batch_of(rows, KINDS, *([] if adjusted else ["score_adjusted_mean"])), KINDS, cut)


@pytest.mark.parametrize("attributes", [(), ("topic",)])
def test_over_daft(attributes: tuple[str, ...], tmp_path: Path) -> None:
    draw = random.Random(2)
    rows = [
        {
            "id": f"{draw.randrange(10**6):06}",
            "origin": draw.choice(["seed", "evolved", "evolved"]),
            "topic": draw.choice("aaaab"),
            "score_mean": draw.choice([None, 1.0, 2.0, 2.5]),
        }
        for _ in range(1500)  # more of one combination than a byte counts
    ]
    step, _ = trimming(100, attributes)
    assert_same(step, batch_of(rows, {name: KINDS[name] for name in rows[0]}), KINDS, None, over_daft(tmp_path), 400)
