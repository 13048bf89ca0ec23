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
    found = measure._InCommon([np.array(sorted(one), np.uint64) for one in sets])
    for start, stop in ((0, 1), (0, 30), (30, len(sets))):
        shares = found.shares(start, stop)
        assert shares.shape == (stop - start, stop)
        for row, one in enumerate(sets[start:stop], start):
            for column, other in enumerate(sets[:stop]):
                share = len(one & other) / max(1, len(one | other)) if column < row else 0.0
                assert shares[row - start, column] == share
