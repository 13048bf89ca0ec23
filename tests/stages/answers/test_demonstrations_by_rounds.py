"""Rows are shown the same examples where no process has all rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.rows.batch import Batch
from hfsft.rows.columns import COLUMNS
from hfsft.stages.answers.demonstrations import ALSO, READS, Demonstrations
from tests.fuzz.bounds import tries
from tests.near.test_near_by_rounds import corpus
from tests.stages.ordered_rows import assert_same, over_daft

KINDS: dict[str, Any] = {**COLUMNS, "family_key": "string", "documents": ["string"]}


def rows_of(seed: int, count: int) -> Batch:
    """Examples and questions that are alike in many ways."""
    draw = random.Random(seed)
    texts = list(map(str, corpus(seed, count)))
    size = range(len(texts))
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    found: Batch = {
        "id": [f"{draw.randrange(10**8):08}-{place}" for place in size],
        "seed_id": [f"s{draw.randrange(len(texts) * 2)}" for _ in size],
        "origin": [draw.choice(["example", "example", "seed", "evolved"]) for _ in size],
        "instruction": texts,
        "response": [draw.choice([None, "Yes.", 'No, "never" — \u00e4.']) for _ in size],
        "messages": [draw.choice([None, None, None, turns]) for _ in size],
        "context": [draw.choice([None, None, draw.choice(texts)]) for _ in size],
        "family_key": [draw.choice([None, None, f"s{place % 9}"]) for place in size],
        "documents": [draw.choice([None, [], [f"d{place % 30}", "d1"]]) for place in size],
    }
    return {name: values for name, values in found.items() if name in (*READS, *ALSO)}


@given(
    st.integers(0, 10**6), st.integers(4, 50), st.sampled_from(["hash", "likeness"]), st.integers(1, 4),
    st.sampled_from([None, 7]), st.sampled_from([0, 2000]),
)  # fmt: skip
@tries(15)
def test_the_same(seed: int, count: int, by: Any, shown: int, cut: int | None, few: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", few)
        step = Demonstrations(count=shown, by=by).step(None)
        assert_same(step, rows_of(seed, count), KINDS, cut)


@pytest.mark.lasting
@pytest.mark.parametrize("by", ["hash", "likeness"])
def test_over_daft(by: Any, tmp_path: Path) -> None:
    step = Demonstrations(count=2, by=by).step(None)
    found = assert_same(step, rows_of(9, 160), KINDS, None, over_daft(tmp_path))
    assert {None, 2} <= {each and len(each) for each in found["demonstrations"]}
