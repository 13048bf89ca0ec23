"""The same rows are selected where no process has all of them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.resources import Work
from hfsft.engine.spread.scattered import Scattered
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch
from hfsft.stages.selecting.select import UNSELECTED
from hfsft.stages.selecting.twin import CHOSEN
from tests.fuzz.bounds import tries
from tests.near.test_near_by_rounds import corpus
from tests.stages.ordered_rows import KINDS as ROW
from tests.stages.ordered_rows import ROWS, assert_same, batch_of, over_daft

KINDS = {**ROW, "worth": "string", "instruction": "string", "vector_instruction": "vector[3]"}
BALANCED = [
    {"counted": "topic", "rows": {"at_most": 2}},
    {"counted": "level", "share": {"at_most": 0.5}, "values": ["a"]},
    {"counted": "gone", "rows": {"at_most": 1}},
]


def walking(**how: Any) -> Step:
    """The step that walks."""
    how = {"rows": 5, "by": [], "random": True, **how}
    return Step(
        "select.walk",
        sees="all",
        reads=("id", *filter(None, [how.get("compared")])),
        optional=("worth", "score_mean", "score_adjusted_mean", "topic", "level", "reviewed"),
        writes={UNSELECTED: "string", f"{UNSELECTED}_of": "string", CHOSEN: "string"},
        work=Work("hfsft.stages.selecting.select:walking", how),
    )


def filled(rows: list[dict[str, Any]], seed: int, plain: bool) -> Batch:
    """The rows with a worth, a text and a vector."""
    draw = random.Random(seed)
    batch = batch_of(rows, ROW, *(["reviewed", "score_adjusted_mean"] if plain else []))
    texts = list(map(str, corpus(seed, 60)))
    batch["instruction"] = [draw.choice([None, *texts[:20]]) for _ in rows]
    batch["worth"] = [draw.choice([None, "1", "2.5", "nan", "much", "-0.0", "0"]) for _ in rows]
    made = np.random.default_rng(seed).normal(size=(max(len(rows) // 2, 1), 3)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    batch["vector_instruction"] = [draw.choice([None, *made]) if draw.random() < 0.9 else made[0] for _ in rows]
    return batch


def same(batch: Batch, cut: int | None, over: Scattered | None = None, most: int = 3, **how: Any) -> Batch:
    """What a selection makes, by rounds as in one process, some rows along the walk at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hfsft.stages.selecting.select_rounds.AT_ONCE", 268 * most)
        patch.setattr("hfsft.stages.selecting.walk.BLOCK", 4)
        return assert_same(walking(**how), batch, KINDS, cut, over, most)


@given(
    ROWS,
    st.integers(1, 12),
    st.sampled_from([[], ["worth"], ["score_mean", "worth"], ["gone"]]),
    st.lists(st.sampled_from(BALANCED), max_size=2),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1, 4]),
    st.integers(0, 10**6),
)
@tries(40)
def test_the_first_by_order(
    rows: list[dict[str, Any]],
    count: int,
    by: list[str],
    balanced: list[dict[str, Any]],
    chance: bool,
    plain: bool,
    cut: int | None,
    seed: int,
) -> None:
    more: dict[str, Any] = {"balanced": balanced} if balanced else {}
    same(filled(rows, seed, plain), cut, rows=count, by=by, random=chance, **more)


@given(
    ROWS,
    st.integers(1, 12),
    st.sampled_from(["instruction", "vector_instruction"]),
    st.sampled_from([0.0, 0.3, 0.7, 0.95, 1.0]),
    st.lists(st.sampled_from(BALANCED), max_size=2),
    st.sampled_from([None, 1, 4]),
    st.integers(0, 10**6),
)
@tries(60)
def test_the_best_that_differ(
    rows: list[dict[str, Any]],
    count: int,
    compared: str,
    at_most: float,
    balanced: list[dict[str, Any]],
    cut: int | None,
    seed: int,
) -> None:
    more: dict[str, Any] = {"balanced": balanced} if balanced else {}
    same(filled(rows, seed, plain=True), cut, rows=count, by=["worth"], compared=compared, at_most=at_most, **more)


@pytest.mark.lasting
@pytest.mark.parametrize("compared", [None, "instruction", "vector_instruction"])
def test_over_daft(compared: str | None, tmp_path: Path) -> None:
    draw = random.Random(5)
    rows = [
        {
            **dict.fromkeys(ROW),
            "id": f"{draw.randrange(10**6):06}",
            "topic": draw.choice("aabc"),
            "level": draw.choice("ax"),
            "score_mean": draw.choice([None, 1.0, 2.0, 2.5]),
        }
        for _ in range(1200)
    ]
    more: dict[str, Any] = {"compared": compared, "at_most": 0.8} if compared else {}
    rules = [{"counted": "topic", "rows": {"at_most": 60}}]
    found = same(
        filled(rows, 5, plain=True), None, over_daft(tmp_path), 300, rows=150, by=["score_mean"], balanced=rules, **more
    )
    assert bool(compared) == any(" like " in (each or "") for each in found[UNSELECTED])
