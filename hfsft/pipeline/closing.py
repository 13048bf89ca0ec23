"""What is closed beside the end of a build."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Protocol, TypeVar


class Closes(Protocol):
    """What is to be closed."""

    def close(self) -> None:
        """Close it."""
        ...


Opened = TypeVar("Opened", bound=Closes)


@contextmanager
def closed_beside(opened: Opened, until: ExitStack | None) -> Iterator[Opened]:
    """Close it at the end, where all went well on a thread of its own: that has an end before `until` has one, which
    raises what it raised.
    """
    try:
        yield opened
    except BaseException:
        opened.close()
        raise
    if until is None:
        opened.close()
        return
    beside = until.enter_context(ThreadPoolExecutor(1, thread_name_prefix="hfsft-closing"))
    until.callback(beside.submit(opened.close).result)
