"""One endpoint that is asked for many texts at once: what is wanted in the same moment goes into one request.

Each text is asked for by itself, as any request is: it has its own key in the store, its own claim on the budget, its
own retries. Here, right before the network, those that wait are put together, and what comes back is taken apart. A
request that the server refuses for one of its texts is halved until that one is found; the others have their answers.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from hfsft.models.http.client import Client
from hfsft.models.http.faults import Fault
from hfsft.models.model import Answer, Endpoint, Model
from hfsft.models.vectors.exchange import TextExchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from hfsft.models.limits.throttle import Bucket

# Texts that come one after another within so long go together; a request takes many times as long.
_LINGER_SECONDS = 0.004
_MOST_BYTES = 1_000_000  # of texts in one request: servers bound what they read
_TOO_MANY = re.compile(
    r"batch.?size|too many (inputs|texts|documents)|array (is )?too (long|large)|at most \d+ inputs", re.I
)


class _Wanted(NamedTuple):
    """One text, or pair, that is waited for."""

    texts: tuple[str, ...]
    size: int
    done: asyncio.Future[tuple[Answer, Mapping[str, str]]]


class TogetherClient(Client):
    """Asks one endpoint of a model that writes no text; `bucket` bounds its requests per minute."""

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, model: Model, bucket: Bucket | None = None
    ) -> None:
        super().__init__(session, endpoint, model.timeout)
        self._model = model
        self._exchange = TextExchange(session, endpoint, model, bucket, self.name, self._secrets.hide)
        self._size = model.in_one_request
        self._waiting: dict[str, deque[_Wanted]] = {}  # by what all texts of one request have in common
        self._open: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def ask(self, payload: bytes, *, going_on: bool = False) -> tuple[Answer, Mapping[str, str]]:
        """The answer to one text, or pair, given as a JSON list; sent with others that wait."""
        texts = tuple(json.loads(payload))
        loop = asyncio.get_running_loop()
        wanted = _Wanted(texts, len(payload), loop.create_future())
        group = texts[0] if self._exchange.first else ""
        self._waiting.setdefault(group, deque()).append(wanted)
        if len(self._waiting[group]) >= self._size:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(_LINGER_SECONDS, self._lingered)
        return await wanted.done

    def _lingered(self) -> None:
        self._timer = None
        self._start(all_of_them=True)

    def _start(self, *, all_of_them: bool = False) -> None:
        """Send what waits as long as there is room: full requests, or `all_of_them`."""
        for group, waiting in list(self._waiting.items()):
            while waiting and len(self._open) < self._model.concurrency and (all_of_them or len(waiting) >= self._size):
                task = asyncio.get_running_loop().create_task(self._send(self._taken(waiting)))
                self._open.add(task)
                task.add_done_callback(self._ended)
            if not waiting:
                del self._waiting[group]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        if not task.cancelled():
            task.exception()  # was given to all who waited
            self._start(all_of_them=True)

    def _taken(self, waiting: deque[_Wanted]) -> list[_Wanted]:
        """The first that wait, as many as one request may hold; those that nobody waits for any longer are left out."""
        taken: list[_Wanted] = []
        size = 0
        while waiting and len(taken) < self._size and (not taken or size + waiting[0].size <= _MOST_BYTES):
            wanted = waiting.popleft()
            if not wanted.done.done():
                taken.append(wanted)
                size += wanted.size
        return taken

    async def _send(self, batch: list[_Wanted]) -> None:
        try:
            if batch:
                await self._settle(batch)
        except BaseException as error:
            for wanted in batch:
                if not wanted.done.done():
                    wanted.done.set_exception(_another(error) if isinstance(error, Fault) else error)
            if not isinstance(error, Fault):
                raise

    async def _settle(self, batch: list[_Wanted]) -> None:
        """Give each of the batch its answer, or its fault."""
        try:
            if len(batch) > self._size:  # it was found meanwhile that the server takes fewer
                raise Fault("row", "too_many", "more texts than the server takes at once")
            found = await self._exchange.asked([wanted.texts for wanted in batch])
        except Fault as fault:
            if fault.kind != "row" or len(batch) <= 1:
                raise
            if _TOO_MANY.search(fault.message):
                self._size = max(1, min(self._size, len(batch) // 2))
            middle = (len(batch) + 1) // 2
            await self._send(batch[:middle])
            await self._send(batch[middle:])
            return
        for wanted, each in zip(batch, found, strict=True):
            if wanted.done.done():
                continue
            if isinstance(each, Fault):
                wanted.done.set_exception(each)
            else:
                wanted.done.set_result(each)


def _another(fault: Fault) -> Fault:
    """The same fault for one more who waits: an exception that is raised twice mixes up where it was."""
    made = Fault(fault.kind, fault.cause, fault.message)
    made.__dict__.update(fault.__dict__)
    return made
