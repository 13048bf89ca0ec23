"""Rows are shown the same, and found as new, where no process has all rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.rows.batch import Batch
from tests.fuzz.bounds import tries
from tests.stages.ordered_rows import assert_same, over_daft

READS = ("id", "origin", "written_by", "slot", "wave", "instruction")
MADE: dict[str, dict[str, Any]] = {
    "showing": {"demonstrations": ["string"], "demonstration_texts": ["string"]},
    "comparing": {"novelty": "float64", "novelty_of": "string"},
}
HOW = {"called": "seeds[1]", "rounds": 2}
KINDS = {**dict.fromkeys(READS, "string"), "slot": "int64", "wave": "int64", **MADE["showing"], **MADE["comparing"]}
WORDS = ["where", "when", "how", "can", "may", "I", "we", "move", "change", "my", "card", "order", "now", "today"]


def step_of(way: str, number: int, **more: Any) -> Step:
    """One of the steps of a round."""
    work = Work(f"hfsft.stages.writing.self_instruct:{way}", {**HOW, "number": number, **more})
    return Step(way, sees="all", reads=READS, optional=tuple(MADE[way]), writes=MADE[way], work=work)


def rows_of(seed: int, count: int, known: bool) -> Batch:
    """Rows of people, of the source, and others, with what earlier rounds found."""
    draw = random.Random(seed)
    size = range(count)
    batch: Batch = {
        "id": [f"{draw.randrange(10**8):08}" for _ in size],
        "origin": [draw.choice(["seed", "example", "written", "written", "evolved"]) for _ in size],
        "written_by": [draw.choice([None, "seeds[1]", "seeds[1]", "seeds[2]"]) for _ in size],
        "slot": [place % 7 for place in size],
        "wave": [draw.choice([None, 1, 2]) for _ in size],
        "instruction": [draw.choice([None, "", " ".join(draw.sample(WORDS, 5))]) for _ in size],
    }
    if known:
        batch["demonstrations"] = [draw.choice([None, [], ["a", "b"]]) for _ in size]
        batch["demonstration_texts"] = [draw.choice([None, ["one", "other"]]) for _ in size]
        batch["novelty"] = [draw.choice([None, 0.25]) for _ in size]
        batch["novelty_of"] = [draw.choice([None, "a"]) for _ in size]
    return batch


@given(
    st.integers(0, 10**6), st.integers(0, 40), st.booleans(), st.integers(1, 2), st.sampled_from([None, 3]),
    st.sampled_from(["rouge_l", "near_duplicate"]),
)  # fmt: skip
@tries(40)
def test_the_same(seed: int, count: int, known: bool, number: int, cut: int | None, by: str) -> None:
    batch = rows_of(seed, count, known)
    assert_same(step_of("showing", number, count=4), batch, KINDS, cut)
    assert_same(step_of("comparing", number, by=by, below=0.7), batch, KINDS, cut)


@pytest.mark.parametrize("way", list(MADE))
def test_over_daft(way: str, tmp_path: Path) -> None:
    more: dict[str, Any] = {"count": 4} if way == "showing" else {"by": "rouge_l", "below": 0.7}
    found = assert_same(step_of(way, 2, **more), rows_of(7, 200, known=True), KINDS, None, over_daft(tmp_path))
    assert any(found[name] for name in MADE[way])
