"""What a handler says besides its JSON: a refusal the clients understand, or a range of bytes.

The clients tell errors apart by the header X-Error-Code; the text only reaches the user.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class HubError(Exception):
    """Ends a handler with `status`, an X-Error-Code (if any) and a sentence for the user."""

    def __init__(
        self, status: int, message: str, code: str = "", *, headers: Mapping[str, str] | None = None, **body: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.body = body

    def response(self) -> web.Response:
        """The refusal as the Hub writes it: in two headers and as JSON."""
        headers = {"X-Error-Message": self.message, **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        body = json.dumps({"error": self.message, **self.body})
        return web.Response(status=self.status, text=body, headers=headers, content_type="application/json")


def paged(request: web.Request, rows: Sequence[Any], size: int) -> web.Response:
    """One page of `rows` as JSON; a Link header names the next page, as long as there is one."""
    start = int(request.query.get("cursor", "0"))
    response = web.json_response(list(rows[start : start + size]))
    if start + size < len(rows):
        following = request.url.update_query(cursor=str(start + size))
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def ranged(request: web.Request, data: bytes, headers: Mapping[str, str]) -> web.Response:
    """All of `data`, or the one range that the request asks for; several ranges in one request are refused."""
    headers = {"Accept-Ranges": "bytes", **headers}
    asked = request.headers.get("Range")
    if asked is None:
        return web.Response(body=data, headers=headers)
    start, stop = span(asked, len(data))
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return web.Response(status=206, body=data[start:stop], headers=headers)


def span(asked: str, size: int) -> tuple[int, int]:
    """Start and end (exclusive) of a Range header over `size` bytes; 416 where it lies outside."""
    match = _RANGE.fullmatch(asked)
    if match is None or match[0] == "bytes=-":
        raise HubError(416, f"Cannot read the range {asked!r}", headers={"Content-Range": f"bytes */{size}"})
    first, last = match[1], match[2]
    start, stop = (int(first), int(last or size - 1) + 1) if first else (max(0, size - int(last)), size)
    if start >= size or start >= stop:
        raise HubError(416, f"Range {asked!r} of {size} bytes", headers={"Content-Range": f"bytes */{size}"})
    return start, min(stop, size)
