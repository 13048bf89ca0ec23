"""Faults that a test switches on: wrong answers, cut connections, slow answers.

A pattern is matched against "METHOD /path" (decoded, without the query); `*` also crosses slashes:

    hub.faults.answer("POST */commit/main", 503, times=1)

The first fault that matches and is not used up is the one that strikes. Faults come as they are told; whatever the
clients retry, each try counts.
"""

import asyncio
import fnmatch
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from tests.hub.answers import HubError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Fault:
    """One fault: what it strikes, after how many matches, how often, and whether it cuts the connection."""

    pattern: str
    strike: Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
    skip: int
    times: int | None
    cuts: bool = False
    matched: int = 0

    @property
    def struck(self) -> int:
        """How often it has struck."""
        past = max(0, self.matched - self.skip)
        return past if self.times is None else min(past, self.times)

    def takes(self, request: web.Request) -> bool:
        """Whether it strikes this request; counts the match."""
        if not fnmatch.fnmatchcase(f"{request.method} {request.path}", self.pattern):
            return False
        before = self.struck
        self.matched += 1
        return self.struck > before


@dataclass
class Faults:
    """The faults switched on, in order. `skip` lets that many matches pass first; `times=None` means for ever."""

    active: list[Fault] = field(default_factory=list)

    def answer(
        self,
        pattern: str,
        status: int,
        *,
        times: int | None = None,
        skip: int = 0,
        code: str = "",
        message: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Fault:
        """Answer `status` instead of doing anything, say 429 with `headers={"Retry-After": "1"}`."""

        async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
            await request.read()  # an unread body would end in a reset instead of the answer
            return HubError(status, message or f"A fault of the test: {status}", code, headers=headers).response()

        return self._add(pattern, strike, skip, times)

    def cut_request(
        self, pattern: str, after: int, *, times: int | None = 1, skip: int = 0, reset: bool = True
    ) -> Fault:
        """Cut the connection once `after` bytes of the request's body (or all of a shorter one) have come in.

        Nothing is done with the request. `reset` sends RST, else the connection is closed in order.
        """

        async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
            seen = 0
            while seen < after and (block := await request.content.read(after - seen)):
                seen += len(block)
            return _cut(request, reset)

        return self._add(pattern, strike, skip, times, cuts=True)

    def cut_response(
        self, pattern: str, after: int = 0, *, times: int | None = 1, skip: int = 0, reset: bool = False
    ) -> Fault:
        """Do what is asked, then cut the connection after `after` bytes of the answer's body.

        With 0 not even the headers are sent: the request is carried out and its answer lost. With `reset` the client
        may not get to see all of the bytes that were sent.
        """

        async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            if after == 0:
                return _cut(request, reset)
            body = answer.body if isinstance(answer, web.Response) else None
            if not isinstance(body, bytes):
                raise TypeError(f"{request.method} {request.path} has no body that could be cut")
            partial = web.StreamResponse(status=answer.status, headers=answer.headers)
            partial.content_length = len(body)
            await partial.prepare(request)
            await partial.write(body[:after])
            return _cut(request, reset, partial)

        return self._add(pattern, strike, skip, times, cuts=True)

    def slow(self, pattern: str, seconds: float, *, times: int | None = None, skip: int = 0) -> Fault:
        """Do what is asked at once, but answer `seconds` later."""

        async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            await asyncio.sleep(seconds)
            return answer

        return self._add(pattern, strike, skip, times)

    def clear(self) -> None:
        """Switch all faults off."""
        self.active.clear()

    def find(self, request: web.Request) -> Fault | None:
        """The fault that strikes this request, if one does."""
        return next((fault for fault in self.active if fault.takes(request)), None)

    def _add(
        self,
        pattern: str,
        strike: Callable[[web.Request, Handler], Awaitable[web.StreamResponse]],
        skip: int,
        times: int | None,
        cuts: bool = False,
    ) -> Fault:
        if " /" not in pattern and " *" not in pattern:
            raise ValueError(f"{pattern!r} is no pattern for 'METHOD /path', like 'POST */commit/*'")
        fault = Fault(pattern, strike, skip, times, cuts)
        self.active.append(fault)
        return fault


def _cut(request: web.Request, reset: bool, sent: web.StreamResponse | None = None) -> web.StreamResponse:
    transport = request.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        if reset and peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() then sends RST
            transport.abort()
        else:
            transport.close()
    return sent or web.StreamResponse()
