"""Where the desk and those who ask leave letters for one another: boxes, each emptied by one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

DESK = "desk"
"""The box of the one that keeps the answers."""
WAIT_SECONDS = 20.0  # that an empty box is waited at; whoever waits asks again


class Post:
    """An actor on the machine of the desk. A letter is whatever bytes those who talk agree on."""

    def __init__(self) -> None:
        self._boxes: defaultdict[str, list[bytes]] = defaultdict(list)
        self._filled: dict[str, asyncio.Event] = {}  # by box, for the one that waits at it

    async def leave(self, letters: Sequence[tuple[str, bytes]]) -> None:
        """Put letters into boxes."""
        for box, letter in letters:
            self._boxes[box].append(letter)
            if waiting := self._filled.get(box):
                waiting.set()

    async def take(self, box: str) -> list[bytes]:
        """All letters in a box, as soon as there are any; none after a while without."""
        if not self._boxes.get(box):
            waiting = self._filled[box] = asyncio.Event()
            try:
                await asyncio.wait_for(waiting.wait(), WAIT_SECONDS)
            except asyncio.TimeoutError:
                return []
            finally:
                if self._filled.get(box) is waiting:
                    del self._filled[box]
        return self._boxes.pop(box, [])
