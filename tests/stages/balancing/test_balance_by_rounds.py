"""The same rows go to balance where no process has all of them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.resources import Work
from hfsft.engine.step import Step
from hfsft.stages.balancing.balance import UNBALANCED, Balance
from tests.fuzz.bounds import tries
from tests.stages.ordered_rows import KINDS, ROWS, assert_same, batch_of, over_daft

RULES = st.sampled_from(
    [
        {"column": "topic", "share": {"at_most": 0.4}},
        {"column": "topic", "rows": {"at_most": 2}, "values": ["a", "b"]},
        {"column": "topic", "rows": {"at_least": 2}},
        {"column": "level", "share": {"at_least": 0.3, "at_most": 0.5}},
        {"column": "level", "rows": {"at_most": 1}, "by": "worth"},
        {"column": "gone", "rows": {"at_most": 1}},
    ]
)


def deciding(rules: list[dict[str, Any]]) -> Step:
    """The step that decides by these rules."""
    told = [Balance.model_validate(rule).told for rule in rules]
    return Step(
        "balance.decide",
        sees="all",
        reads=("id",),
        optional=("topic", "level", "worth", "score_mean", "score_adjusted_mean", "reviewed"),
        writes={UNBALANCED: "string"},
        work=Work("hfsft.stages.balancing.balance:deciding", {"rules": told}),
    )


@given(ROWS, st.lists(RULES, min_size=1, max_size=3), st.booleans(), st.sampled_from([None, 1, 4]), st.data())
@tries(60)
def test_the_same_rows_go(
    rows: list[dict[str, Any]], rules: list[dict[str, Any]], plain: bool, cut: int | None, data: st.DataObject
) -> None:
    batch = batch_of(rows, KINDS, *(["reviewed", "score_adjusted_mean"] if plain else []))
    worth = st.sampled_from([None, "1", "2.5", "nan", "much", "-0.0"])
    batch["worth"] = [data.draw(worth) for _ in rows]
    assert_same(deciding(rules), batch, {**KINDS, "worth": "string"}, cut)


def test_over_daft(tmp_path: Path) -> None:
    draw = random.Random(4)
    rows = [
        {
            "id": f"{draw.randrange(10**6):06}",
            "topic": draw.choice(["a", "a", "b", None, f"rare {number}"]),
            "level": draw.choice("xxyz"),
            "score_mean": draw.choice([None, 1.0, 2.0, 2.5]),
        }
        for number in range(300)
    ]
    rules = [
        {"column": "topic", "share": {"at_most": 0.2}},
        {"column": "level", "rows": {"at_least": 30, "at_most": 60}},
    ]
    batch = batch_of(rows, {name: KINDS[name] for name in rows[0]})
    found = assert_same(deciding(rules), batch, KINDS, None, over_daft(tmp_path), 50)
    assert len({(each or "").split()[0] for each in found[UNBALANCED] if each}) == 2
