"""What is closed beside the end of a build is closed by that end, whatever it raises."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from hfsft.pipeline.closing import closed_beside


class Slow:
    """Takes until it may."""

    def __init__(self, error: Exception | None = None) -> None:
        self.may, self.error, self.thread = threading.Event(), error, ""

    def close(self) -> None:
        self.may.wait(10)
        self.thread = threading.current_thread().name
        if self.error:
            raise self.error


def test_it_is_closed_while_other_things_are_done() -> None:
    slow = Slow()
    with ExitStack() as until:
        with closed_beside(slow, until) as given:
            assert given is slow
        assert not slow.thread
        slow.may.set()
    assert slow.thread.startswith("hfsft-closing")


def test_what_closing_raises_is_raised_at_the_end() -> None:
    slow, until, done = Slow(OSError("the disk is full")), ExitStack(), list[str]()
    slow.may.set()
    with closed_beside(slow, until):
        done.append("within")
    done.append("meanwhile")
    with pytest.raises(OSError, match="the disk is full"):
        until.close()
    assert done == ["within", "meanwhile"]


def test_it_is_closed_at_once_where_nothing_comes_behind_it() -> None:
    slow = Slow()
    slow.may.set()
    with closed_beside(slow, None):
        assert not slow.thread
    assert slow.thread == threading.current_thread().name


def test_it_is_closed_at_once_where_something_failed() -> None:
    slow, until = Slow(), ExitStack()
    slow.may.set()
    with pytest.raises(KeyError), closed_beside(slow, until):
        raise KeyError("failed")
    assert slow.thread == threading.current_thread().name
