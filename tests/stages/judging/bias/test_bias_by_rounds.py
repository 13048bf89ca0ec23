"""Places of judged rows, and scores without length, are the same where no process has all rows."""

from __future__ import annotations

import random
from math import fsum
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfsft.stages.judging.bias.length_adjusted import adjusting_step
from hfsft.stages.judging.bias.length_rounds import exactly
from hfsft.stages.judging.bias.measured import placing_step
from tests.fuzz.bounds import tries
from tests.stages.ordered_rows import assert_same, batch_of, over_daft

KINDS: dict[str, Any] = {"id": "string", "response": "string", "score_use": "float64", "score_mean": "float64"}
SCORES = st.none() | st.floats(0, 10) | st.sampled_from([1.0, 2.0, 0.1, 1e-300])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids().map(str),
            "response": st.none() | st.integers(0, 40).map("word ".__mul__),
            "score_use": SCORES,
            "score_mean": SCORES,
        }
    ),
    max_size=20,
)


@given(ROWS, st.sampled_from([None, 1, 3]))
@tries(100)
def test_the_same_scores_to_the_last_digit(rows: list[dict[str, Any]], cut: int | None) -> None:
    batch = batch_of(rows, KINDS)
    assert_same(adjusting_step("judge.adjust", ["use", "mean"]), batch, KINDS, cut)
    assert_same(placing_step("judge.place"), batch, KINDS, cut)


@given(st.lists(st.floats(-1e9, 1e9) | st.floats(-1e-9, 1e-9), max_size=30), st.integers(0, 30))
@tries(200)
def test_sums_of_parts_are_the_sum_of_all(values: list[float], cut: int) -> None:
    first, second = exactly(values[:cut]), exactly(values[cut:])
    assert fsum((*first, *second)) == fsum(values)


def test_over_daft(tmp_path: Path) -> None:
    draw = random.Random(3)
    rows = [
        {
            "id": str(number),
            "response": " ".join("so" for _ in range(draw.randrange(50))),
            "score_use": draw.choice([None, draw.uniform(1, 5)]),
            "score_mean": draw.uniform(1, 5),
        }
        for number in range(200)
    ]
    batch = batch_of(rows, KINDS)
    found = assert_same(
        adjusting_step("judge.adjust", ["use", "mean"]), batch, KINDS, None, over_daft(tmp_path / "adjust")
    )
    assert found["score_adjusted_mean"] != batch["score_mean"]
    assert_same(placing_step("judge.place"), batch, KINDS, None, over_daft(tmp_path / "place"))
