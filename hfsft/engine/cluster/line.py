"""How one that asks models talks with the desk: what is said at about the same time goes in one letter."""

from __future__ import annotations

import asyncio
import pickle
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from hfsft.engine.cluster.carried import Carried
from hfsft.engine.cluster.post import DESK, letters

if TYPE_CHECKING:
    from collections.abc import Callable

    from hfsft.engine.cluster.actors import Actor

GATHER_SECONDS = 0.002  # that a letter waits for what else is said


class DeskLine:
    """Used from one event loop. `begin` names what is talked about, under which the desk sums up what it is told."""

    def __init__(self, post: Actor) -> None:
        self._post = post
        self._session = ""
        self._numbers = count(1)
        self._out: list[tuple[int, str, tuple[Any, ...]]] = []
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._sending = False
        self._taking: asyncio.Task[None] | None = None
        self._hears: dict[str, Callable[..., None]] = {}

    def on(self, what: str, hear: Callable[..., None]) -> None:
        """Call `hear` with what the desk says of itself under this name."""
        self._hears[what] = hear

    async def begin(self, session: str) -> None:
        """Talk under this name from now on."""
        self._session = session
        self._taking = asyncio.get_running_loop().create_task(self._take(session))

    async def end(self) -> None:
        """Talk no more, once the desk has heard all that was said."""
        try:
            await self.ask("heard")
        finally:
            if self._taking is not None:
                self._taking.cancel()
                with suppress(asyncio.CancelledError):
                    await self._taking
            self._taking = None

    async def ask(self, what: str, *arguments: Any) -> Any:
        """What the desk answers; raises what it raises."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._say(number, what, arguments)
        try:
            return await answer
        finally:
            del self._waiting[number]

    def tell(self, what: str, *arguments: Any) -> None:
        """Say what needs no answer."""
        self._say(0, what, arguments)

    def _say(self, number: int, what: str, arguments: tuple[Any, ...]) -> None:
        self._out.append((number, what, arguments))
        if not self._sending:
            self._sending = True
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._send)

    def _send(self) -> None:
        self._sending = False
        said, self._out = self._out, []
        letter = pickle.dumps((self._session, said), pickle.HIGHEST_PROTOCOL)
        sent = asyncio.wrap_future(self._post.call("leave", [(DESK, letter)]))
        sent.add_done_callback(self._sent)

    def _sent(self, sent: asyncio.Future[None]) -> None:
        if not sent.cancelled() and (error := sent.exception()):
            self._fail(error)

    async def _take(self, session: str) -> None:
        try:
            async for letter in letters(self._post, session):
                for number, what, said in pickle.loads(letter):  # noqa: S301, of our own process
                    self._hear(number, what, said)
        except Exception as error:
            self._fail(error)

    def _hear(self, number: int, what: str, said: Any) -> None:
        if not number:
            if hear := self._hears.get(what):
                hear(*said)
        elif (answer := self._waiting.get(number)) is not None and not answer.done():
            try:
                answer.set_result(said.get() if isinstance(said, Carried) else said)
            except BaseException as error:
                answer.set_exception(error)

    def _fail(self, error: BaseException) -> None:
        """The desk is gone: nobody gets an answer any more."""
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)
