"""One exchange over HTTP with any OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import re
import socket
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from hfsft.errors import LOOKS_LIKE_KEY
from hfsft.models import wire
from hfsft.models.faults import Fault, of_response
from hfsft.models.model import Answer, Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names resolved once; a server that moves is found again within five minutes.
_DNS_SECONDS = 300
# A connection that cannot be made in this time would not answer either.
_CONNECT_SECONDS = 20
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def chat_url(base_url: str) -> str:
    """The address of chat completions below `base_url`, with or without its `/v1` or the whole path."""
    url = URL(base_url)
    if not url.host or url.scheme not in {"http", "https"}:
        raise ValueError(f"{base_url!r} is not an http:// or https:// address")
    path = url.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        versioned = any(re.fullmatch(r"v\d\w*", part) for part in path.split("/"))
        path += "/chat/completions" if versioned else "/v1/chat/completions"
    return str(url.with_path(path).with_query(url.query))


def shown(base_url: str) -> str:
    """The address without a user, password or query, for messages."""
    parts = urlsplit(base_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


class Client:
    """Asks one endpoint; connections are shared through the session given.

    `ask` returns the answer and the response headers, or raises Fault. No key is ever in a Fault or an Answer.
    """

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint, timeout: float) -> None:
        self.endpoint = endpoint
        self.name = shown(endpoint.base_url)
        self._session = session
        self._url = URL(chat_url(endpoint.base_url))
        self._seconds = timeout
        # `total` covers the whole exchange, so that a server which drips bytes cannot pass it.
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, _CONNECT_SECONDS))
        self._headers = CIMultiDict({"Content-Type": "application/json", "Accept": "application/json"})
        self._headers.update(endpoint.headers)
        if endpoint.api_key:
            self._headers["Authorization"] = f"Bearer {endpoint.api_key}"
        secrets = [endpoint.api_key or "", *(value for _, value in endpoint.headers)]
        secrets += [self._url.password or "", *self._url.query.values()]
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 8)
        self._proxy = proxy_of(self._url)

    async def ask(self, payload: bytes) -> tuple[Answer, Mapping[str, str]]:
        """Send one request body; the answer and the response headers, or a Fault."""
        raw, headers = await self.exchange(payload)
        try:
            return wire.read(raw), headers
        except Fault as fault:
            fault.message = f"{self.name}: {fault.message}"
            raise

    async def exchange(self, payload: bytes) -> tuple[str, Mapping[str, str]]:
        """Send one request body; the body of the response, which may be no answer, and its headers, or a Fault."""
        connected = time.monotonic()
        try:
            response = await self._session.post(
                self._url,
                data=payload,
                headers=self._headers,
                timeout=self._timeout,
                proxy=self._proxy,
                allow_redirects=False,
            )
            async with response:
                raw = self._scrub((await response.read()).decode("utf-8", "replace"))
                status, headers = response.status, response.headers
        except asyncio.TimeoutError:
            seconds = time.monotonic() - connected
            message = f"{self.name}: no answer within {min(seconds, self._seconds):.3g} s"
            raise Fault("slow", "timeout", message, paid=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(error) from None
        if status != 200:
            fault = of_response(status, headers, raw)
            fault.message = f"{self.name}: {fault.message}"
            raise fault
        return raw, headers

    def _broken(self, error: BaseException) -> Fault:
        said = self._scrub(str(error)) or type(error).__name__
        if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
            return Fault("down", "connection", f"{self.name}: its certificate is not trusted ({said})")
        if isinstance(error, aiohttp.ClientConnectorError):
            # `refused` and unknown names mean that nobody listens; a full network may heal.
            gone = isinstance(error.os_error, (ConnectionRefusedError, socket.gaierror))
            advice = "is the server running, and is `base_url` right?"
            kind, cause = ("down", "connection") if gone else ("heal", "connection")
            return Fault(kind, cause, f"{self.name}: cannot connect ({said}); {advice}")  # type: ignore[arg-type]
        if isinstance(error, aiohttp.InvalidURL):
            return Fault("down", "connection", f"{self.name}: not an address that can be asked")
        return Fault("heal", "connection", f"{self.name}: the connection broke ({said})", paid=True)

    def _scrub(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, "***")
        return text


def scrub(text: str) -> str:
    """The text without anything that looks like a provider's key."""
    return LOOKS_LIKE_KEY.sub("***", text)


def new_session() -> aiohttp.ClientSession:
    """A session that opens as many connections as it is asked for, and keeps them."""
    connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=_DNS_SECONDS, keepalive_timeout=60)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), raise_for_status=False)


def proxy_of(url: URL) -> Any:
    """The proxy that the environment names for an address, None where it is asked directly."""
    # Asked once: looking the environment up for each request costs more than the exchange.
    if url.host in _LOOPBACK or urllib.request.proxy_bypass(url.host or ""):
        return None
    return urllib.request.getproxies().get(url.scheme)
