"""Stretches and drift are the same where no process has all rows of the run."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.step import Step
from hfsft.rows.batch import Batch
from hfsft.stages.judging.exams.controls import Control
from hfsft.stages.judging.exams.exam_steps import drift_steps
from tests.fuzz.bounds import tries
from tests.stages.judging.exams.judged_run import anchor
from tests.stages.ordered_rows import assert_same, over_daft

KINDS = {"id": "string", "control": "int32", "control_use": "float64", "score_use": "float64", "pending": "bool"}


def drifting() -> Step:
    """The step that takes scores of stretches that drifted."""
    section = {
        "rubric": {"use": "Is it of use?"},
        "anchors": [anchor(level, use=level) for level in (1, 2, 3, 4, 5)],
        "control": {"share": 0.5, "drift": {"at_most": 0.5}},
    }
    judge = Step("judge", asks=True, identity={"anchors": []})
    step, _ = drift_steps(judge, ["use"], ["score_use"], section, Control.model_validate(section["control"]))
    return step


def run_of(seed: int, count: int, share: float, pending: bool) -> Batch:
    """Rows in the order in which they were judged; in the last third of the run the judge is kinder."""
    draw = random.Random(seed)
    controls = [draw.randrange(5) if draw.random() < share else None for _ in range(count)]
    kinder = [2.0 * (place > 2 * count / 3) for place in range(count)]
    given = [None if c is None else c + 1 + more + draw.gauss(0, 0.1) for c, more in zip(controls, kinder, strict=True)]
    return {
        "id": list(map(str, range(count))),
        "control": controls,
        "control_use": given,
        "score_use": [draw.choice([None, 1.0, 4.0]) for _ in range(count)],
        "pending": [draw.choice([None, False, pending]) for _ in range(count)],
    }


@given(
    st.integers(0, 999),
    st.integers(0, 120),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.booleans(),
    st.sampled_from([None, 7]),
)
@tries(30)
def test_the_same_stretches(seed: int, count: int, share: float, pending: bool, cut: int | None) -> None:
    assert_same(drifting(), run_of(seed, count, share, pending), KINDS, cut)


def test_over_daft(tmp_path: Path) -> None:
    found = assert_same(drifting(), run_of(1, 200, 0.5, pending=False), KINDS, None, over_daft(tmp_path))
    assert {each and each.split(":")[0] for each in found["unscored"]} == {None, "drift"}
