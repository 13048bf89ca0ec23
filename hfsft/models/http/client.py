"""One exchange over HTTP with any OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import re
import socket
import time
import urllib.request
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError, LineTooLong
from multidict import CIMultiDict
from yarl import URL

from hfsft.errors import bare
from hfsft.keys import KnownSecrets, in_address
from hfsft.models.http.address import chat_url, completions_url, shown
from hfsft.models.http.faults import MOST_BYTES, MOST_ERROR_BYTES, Fault, of_response
from hfsft.models.http.stream import Pieces, is_stream, looks_streamed
from hfsft.models.model import AUTHORIZATION, Answer, Endpoint
from hfsft.section.late_module import LateModule

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from hfsft.models.http import answer
else:  # see `Pool.prepare`
    answer = LateModule("hfsft.models.http.answer")

LONG_BYTES = 256_000
"""Of an answer that is read on only while few others are as long: so all that are open take a bounded memory."""
_MOST_LONG = 8
MOST_HEADER_BYTES = 16_000
MOST_HEADERS = 128
# Names resolved once; a server that moves is found again within five minutes.
_DNS_SECONDS = 300
# A connection that cannot be made in this time would not answer either.
_CONNECT_SECONDS = 20
SILENCE_SECONDS = 60.0
"""A stream in the middle of an answer that brings no byte for so long brings none any more."""
# For the last bytes after the word that this was all.
_END_SECONDS = 0.2
NO_SUCH_ADDRESS = (404, 405, 501)
NO_COMPLETIONS = (
    "has no /v1/completions, where a model goes on with a raw text as Magpie needs it: ask one that has (llama.cpp, "
    "vLLM and others; the embedded model too), or leave the source with `from: magpie` out"
)
# The same in the words of servers that have the address, and not for this model.
NO_RAW_TEXTS = re.compile(
    r"\bcompletions?(?: \w+)? (?:endpoint|api|route)|not in the (?:legacy )?completions|is a chat model"
    r"|(?:only supports?|use) (?:the )?(?:v1/)?chat|(?:not|n't) support\w{0,30}[^.\n]{0,40}\bcompletions?\b",
    re.IGNORECASE,
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Silence:
    """Calls `broken_off` once `begin` was not called again for so many seconds."""

    def __init__(self, seconds: float, broken_off: Callable[[], None]) -> None:
        self.seconds = seconds
        self.broken = False
        self._broken_off = broken_off
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Count from now on."""
        self._heard = time.monotonic()
        if self._timer is None:
            self._look_in(self.seconds)

    def end(self) -> None:
        """Count no longer."""
        if self._timer is not None:
            self._timer.cancel()

    def _look_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        left = self._heard + self.seconds - time.monotonic()
        if left > 0:
            self._look_in(left)
            return
        self.broken = True
        self._broken_off()


class LongRead:
    """One answer among those that are being read: past `LONG_BYTES` it waits until few others are as long."""

    def __init__(self, room: asyncio.Semaphore) -> None:
        self._room = room
        self._long = False

    async def read(self, size: int) -> None:
        """So many bytes were read by now."""
        if size > LONG_BYTES and not self._long:
            await self._room.acquire()
            self._long = True

    def leave(self) -> None:
        """It is read no further, and no longer held as bytes."""
        if self._long:
            self._room.release()
        self._long = False


