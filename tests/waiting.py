"""Waiting for what happens in another thread or process."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], again: float = 0.02) -> None:
    """Wait for it, ten seconds at most, looking again after so many seconds."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(again)
