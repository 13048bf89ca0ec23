"""How much is tried, and what anything that is tried may take.

`HFSFT_FUZZ=50 pytest tests/fuzz` tries fifty times as much, and CI, whose minutes are counted, a third (0.3).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings

SECONDS = 8  # of processor time, on a busy machine; a hundred times what is usual


def tries(number: int) -> settings:
    """So many examples, or as many times that as the environment asks for."""
    return settings(
        max_examples=max(1, round(number * float(os.environ.get("HFSFT_FUZZ", "1")))),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


@contextmanager
def soon() -> Iterator[None]:
    """What is done inside ends soon."""
    before = time.process_time()
    yield
    assert time.process_time() - before < SECONDS
