"""Rows of models beyond the share of people's are the same where no process has all rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfsft.errors import Place
from hfsft.stages.guards.people import keeping_share
from tests.fuzz.bounds import tries
from tests.stages.ordered_rows import KINDS, ROWS, assert_same, batch_of, over_daft


@given(ROWS, st.sampled_from([0.1, 0.3, 0.5, 1.0]), st.booleans(), st.sampled_from([None, 1, 4]))
@tries(80)
def test_the_same_rows_go(rows: list[dict[str, Any]], share: float, reviewed: bool, cut: int | None) -> None:
    step, _ = keeping_share(share, Place("guards"), ["reviewed"] if reviewed else [])
    assert_same(step, batch_of(rows, KINDS, "score_adjusted_mean"), KINDS, cut)


def test_over_daft(tmp_path: Path) -> None:
    draw = random.Random(1)
    rows = [
        {"id": f"{draw.randrange(10**6):06}", "origin": draw.choice(["seed", "evolved"]), "score_mean": draw.random()}
        for _ in range(300)
    ]
    step, _ = keeping_share(0.7, Place("guards"))
    found = assert_same(
        step, batch_of(rows, {name: KINDS[name] for name in rows[0]}), KINDS, None, over_daft(tmp_path), 50
    )
    assert 50 < sum(each is not None for each in found["beyond_people"]) < 150
