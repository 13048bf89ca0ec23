"""A provider of batches, and pools that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hfsft.models.limits.budget import Budget
from hfsft.models.model import Model
from hfsft.models.pool import Pool
from hfsft.models.store.store import Store
from tests.models.batches.server import Provider
from tests.models.fixture import QUICK

QUICKLY = {"poll_seconds": 0.02}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as serving:
        yield serving


@pytest.fixture
def pool_of(provider: Provider, store: Store) -> Iterator[Callable[..., Pool]]:
    pools: list[Pool] = []

    def make(batch: Any = None, budget: Budget | None = None, **more: Any) -> Pool:
        fields = {"model": "m-1", "base_url": provider.url, "timeout": 10, "batch": {**QUICKLY, **(batch or {})}}
        model = Model.model_validate(fields | more)
        pools.append(Pool({"m": model}, store, patience=QUICK, budget=budget, recipe="toy"))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()
