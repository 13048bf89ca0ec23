"""Whether asking once more is worth its price: where the first few were no better, no further row is asked again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

NOT_ASKED = "not_asked"
"""The cause of an answer that was not asked for once more."""
TRIED = 5
"""How many second answers must be as useless as the first, and in the same way, before none is asked for any more."""


@dataclass
class _Way:
    helped: bool = False
    failed: int = 0
    open: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Mends:
    """Second answers by stage and by the way in which the first could not be used."""

    def __init__(self) -> None:
        self._ways: dict[tuple[str, str], _Way] = {}

    async def may(self, stage: str, way: str) -> bool:
        """Whether to ask once more, which `ended` must follow; waits while the first few are open."""
        known = self._ways.setdefault((stage, way), _Way())
        while not known.helped and known.failed < TRIED <= known.failed + known.open:
            known.changed.clear()
            await known.changed.wait()
        if not known.helped and known.failed >= TRIED:
            return False
        known.open += 1
        return True

    def ended(self, stage: str, way: str, helped: bool | None) -> None:
        """Note whether a second answer could be used; None where none came."""
        known = self._ways[stage, way]
        known.open -= 1
        known.helped |= helped is True
        known.failed += helped is False
        known.changed.set()


class Mending:
    """The second answers of one row, one at a time."""

    def __init__(self, mends: Mends, stage: str) -> None:
        self._mends, self._stage = mends, stage
        self._way = ""

    async def may(self, way: str) -> bool:
        """Whether to ask once more; `ended` then says what it was good for."""
        may = await self._mends.may(self._stage, way)
        self._way = way if may else ""
        return may

    def ended(self, helped: bool | None) -> None:
        """Note whether the second answer, where one is open, could be used; None where none came."""
        if self._way:
            self._mends.ended(self._stage, self._way, helped)
            self._way = ""
