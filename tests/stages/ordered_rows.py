"""Rows as steps that put all rows in order are given them, here and scattered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.spread.scattered import Scattered
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch
from tests.engine.spread.rounds import scattered, spread_out

SCORES = st.sampled_from([None, 0.0, -0.0, 1.0, 1.5, 2.0, 5.0])
KINDS: dict[str, Any] = {
    "id": "string",
    "origin": "string",
    "reviewed": "string",
    "topic": "string",
    "level": "string",
    "score_mean": "float64",
    "score_adjusted_mean": "float64",
}
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids().map(lambda each: each.hex[:8]),
            "origin": st.sampled_from(["example", "seed", "edited", "evolved", "written"]),
            "reviewed": st.sampled_from([None, "accepted", "edited"]),
            "topic": st.sampled_from([None, "", "a", "b", "\uffff", "\U0001f600"]),
            "level": st.sampled_from([None, "a", "x"]),
            "score_mean": SCORES,
            "score_adjusted_mean": SCORES,
        }
    ),
    max_size=24,
    unique_by=lambda row: row["id"],
)


def over_daft(folder: Path, name: str = "step") -> Scattered:
    """Where rows lie for Daft."""
    return Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(folder), name))


def batch_of(rows: Sequence[dict[str, Any]], kinds: dict[str, Any], *without: str) -> Batch:
    """Rows as columns."""
    return {name: [row[name] for row in rows] for name in kinds if name not in without}


def assert_same(
    step: Step,
    batch: Batch,
    kinds: dict[str, Any],
    cut: int | None = None,
    over: Scattered | None = None,
    most: int = 3,
) -> Batch:
    """What a step makes, by rounds as in one process; `most` rows are sorted together."""
    given = {name: batch[name] for name in step.given(batch)}
    wanted: Batch = step.function(given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hfsft.near.order_numbers.MOST_ROWS", most)
        found = spread_out(step.function, scattered(given, kinds, cut, over), len(batch["id"]), step.writes)
    assert found == wanted
    return wanted
