"""Requests to the server of a review, as anybody may send them."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientSession


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(url: str, path: str = "", sent: Any = None, headers: dict[str, str] | None = None, method: str = "") -> Got:
    """The answer to one request; what is `sent` goes as JSON, or as it is where it is bytes."""
    (got,) = ask_all(url, [(path, sent)], headers, method)
    return got


def ask_all(
    url: str, asked: list[tuple[str, Any]], headers: dict[str, str] | None = None, method: str = ""
) -> list[Got]:
    """The answers to requests that are sent at once."""
    at = urlsplit(url)
    own = {"Origin": f"{at.scheme}://{at.netloc}", "Content-Type": "application/json"}

    async def one(session: ClientSession, path: str, sent: Any) -> Got:
        how = method or ("GET" if sent is None else "POST")
        said = {**(own if how == "POST" else {}), **(headers or {})}
        body = sent if sent is None or isinstance(sent, bytes | io.BytesIO) else json.dumps(sent).encode()
        async with session.request(how, url + path, data=body, headers=said, skip_auto_headers=["Content-Type"]) as got:
            return Got(got.status, dict(got.headers), await got.text())

    async def every() -> list[Got]:
        async with ClientSession() as session:
            return list(await asyncio.gather(*(one(session, path, sent) for path, sent in asked)))

    return asyncio.run(every())
