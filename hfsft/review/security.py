"""Who may ask the server of a review: the page that it sent itself, and nobody who does not know its address.

Any page that a browser has open may send requests to 127.0.0.1. So each address holds a random token; a name that
somebody else's DNS lets stand for 127.0.0.1 is refused by `Host`, another page by `Origin` and `Sec-Fetch-Site`.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from hmac import compare_digest

from aiohttp import web

from hfsft.release.report.html_pages import source_hash

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

NAMES = ("127.0.0.1", "localhost")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer has; that of the page itself says in its policy what the page may run."""


@dataclass
class Access:
    """Lets through who knows the token, asks by the address that was printed, and is no other page."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    port: int = 0  # known once the server listens

    @property
    def url(self) -> str:
        """The address that is printed."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def refused(self, request: web.Request) -> tuple[int, str] | None:
        """The status and the words by which a request is refused; None where it may pass."""
        hosts = [f"{name}:{self.port}" for name in NAMES]
        if request.host not in hosts:
            return 403, f"open {self.url.replace(self.token, '…')} as the terminal printed it"
        sent = "".join(request.path.split("/")[1:2])
        if not compare_digest(sent.encode(errors="replace"), self.token.encode()):
            return 404, "there is nothing here: open the address that the terminal printed"
        origin = request.headers.get("Origin")
        if origin is not None and origin not in [f"http://{host}" for host in hosts]:
            return 403, "another page asked for this"
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return 403, "another page asked for this"
        if request.method == "POST" and origin is None:
            return 403, "a request that writes says which page it comes from (Origin)"
        if request.method == "POST" and request.content_type != "application/json":
            return 403, "a request that writes holds JSON (Content-Type: application/json)"
        return None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse, or answer; with `HEADERS` in either case."""
        refusal = self.refused(request)
        if refusal is not None:
            response: web.StreamResponse = web.json_response({"error": refusal[1]}, status=refusal[0])
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:  # no such address, another method, a body that is too large
                said = {413: "it is too large to be kept"}.get(error.status, error.reason)
                response = web.json_response({"error": said}, status=error.status)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def policy(scripts: Iterable[str], style: str) -> str:
    """A page's policy: these scripts and this style alone, and requests to where it came from."""
    allowed = " ".join(map(source_hash, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {source_hash(style)}; img-src data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
