"""Lines in order, of which no more lie in memory than some: of many the others lie in files meanwhile."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

HELD = 500_000  # lines, some 100 MB


def sorted_lines(lines: Iterator[str], beside: Path) -> Iterator[str]:
    """The same lines in order; `beside` is a folder on whose disk there is room for them."""
    with ExitStack() as until:
        runs = list[Iterator[str]]()
        while held := sorted(islice(lines, HELD)):
            if len(held) < HELD and not runs:
                yield from held
                return
            file = until.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=beside))
            file.writelines(held)
            file.seek(0)
            runs.append(iter(file))
        yield from heapq.merge(*runs)