class Client:
    """Asks one endpoint; connections are shared through the session given.

    `ask` returns the answer and the response headers, or raises Fault. No key is ever in a Fault; an answer is as the
    server gave it, or none at all where it repeats the key.
    """

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint, timeout: float, url: str = "") -> None:
        """`url` is the whole address to ask, that of chat completions where none is given."""
        self.endpoint = endpoint
        self.name = shown(endpoint.base_url)
        self._session = session
        self._url = URL(url or chat_url(endpoint.base_url))
        self._seconds = timeout
        self._long = asyncio.Semaphore(_MOST_LONG)
        # `total` covers the whole exchange, so that a server which drips bytes cannot pass it.
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, _CONNECT_SECONDS))
        self._headers = CIMultiDict(
            {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        )
        self._headers.update(endpoint.headers)
        self._headers.update(endpoint.secret_headers)
        if endpoint.api_key and endpoint.key_header:
            self._headers[endpoint.key_header] = endpoint.api_key
        elif endpoint.api_key:
            self._headers[AUTHORIZATION] = f"Bearer {endpoint.api_key}"
        self._proxy = proxy_of(self._url)
        addresses = [endpoint.base_url, *([self._proxy] if self._proxy else [])]
        self._secrets = KnownSecrets(
            [*endpoint.secrets, *(secret for address in addresses for _, secret in in_address(address))]
        )

    async def ask(self, payload: bytes, *, going_on: bool = False) -> tuple[Answer, Mapping[str, str]]:
        """Send one request body; the answer and the response headers, or a Fault.

        `going_on`: it holds a raw text that the model goes on with, and is sent to the address for these.
        """
        raw, headers = await self.exchange(payload, going_on=going_on)
        try:
            return answer.read(raw, hide=self._secrets.hide, going_on=going_on), headers
        except Fault as fault:
            failed = bare(fault)
            failed.message = f"{self.name}: {failed.message}"
            failed.body, failed.status = raw[:MOST_ERROR_BYTES], failed.status or 200
        del raw  # the error would hold all of it
        try:
            raise failed
        finally:
            del failed  # and itself

    async def exchange(self, payload: bytes, *, going_on: bool = False) -> tuple[str, Mapping[str, str]]:
        """Send one request body; the body of the response, which may be no answer, and its headers, or a Fault."""
        try:
            return await self._exchanged(
                payload, URL(completions_url(self.endpoint.base_url)) if going_on else self._url
            )
        except Fault as fault:
            failed = bare(fault)  # what was read of a long answer is let go here
            told = failed.kind == "row" and NO_RAW_TEXTS.search(failed.body or failed.message)
            if going_on and (failed.status in NO_SUCH_ADDRESS or told):
                failed = Fault("down", "refused", f"{self.name}: {NO_COMPLETIONS}", status=failed.status)
        try:
            raise failed
        finally:
            del failed  # which would hold itself

    async def _exchanged(self, payload: bytes, url: URL) -> tuple[str, Mapping[str, str]]:
        connected = time.monotonic()
        status = 0
        room = LongRead(self._long)
        try:
            response = await self._session.post(
                url,
                data=payload,
                headers=self._headers,
                timeout=self._timeout,
                proxy=self._proxy,
                allow_redirects=False,  # nothing is sent to an address that nobody wrote down
            )
            async with response:
                status, headers = response.status, response.headers
                waited = time.monotonic() - connected
                if status == 200 and is_stream(headers.get("Content-Type", "")):
                    raw = await self._pieces(response, room)
                else:
                    raw = await self._body(response, room)
        except asyncio.TimeoutError:
            seconds = time.monotonic() - connected
            message = f"{self.name}: no answer within {min(seconds, self._seconds):.3g} s"
            raise Fault("slow", "timeout", message, paid=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            fault = self._broken(error)
            fault.waited = 0.0 if status else time.monotonic() - connected
            raise fault from None
        finally:
            room.leave()
        if status != 200:
            fault = of_response(status, headers, raw, hide=self._secrets.hide, asked=self.endpoint.base_url)
            fault.message = f"{self.name}: {fault.message}"
            fault.body, fault.waited = raw, waited
            raise fault
        return raw, headers

    @asynccontextmanager
    async def open(
        self, method: str, url: str, seconds: float, data: Any = None, content: str = "application/json"
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response of the same server at another of its addresses; a Fault where it breaks off or takes too long.

        `content` is the type of `data`, empty where `data` names it itself. Its status may be any.
        """
        headers = CIMultiDict(self._headers)
        del headers["Content-Type"]
        if content and data is not None:
            headers["Content-Type"] = content
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, _CONNECT_SECONDS))
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=data,
                headers=headers,
                timeout=timeout,
                proxy=self._proxy,
                allow_redirects=False,
            ) as response:
                yield response
        except asyncio.TimeoutError:
            raise Fault("slow", "timeout", f"{self.name}: no answer within {seconds:.3g} s", paid=True) from None
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            raise self._broken(error) from None

    @asynccontextmanager
    async def fetch(self, url: str, seconds: float) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response at an address that the server sent us to, which is told no key; a Fault where there is none."""
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, _CONNECT_SECONDS))
        target = URL(url, encoded=True)
        try:
            async with self._session.get(
                target, timeout=timeout, proxy=proxy_of(target), allow_redirects=False
            ) as response:
                yield response
        except asyncio.TimeoutError:
            raise Fault("slow", "timeout", f"{self.name}: no answer within {seconds:.3g} s") from None
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            raise self._broken(error) from None

    @property
    def secrets(self) -> KnownSecrets:
        """All that nobody may read in what the server says."""
        return self._secrets

    async def _body(self, response: aiohttp.ClientResponse, room: LongRead) -> str:
        """The body as text; of an error that is too long only its beginning."""
        most = MOST_BYTES if response.status == 200 else MOST_ERROR_BYTES
        parts, size = [], 0
        # Unpacked in pieces, so that no more of it is ever held than is read here.
        async for part in response.content.iter_any():
            parts.append(part)
            size += len(part)
            await room.read(size)
            if size > most:
                response.close()
                if response.status == 200:
                    said = f"{self.name}: its answer is longer than {most // 1_000_000} MB, which is no model's: "
                    raise Fault("row", "too_long", f"{said}is `base_url` right?", status=200, paid=True)
                break
        raw = parts[0] if len(parts) == 1 else b"".join(parts)
        if response.status != 200:
            return raw[:most].decode("utf-8", "replace")
        if looks_streamed(raw):  # whatever its type says
            pieces = Pieces(most)
            with self._named():
                pieces.feed(raw)
                return self._kept(pieces.body())
        return self._kept(raw.decode("utf-8", "replace"))

    async def _pieces(self, response: aiohttp.ClientResponse, room: LongRead) -> str:
        """The body that an answer in pieces comes to; Fault where it breaks off, or falls silent in the middle."""
        size = 0
        pieces, silence = Pieces(MOST_BYTES), Silence(min(self._seconds, SILENCE_SECONDS), response.close)
        try:
            with self._named():
                async for part in response.content.iter_any():
                    pieces.feed(part)
                    size += len(part)
                    await room.read(size)
                    if pieces.done:
                        break
                    if pieces.begun:  # before, a model may think for as long as the whole may take
                        silence.begin()
                if not response.content.at_eof():  # so that the connection can be used again
                    with suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(response.content.readany(), _END_SECONDS)
                return self._kept(pieces.body())
        except (aiohttp.ClientError, OSError):
            if silence.broken:
                said = f"{self.name}: no byte for {silence.seconds:.3g} s in the middle of its answer"
                raise Fault("slow", "timeout", said, paid=True) from None
            raise
        except Fault:
            response.close()
            raise
        finally:
            silence.end()

    def _kept(self, body: str) -> str:
        """The body of an answer; Fault where it repeats the key."""
        if self._secrets.stand_in(body.encode("utf-8", "surrogatepass")):
            said = f"{self.name}: the answer repeats the key that it was asked with, so it is not kept"
            raise Fault("row", "secret", said, status=200, paid=True)
        return body

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Puts the name of the server before what is wrong with a stream."""
        try:
            yield
        except Fault as fault:
            if not fault.message.startswith(self.name):
                fault.message = f"{self.name}: {fault.message}"
            raise

    def _broken(self, error: BaseException) -> Fault:
        """The fault of an exchange without a whole answer; it quotes nothing that a server sent."""
        said = self._secrets.hide(str(error)) or type(error).__name__
        if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
            return Fault("down", "connection", f"{self.name}: its certificate is not trusted ({said})")
        if isinstance(error, aiohttp.ClientHttpProxyError):
            proxy = f"the proxy {shown(self._proxy or '')} answers {error.status}"
            return Fault("down", "connection", f"{self.name}: {proxy}: check HTTPS_PROXY and its login")
        if isinstance(error, aiohttp.ClientConnectorError):
            # `refused` and unknown names mean that nobody listens; a full network may heal.
            gone = isinstance(error.os_error, (ConnectionRefusedError, socket.gaierror))
            advice = "is the server running, and is `base_url` right?"
            kind, cause = ("down", "connection") if gone else ("heal", "connection")
            return Fault(kind, cause, f"{self.name}: cannot connect ({said}); {advice}")  # type: ignore[arg-type]
        if isinstance(error, aiohttp.InvalidURL):
            return Fault("down", "connection", f"{self.name}: not an address that can be asked")
        if isinstance(error, (aiohttp.ClientResponseError, aiohttp.ClientPayloadError)):
            return Fault("heal", "unreadable", f"{self.name}: {_unreadable(error)}", paid=True)
        if isinstance(error, aiohttp.ServerDisconnectedError):  # which may quote what came by then
            said = "the server closed it"
        return Fault("heal", "connection", f"{self.name}: the connection broke ({said})", paid=True)


def _unreadable(error: aiohttp.ClientError) -> str:
    """What is wrong with an answer, in words that quote nothing of it."""
    root: BaseException = error
    while root.__cause__ is not None and not isinstance(root, (LineTooLong, ContentEncodingError)):
        root = root.__cause__
    if isinstance(root, LineTooLong):
        return f"its answer has a header of more than {MOST_HEADER_BYTES // 1000} kB"
    if isinstance(root, ContentEncodingError):
        return "its answer cannot be unpacked"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "its answer broke off"
    if "Too many headers" in str(root):
        return f"its answer has more than {MOST_HEADERS} headers"
    return "what it answers is no HTTP: is `base_url` right?"


def new_session() -> aiohttp.ClientSession:
    """A session that opens as many connections as it is asked for, and keeps them."""
    connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=_DNS_SECONDS, keepalive_timeout=60)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        raise_for_status=False,
        max_field_size=MOST_HEADER_BYTES,
        max_line_size=MOST_HEADER_BYTES,
        max_headers=MOST_HEADERS,
    )


def proxy_of(url: URL) -> Any:
    """The proxy that the environment names for an address, None where it is asked directly."""
    # Asked once: looking the environment up for each request costs more than the exchange.
    if url.host in _LOOPBACK or urllib.request.proxy_bypass(url.host or ""):
        return None
    return urllib.request.getproxies().get(url.scheme)
