"""What held-out rows have in common with others is the same for scattered rows."""

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
from hfsft.rows.columns import SIDES
from hfsft.stages.split import word_runs
from hfsft.stages.split.overlap import Overlap
from hfsft.stages.split.scattering import overlap_rounds
from tests.engine.spread.rounds import scattered, spread_out
from tests.fuzz.bounds import tries

KINDS = dict.fromkeys(("id", "split", "instruction", "context"), "string")
WRITES = {"overlap": "float64", "overlap_of": "string"}


def rows_of(seed: int, count: int, sides: Any = SIDES) -> Batch:
    """Rows that say long stretches of a few others, some of them with a context."""
    draw = random.Random(seed)
    words = [f"wörd{number}" for number in range(40)] + ["道", "。"]
    told = [[draw.choice(words) for _ in range(draw.choice([5, 30, 120]))] for _ in range(max(count // 6, 2))]

    def text() -> str:
        one, other = draw.choice(told), draw.choice(told)
        at = draw.randrange(len(one))
        return " ".join([*one[at : at + draw.randrange(1, 100)], draw.choice(words), *other[: draw.randrange(20)]])

    ids = [f"{draw.choice('aé本')}{place}" for place in range(count)]
    return {
        "id": draw.sample(ids, len(ids)),
        "split": [draw.choice(sides) for _ in range(count)],
        "instruction": [draw.choice(["", None, *[text() for _ in range(9)]]) for _ in range(count)],
        "context": [draw.choice([None, None, text()]) for _ in range(count)],
    }


def assert_measured(rows: Batch, cut: int | None = None, over: Scattered | None = None) -> Batch:
    wanted = Overlap()(rows)
    assert spread_out(Overlap(), scattered(rows, KINDS, cut, over), len(rows["id"]), WRITES) == wanted
    return wanted


@given(
    st.integers(0, 10**6),
    st.integers(1, 90),
    st.sampled_from([SIDES, SIDES[:2], SIDES[::2], SIDES[1:], ["train"], ["test"]]),
    st.sampled_from([2, 4, 500]),
    st.sampled_from([3, 64]),
    st.sampled_from([1 << 12, overlap_rounds.MOST]),
    st.sampled_from([None, 7]),
)
@tries(40)
def test_shares_are_the_same(
    seed: int, count: int, sides: Any, common: int, looked_up: int, most: int, cut: int | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_runs, "COMMON", common)
        patch.setattr(word_runs, "LOOKED_UP", looked_up)
        patch.setattr(overlap_rounds.overlaps, "__defaults__", (most,))
        assert_measured(rows_of(seed, count, sides), cut)


@pytest.mark.parametrize(("cut", "found"), [(None, 0), (None, 2), (2, 0), (2, 2)])
def test_what_too_many_rows_say_finds_none(cut: int | None, found: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_runs, "COMMON", 2)
    opening = "please read what stands below and say in one sentence"
    trained = 2 if found else 3
    rows = {"id": [f"r{place}" for place in range(trained + 1)], "split": ["train"] * trained + ["validation"]}
    told = [f"{opening} {' '.join(f'w{place}{word}' for word in range(9))}" for place in range(trained + 1)]
    shares = assert_measured({**rows, "instruction": told, "context": [None] * len(told)}, cut)["overlap"]
    assert bool(shares[-1]) == bool(found)


@pytest.mark.lasting
def test_shares_over_daft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_runs, "LOOKED_UP", 20)
    monkeypatch.setattr(overlap_rounds.overlaps, "__defaults__", (1 << 16,))
    rounds = Rounds(WorkFolder.of(tmp_path), "overlap")
    found = assert_measured(rows_of(5, 300), over=Shuffled(lambda _: None, {}, rounds))
    assert sum(share is not None and 0 < share < 1 for share in found["overlap"]) > 30
