"""What is graded in an exam, and rows that ask what an anchor asks, are the same where no process has all rows."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.resources import Work
from hfsft.engine.spread.scattered import NUMBER, Scattered
from hfsft.engine.step import Step
from hfsft.errors import Place, SourceError
from hfsft.rows.batch import Batch
from hfsft.rows.columns import COLUMNS
from hfsft.rows.features import values_of
from hfsft.stages.judging.anchors import Anchor, apart_step
from hfsft.stages.judging.exams.exam_result import Exam
from hfsft.stages.judging.exams.exam_steps import exam_steps
from tests.engine.spread.rounds import scattered
from tests.fuzz.bounds import tries
from tests.stages.judging.exams.judged_run import anchor
from tests.stages.ordered_rows import over_daft

ANCHORS: list[dict[str, Any]] = [
    {"instruction": f"What of {thing}?", "response": "So.", "scores": {"use": 1}, "row_id": None if number else "own"}
    for number, thing in enumerate(("boats", "trains", "bicycles"))
]
ASKED = ["What of boats", "what of trains?", "What of bicycles?", "What of planes?", "", None]


def batch_of(seed: int, count: int) -> Batch:
    """Rows of sources, of which some ask what an anchor asks."""
    draw = random.Random(seed)
    return {
        "id": ["own" if not place else f"{draw.randrange(10**8):08}" for place in range(count)],
        "origin": [draw.choice(["example", "example", "seed"]) for _ in range(count)],
        "source": [draw.choice([None, f"rows.jsonl:{place}"]) for place in range(count)],
        "context": [draw.choice([None, None, "Then."]) for _ in range(count)],
        "instruction": [draw.choice(ASKED) for _ in range(count)],
        "response": [draw.choice([None, "So.", "Thus."]) for _ in range(count)],
    }


def made(step: Step, batch: Batch, cut: int | None, over: Scattered | None) -> Batch:
    """The rows of a side table, by rounds."""
    given = {name: batch[name] for name in step.given(batch)}
    found = step.function.spread(scattered(given, COLUMNS, cut, over))
    assert set(found.kinds) == {NUMBER, *step.writes}
    table = found.collected().sort_by(NUMBER)
    assert table[NUMBER].to_pylist() == list(range(table.num_rows))
    return {name: values_of(table[name]) for name in step.writes}


def examined(batch: Batch, cut: int | None = None, over: Scattered | None = None) -> None:
    """The exam has the same things to grade."""
    section = {"rubric": {"use": "Is it of use?"}, "anchors": [anchor(level, use=level) for level in (1, 5)]}
    reads = ("id", "context", "instruction", "response")
    judge = Step("judge", asks=True, reads=reads, work=Work("hfsft:none", {"reasoning": False}))
    step, *_ = exam_steps(judge, Exam(), ["use"], section, {"judge": ({}, "by"), "other": ({}, "by")})
    wanted = step.function({name: batch[name] for name in step.given(batch)})
    assert made(step, batch, cut, over) == wanted


def kept_apart(batch: Batch, cut: int | None = None, over: Scattered | None = None) -> None:
    """The same rows are found that ask what an anchor asks, or none."""
    step = apart_step([Anchor.model_validate(each) for each in ANCHORS], [Place("recipe.yaml", n) for n in (1, 2, 3)])
    try:
        assert step.function({name: batch[name] for name in step.given(batch)}) == {"id": []}
    except SourceError as error:
        with pytest.raises(SourceError, match=f"^{re.escape(str(error))}$"):
            made(step, batch, cut, over)
        return
    assert made(step, batch, cut, over) == {"id": []}


@given(st.integers(0, 10**6), st.integers(0, 40), st.sampled_from([None, 1, 6]))
@tries(40)
def test_the_same(seed: int, count: int, cut: int | None) -> None:
    examined(batch_of(seed, count), cut)
    kept_apart(batch_of(seed, count), cut)
    kept_apart(batch_of(seed, min(count, 3)), cut)


def test_over_daft(tmp_path: Path) -> None:
    examined(batch_of(3, 100), None, over_daft(tmp_path / "exam"))
    kept_apart(batch_of(3, 100), None, over_daft(tmp_path / "apart"))
    kept_apart(batch_of(3, 1), None, over_daft(tmp_path / "none"))
