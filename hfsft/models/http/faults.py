"""What an exchange without an answer means: try again, slow down, give this row up, or stop asking the server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from hfsft.keys import Hide, scrub
from hfsft.models.http.address import led_to
from hfsft.models.http.retry_after import retry_after
from hfsft.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["heal", "slow", "row", "down"]


class Fault(Exception):  # noqa: N818 (a fault heals as often as not)
    """An exchange that brought no answer.

    `kind` says what helps: `heal` a new try, `slow` a new try and fewer at once, `row` nothing (this request cannot be
    answered), `down` nothing (the server cannot be asked at all). `after` is how many seconds the server wants to be
    left alone. `paid` is whether the server may have charged for it all the same. `body` is all that the server said,
    for what is read from it and never shown; `waited` the seconds in which it sent no byte.
    """

    body: str | None = None
    waited = 0.0

    def __init__(
        self, kind: Kind, cause: str, message: str, *, status: int = 0, after: float | None = None, paid: bool = False
    ) -> None:
        self.kind = kind
        self.cause = cause
        self.message = message
        self.status = status
        self.after = after
        self.paid = paid
        super().__init__(message)


_CONTEXT = re.compile(
    r"context.?(length|size|window)|exceed_context|prompt is too long|input is too long|too many (input )?tokens"
    r"|maximum (allowed )?(input|prompt|number of tokens)",
    re.IGNORECASE,
)
_UNPAID = re.compile(r"insufficient.?(quota|balance|credit)|current quota|billing|out of credits", re.IGNORECASE)
_DAILY = re.compile(r"quota (for|of) (the|today)|daily|per.?day", re.IGNORECASE)
_LONGEST = 10_000  # characters that are looked at of a message
_TAG = re.compile(r"<[^<>]+>")
_FILTERED = re.compile(r"content.?(filter|policy|management)|moderat|flagged|safety", re.IGNORECASE)

_ADVICE = {
    401: "the key is missing or wrong: check `api_key_env`, or log in with `hf auth login`",
    402: "the account must be paid for or topped up",
    403: "this key may not use this model",
    404: "no such model or address there: check `model` and `base_url`",
    405: "this address takes no chat completions: check `base_url`",
}
# A server may be gone for good behind these; 408, 504 and 524 are gateways that lost patience.
_TIMED_OUT = {408, 504, 524}
_OVERLOADED = {429, 503, 529}
_HEALING = {409, 425, 499, 500, 502, 520, 521, 522, 523, 525, 527, 530}


def of_response(status: int, headers: Mapping[str, str], body: str, *, hide: Hide = scrub, asked: str = "") -> Fault:
    """The fault that a response with an error status is; `hide` takes out of its message what nobody may read.

    `asked` is the address that answered, from which a redirect leads on.
    """
    said = message_in(body, hide)
    message = f"HTTP {status}" + (f": {said}" if said else "")
    after = retry_after(headers)
    if status in _OVERLOADED:
        # A quota of the day that says when it has room again is one that rolls on: it is waited for like any limit.
        if status == 429 and (_UNPAID.search(body) or (after is None and _DAILY.search(body))):
            return Fault("down", "quota", f"{message}; the quota is used up: raise it, or go on later", status=status)
        return Fault("slow", "rate_limit" if status == 429 else "overloaded", message, status=status, after=after)
    if status in _TIMED_OUT:
        return Fault("slow", "timeout", message, status=status, after=after, paid=True)
    if status in _HEALING or status > 505:
        return Fault("heal", "server", message, status=status, after=after)
    if _FILTERED.search(said) and status in {400, 403, 422}:
        return Fault("row", "content_filter", message, status=status)
    if status in _ADVICE:
        return Fault("down", "refused", f"{message}; {_ADVICE[status]}", status=status)
    if 300 <= status < 400:
        target = hide(led_to(asked, headers.get("Location", ""))) or "another address"
        return Fault("down", "redirect", f"{message}; it sends us to {target}: put that in `base_url`", status=status)
    if status == 413 or _CONTEXT.search(body):
        return Fault("row", "context_length", message, status=status)
    return Fault("row", "bad_request", message, status=status)


def message_in(body: str, hide: Hide = scrub) -> str:
    """The sentence that an error body carries, in one line of at most 300 characters; HTML tags are left out.

    `hide` sees it before it is cut: half of a secret is one.
    """
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        found = _TAG.sub(" ", _seen(body))
    for name in ("error", "message", "detail", "msg"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False) if found else ""
    return plain(hide(plain(text, _LONGEST)), 300)


def _seen(page: str) -> str:
    """An HTML page without the parts that nobody sees; what opens one and never closes it is left."""
    for name in ("style", "script", "head"):
        kept, place, low = [], 0, page.lower()
        while (start := low.find(f"<{name}", place)) >= 0 and (end := low.find(f"</{name}", start)) >= 0:
            kept.append(page[place:start])
            place = end
        page = " ".join([*kept, page[place:]])
    return page
