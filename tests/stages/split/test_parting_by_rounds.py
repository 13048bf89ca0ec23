"""Of scattered rows those fall that join sides of the split where one process has all."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfsft.engine.on_daft.shuffles import Rounds, Shuffled
from hfsft.engine.on_daft.work_folder import WorkFolder
from hfsft.engine.spread.scattered import Scattered
from hfsft.rows.batch import Batch
from hfsft.stages.split.draw import SEEN
from hfsft.stages.split.joins import Parting
from hfsft.stages.split.row_families import KEYS, Naming, Sketching, keys_by_row
from tests.engine.spread.rounds import scattered, spread_out
from tests.fuzz.bounds import tries
from tests.near.test_steps_by_rounds import KINDS, rows_of

WRITES = {"family": "string", "joins_sides": "string", "joins_sides_of": "string"}


def made_of(seed: int, count: int, often: float) -> tuple[Batch, dict[str, Any]]:
    """Rows in families, and the sides that some of their keys had."""
    draw = random.Random(seed)
    rows = {name: values for name, values in rows_of(seed, count).items() if name != "round"}
    rows |= keys_by_row(rows)
    rows |= Sketching(0.6)(rows)
    rows |= Naming(0.6)(rows)
    known: dict[str, Any] = {}
    for keys in rows[KEYS]:
        if draw.random() < often:
            known |= dict.fromkeys(keys, draw.choice(SEEN))
    return rows, known


def assert_parted(rows: Batch, known: Any, cut: int | None = None, over: Scattered | None = None) -> Batch:
    parting = Parting(lambda: known, 0.6)
    wanted = parting(rows)
    lie = scattered(rows, {**KINDS, "family": "string"}, cut, over)
    assert spread_out(parting, lie, len(rows["family"]), WRITES) == wanted
    return wanted


@given(
    st.integers(0, 10**6),
    st.integers(8, 90),
    st.sampled_from([0, 0.1, 0.5]),
    st.sampled_from([0, 2000]),
    st.sampled_from([None, 11]),
)
@tries(15)
def test_the_same_rows_fall(seed: int, count: int, often: float, few: int, cut: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", few)
        assert_parted(*made_of(seed, count, often), cut)


@pytest.mark.lasting
def test_over_daft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hfsft.similarity.lexical.similar_pairs.FEW", 10)
    rows, known = made_of(4, 120, 0.4)
    found = assert_parted(rows, known, over=Shuffled(lambda _: None, {}, Rounds(WorkFolder.of(tmp_path), "apart")))
    assert any(found["joins_sides"])
    assert any(found["joins_sides_of"])
    assert found["family"] != rows["family"]
