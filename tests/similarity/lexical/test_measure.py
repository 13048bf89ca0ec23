"""What sets have in common, counted by lists of who holds a member or, of what many hold, by a product of matrices."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hfsft.similarity.lexical import measure


@pytest.mark.parametrize("common", [0.0, 0.25, 2.0], ids=["all by products", "by both", "all by lists"])
def test_each_way_counts_the_same(monkeypatch: pytest.MonkeyPatch, common: float) -> None:
    monkeypatch.setattr(measure, "COMMON", common)
    chance = random.Random(7)
    drawn = [{*range(5), *chance.choices(range(5, 200), k=chance.randrange(30))} for _ in range(40)]
    sets = [*drawn, set(), {1}, set(drawn[0])]
    found = measure._square([np.array(sorted(one), np.uint64) for one in sets])
    for row, one in enumerate(sets):
        for column, other in enumerate(sets):
            share = len(one & other) / max(1, len(one | other)) if row != column else 0.0
            assert found[row, column] == share
