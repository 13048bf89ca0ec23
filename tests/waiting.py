"""Waiting for what happens in another thread or process."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], again: float = 0.02) -> None:
    """Wait for it, a minute at most (a machine may be busy), looking again after so many seconds."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(again)
