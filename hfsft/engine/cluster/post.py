"""Where the desk and those who ask leave letters for one another: boxes, each emptied by one."""

from __future__ import annotations

import asyncio
import pickle
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hfsft.engine.cluster.actors import Actor

DESK = "desk"
"""The box of the one that keeps the answers."""
WAIT_SECONDS = 20.0  # that an empty box is waited at; whoever waits asks again


WAKES = pickle.dumps(("", []), pickle.HIGHEST_PROTOCOL)
"""A letter of nobody that says nothing."""
_WAKE_SECONDS = 2.0  # that whoever leaves a box waits for its last answer


async def letters(post: Actor, box: str) -> AsyncIterator[bytes]:
    """What comes into a box, until the one that reads is cancelled.

    No call is left behind then, which the cluster would answer while the process ends, and may end it with SIGABRT.
    """
    loop, taking = asyncio.get_running_loop(), None
    try:
        while True:
            taking = asyncio.wrap_future(post.call("take", box), loop=loop)
            for letter in await asyncio.shield(taking):
                if letter != WAKES:
                    yield letter
    finally:
        if taking is not None and not taking.done():
            post.call("leave", [(box, WAKES)])
            await asyncio.wait([taking], timeout=_WAKE_SECONDS)


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
