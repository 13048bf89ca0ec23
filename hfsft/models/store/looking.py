"""Looks for answers from an event loop: what is looked for in one turn of it is read from the store together.

With each reading SQLite lets other threads have the interpreter, and a thread that is at work gives it back late: while
the next steps of a build are imported, hundreds of single looks would hold up the requests behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hfsft.models.model import Answer


class Lookups:
    """What is looked for in this turn of the running loop."""

    def __init__(self, read: Callable[[Sequence[str]], Mapping[str, Answer]]) -> None:
        self.loop = asyncio.get_running_loop()
        self.over = False  # whether it was looked for: what is wanted from then on is the next one's to look for
        self._read = read
        self._wanted: dict[str, asyncio.Future[Answer | None]] = {}
        self.loop.call_soon(self._look)

    async def find(self, key: str) -> Answer | None:
        """The answer under a key; None if there is none. Raises whatever reading raises."""
        assert not self.over, "nobody looks any more"
        if (found := self._wanted.get(key)) is None:
            found = self._wanted[key] = self.loop.create_future()
        return await asyncio.shield(found)  # of several that look for it one may be stopped

    def _look(self) -> None:
        self.over = True
        try:
            answers = self._read(list(self._wanted))
        except Exception as error:  # whatever it is, those that look must not wait for ever
            for found in self._wanted.values():
                found.set_exception(error)
                found.exception()  # nobody may wait for it any more
            return
        for key, found in self._wanted.items():
            found.set_result(answers.get(key))
