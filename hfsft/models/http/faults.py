"""What an exchange without an answer means: try again, slow down, give this row up, or stop asking the server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from hfsft.keys import Hide, scrub
from hfsft.letters.late_patterns import at_first_use
from hfsft.models.http.address import led_to
from hfsft.models.http.retry_after import limit_pause, limit_reset, retry_after, told_in
from hfsft.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["heal", "slow", "row", "down"]
MOST_BYTES = 16_000_000
"""Of one answer, unpacked: the longest that models write take a tenth of it."""
MOST_ERROR_BYTES = 1_000_000
"""Of an error, which is read no further."""


class Fault(Exception):  # noqa: N818 (a fault heals as often as not)
    """An exchange that brought no answer.

    `kind` says what helps: `heal` a new try, `slow` a new try and fewer at once, `row` nothing (this request cannot be
    answered), `down` nothing (the server cannot be asked at all). `after` is how many seconds the server wants to be
    left alone. `paid` is whether the server may have charged for it all the same. `tries` is how often a request is
    sent that meets this cause each time, where that is less than what others are given: then it is taken for a fault of
    the request, and slows no other. `body` is all that the server said, for what is read from it and never shown;
    `waited` the seconds in which it sent no byte.
    """

    body: str | None = None
    waited = 0.0

    def __init__(
        self,
        kind: Kind,
        cause: str,
        message: str,
        *,
        status: int = 0,
        after: float | None = None,
        paid: bool = False,
        tries: int = 0,
    ) -> None:
        self.kind = kind
        self.cause = cause
        self.message = message
        self.status = status
        self.after = after
        self.paid = paid
        self.tries = tries
        super().__init__(message)


_CONTEXT = at_first_use(
    r"context.?(length|size|window)|exceed_context|(prompt|input|message)s? (is|are) too (long|large)"
    r"|too many (input )?tokens|maximum (allowed )?(input|prompt|sequence|number of tokens)"
    r"|max(imum)?.?(model|seq\w{0,30}).?len"
    r"|input.{0,20}(tokens?|length).{0,60}(exceeds?|longer|greater|more) than|reduce the length"
    r"|tokens.{0,40}must be <=|longer than the (model|maximum)",
    re.IGNORECASE,
)
# A limit that one request passes by itself: no waiting lets it through.
_TOO_LARGE = at_first_use(
    r"request (is )?too (large|big|long)|request exceeds (the )?max|must be reduced|reduce (the |your )?(\w+ ){0,2}"
    r"(size|length|message|prompt|input)|larger than (the|your) .{0,40}(limit|quota)|single request"
    r"|long.context request",
    re.IGNORECASE,
)
_LIMIT, _REQUESTED = (
    at_first_use(rf"\b{word}\b(?: (?:is|of))?\W{{0,4}}(\d[\d,_]{{0,15}})", re.IGNORECASE)
    for word in ("limit", "(?:requested|(?:prompt|input|request|messages?) (?:has|have|is|was|contains?|needs|takes))")
)
# The same in prose: the request's tokens, then fewer that are allowed.
_OVER = at_first_use(
    r"(?:request|prompt|input|payload|body|messages?|token count)\b[^\d.]{0,30}(\d[\d,_]{0,15})[^\d.]{0,30}"
    r"\b(?:exceed\w{0,30}|above|over|more than|larger than|greater than|limit is)\b[^\d.]{0,60}(\d[\d,_]{0,15})",
    re.IGNORECASE,
)
_UNPAID = at_first_use(
    r"insufficient.?(quota|balance|credit|fund)|current quota|billing|out of (credits|funds)|credits?\b"
    r"|top.?up|recharge|spend(ing)?.?(limit|cap)|in arrears|overdue|prepaid|payment"
    r"|\b(?:free )?trial\b[^.\n]{0,30}\b(?:ended|expired|over)\b|subscription[^.\n]{0,30}\b(?:ended|expired|inactive)\b"
    r"|\b(?:wallet|balance)\b|(?:purchase|buy) (?:a |an |more |another |additional )?(?:\w+ )?(?:plan|package|tokens)"
    r"|(?:used up|exhausted|no more|no remaining)[^.\n]{0,40}\b(?:allowance|package|plan|subscription)\b"
    r"|usage limit (?:for|of|on) (?:this|your|the) (?:plan|account|subscription)"
    r"|\bsolde\b|guthaben|\bsaldo\b|\u0431\u0430\u043b\u0430\u043d\u0441|\u6b8b\u9ad8|\uc794\uc561"
    r"|\u6b20\u8d39|\u4f59\u989d|\u5145\u503c",
    re.IGNORECASE,
)
_PERIOD = at_first_use(
    r"quota (for|of) (the|today)|daily|weekly|monthly|\b[rt]pd\b"
    r"|(per|each|a|/).{0,2}(day|week|month)\b|per.?(day|week|month)",
    re.IGNORECASE,
)
# A limit that has room again within the hour, whatever else the sentence speaks of.
_PASSING = at_first_use(
    r"(per|/|a|an|each).{0,2}(second|sec\b|minute|min\b|hour|hr\b)|hourly|\b[rt]p[msh]\b"
    r"|(every|/|per|in) ?\d{1,3} ?(s|secs?|seconds?|minutes?)\b"
    r"|concurren|at the same time|simultaneous|parallel|allocated quota|throttling",
    re.IGNORECASE,
)
# A limit under a status of its own, as AWS (400) and GitHub (403) answer it.
_THROTTLED = at_first_use(
    r"rate.?limit\w{0,30} (?:\w{1,30} ){0,2}(?:exceeded|reached|hit)|exceed\w{0,30} (?:\w{1,30} ){0,5}rate.?limit"
    r"|too many requests|\bthrottl(?:ed|ing)",
    re.IGNORECASE,
)
# The same where the status speaks of the request or of rights: the sentence must speak of the account.
_BROKE = at_first_use(
    r"credit balance|(insufficient|not enough|no|out of|used all( available)?) (account )?(balance|credits|funds)"
    r"|spending limit|account.{0,40}(in arrears|overdue|payment|good standing)|\barrearage"
    r"|\u6b20\u8d39|\u4f59\u989d\u4e0d\u8db3",
    re.IGNORECASE,
)
_LINK = at_first_use(r"https?://[^\s\"'<>]+")
_LONGEST = 10_000  # characters that are looked at of a message
_LEAST_SAID = 24  # characters of a word that is no sentence: what stands beside it says more
_TAG = at_first_use(r"<[^<>]+>")
_FILTERED = at_first_use(
    r"content.?(filter|policy|management)|moderat|flagged|safety|inappropriate|data.?inspection|guardrail"
    r"|sensitive (content|word|information)|(violat|against)\w{0,30} .{0,40}polic|\u654f\u611f|\u8fdd\u89c4",
    re.IGNORECASE,
)
# Words beside the sentence of an error, which say what it is where the sentence does not.
_WORD = at_first_use(r'"(?:code|type|status|reason)":\s{0,4}"([^"\\]{1,80})"')
# A refusal of a server that can be asked again: the model went away, and comes back.
_GONE = at_first_use(
    r"model.{0,30}(crashed|unloaded|reload)|(is|still) loading|out of memory|try again (later|shortly|in a)"
    r"|temporarily|\b(engine|worker|runner|process)\b.{0,30}(crash|died|dead|stopped|terminated|exited)",
    re.IGNORECASE,
)
# A model that was taken away for good, whatever the status: no waiting brings it back.
_RETIRED = at_first_use(
    r"\bmodel\b[^.\n]{0,100}\b(?:been|was|is|were|are)\b[^.\n]{0,20}"
    r"\b(?:decommissioned|retired|discontinued|sunset|shut ?down|end.of.life)"
    r"|model_(?:decommissioned|retired|deprecated)",
    re.IGNORECASE,
)
# The same, which a refusal of one field says too: `seed` is deprecated for this model.
_OUTDATED = at_first_use(
    r"\bmodel\b[^.\n]{0,100}\b(?:has been|was|is) (?:now )?"
    r"(?:deprecated|removed|no longer (?:available|supported|served))",
    re.IGNORECASE,
)
# Said beside the advice to ask for less: then waiting may help too.
_LATER = at_first_use(r"(try|retry|come back|again).{0,20}(later|shortly|\bin \d)", re.IGNORECASE)
_PAGE = at_first_use(r"\s{0,100}<(!doctype|html|head|body)\b|error code: 1\d{3}\b", re.IGNORECASE)
# Pages of those that stand before a server: a firewall refuses what it asks, not who.
_WALLS = at_first_use(
    r"cloudflare|cf-ray|akamai|incapsula|imperva|sucuri|aws ?waf|awswaf|fastly|f5 |big-?ip|captcha|ddos"
    r"|web application firewall|error code: 1\d{3}|attention required|just a moment|you have been blocked"
    r"|access denied",
    re.IGNORECASE,
)

_ADVICE = {
    401: "the key is missing or wrong: check `api_key_env`, or log in with `hf auth login`",
    402: "the account must be paid for or topped up",
    403: "this key may not use this model",
    404: "no such model or address there: check `model` and `base_url`",
    410: "the model is gone: name another in `model`",
    405: "this address takes no such requests: check `base_url`, and `task` in the model",
}
# A server may be gone for good behind these; 408, 504 and 524 are gateways that lost patience.
_TIMED_OUT = {408, 504, 524}
_OVERLOADED = {429, 498, 503, 529}
_HEALING = {409, 424, 425, 499, 500, 502, 520, 521, 522, 523, 525, 527, 530}


def of_response(status: int, headers: Mapping[str, str], body: str, *, hide: Hide = scrub, asked: str = "") -> Fault:
    """The fault that a response with an error status is; `hide` takes out of its message what nobody may read.

    `asked` is the address that answered, from which a redirect leads on.
    """
    said = message_in(body, hide)
    message = f"HTTP {status}" + (f": {said}" if said else "")
    gone = (status >= 400 and _RETIRED.search(said)) or (status == 503 and _OUTDATED.search(said))
    if gone and not _LATER.search(said):
        return Fault("down", "refused", f"{message}; {_ADVICE[410]}", status=status)
    if status in _OVERLOADED:
        return _limit(status, headers, body, message)
    after = retry_after(headers)
    if status in _TIMED_OUT:
        return Fault("slow", "timeout", message, status=status, after=after, paid=True)
    if status in _HEALING or status > 505:
        return Fault("heal", "server", message, status=status, after=after)
    words = " ".join([said, *_WORD.findall(body[:_LONGEST])])
    if status in {400, 403} and _THROTTLED.search(words):
        return Fault("slow", "rate_limit", message, status=status, after=_moment(headers, body))
    if _FILTERED.search(words) and status in {400, 403, 422, 451}:
        return Fault("row", "content_filter", message, status=status)
    if status == 403 and (_PAGE.match(body) or "cf-mitigated" in headers) and _WALLS.search(body + " ".join(headers)):
        wall = "a firewall before the server stopped the request, whatever its key: ask who runs it, or leave the VPN"
        return Fault("down", "firewall", f"{message}; {wall}", status=status, tries=2)
    if status in {400, 403} and _BROKE.search(words):
        return Fault("down", "quota", f"{message}; {_ADVICE[402]}", status=status)
    if status == 403 and _CONTEXT.search(body):  # as Together says it
        return Fault("row", "context_length", message, status=status)
    if status in _ADVICE:
        return Fault("down", "refused", f"{message}; {_ADVICE[status]}", status=status)
    if 300 <= status < 400:
        target = hide(led_to(asked, headers.get("Location", ""))) or "another address"
        return Fault("down", "redirect", f"{message}; it sends us to {target}: put that in `base_url`", status=status)
    if status == 413 or _CONTEXT.search(body):
        return Fault("row", "context_length", message, status=status)
    if status == 400 and _GONE.search(said):
        return Fault("heal", "server", message, status=status, after=after)
    return Fault("row", "bad_request", message, status=status)


def _limit(status: int, headers: Mapping[str, str], body: str, message: str) -> Fault:
    """A limit: what no waiting heals fails the row, what passes is waited for, the rest stops the build."""
    seen = _LINK.sub("", f"{body[:_LONGEST]} {message}")  # which may lead to a page about billing
    after = _moment(headers, body)
    if status == 429 and _hopeless(seen, may_pass=after is not None or bool(_LATER.search(seen))):
        return Fault("row", "context_length", message, status=status)
    if status != 429:
        return Fault("slow", "overloaded", message, status=status, after=after)
    # The moment to come back decides, not the words: a free tier tells of its limit per minute as of an empty account.
    if after is None and not _PASSING.search(seen) and (_UNPAID.search(seen) or _PERIOD.search(seen)):
        return Fault("down", "quota", f"{message}; the quota is used up: raise it, or go on later", status=status)
    return Fault("slow", "rate_limit", message, status=status, after=after)


def _hopeless(body: str, *, may_pass: bool) -> bool:
    """Whether one request passes a limit by itself; where it says that it `may_pass`, the numbers alone tell."""
    limit, requested = _LIMIT.search(body), _REQUESTED.search(body)
    if limit and requested:
        return _number(requested[1]) > _number(limit[1])
    if (over := _OVER.search(body)) and "token" in body.lower():
        return _number(over[1]) > _number(over[2])
    return not may_pass and bool(_TOO_LARGE.search(body))


def _number(digits: str) -> int:
    return int(re.sub(r"\D", "", digits))


def _moment(headers: Mapping[str, str], body: str) -> float | None:
    """Seconds until the limit has room again, as a header, a field or a sentence says; None where none does."""
    told = (retry_after(headers), told_in(_json(body), body[:_LONGEST]), limit_pause(headers), limit_reset(headers))
    return next((seconds for seconds in told if seconds is not None), None)


def message_in(body: str, hide: Hide = scrub) -> str:
    """The sentence that an error body carries, in one line of at most 300 characters; HTML tags are left out.

    `hide` sees it before it is cut: half of a secret is one.
    """
    found = _json(body)
    text = _TAG.sub(" ", _seen(body)) if found is _NO_JSON else _sentence(found) + _beside(found)
    return plain(hide(plain(text, _LONGEST)), 300)


_NO_JSON = object()
_SAYING = (
    "error",
    "errors",
    "message",
    "detail",
    "details",
    "msg",
    "status_msg",
    "base_resp",
    "error_description",
    "title",
)


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NO_JSON


def _sentence(found: Any, depth: int = 0) -> str:
    """What an error says: the sentence in its fields, behind the word that stands beside it; else all of it."""
    if isinstance(found, str):
        return found
    if isinstance(found, list) and found and isinstance(found[0], dict | str) and depth < 5:
        return _sentence(found[0], depth + 1)
    if isinstance(found, dict) and depth < 5:
        said = [text for name in _SAYING if found.get(name) and (text := _sentence(found[name], depth + 1))]
        raw = found["metadata"].get("raw") if isinstance(found.get("metadata"), dict) else None
        if said:
            # A word such as "INSUFFICIENT QUOTA", with the sentence in the next field.
            words = said[:2] if len(said[0]) < _LEAST_SAID and len(said) > 1 and said[1] not in said[0] else said[:1]
            return ": ".join([*words, *([raw] if isinstance(raw, str) and raw else [])])
    return json.dumps(found, ensure_ascii=False) if found else ""


def _beside(found: Any) -> str:
    """What a body says in lists and objects of its own names, where its sentence is no more than a word."""
    if not isinstance(found, dict) or not 0 < len(_sentence(found)) < _LEAST_SAID:
        return ""
    rest = {
        name: value for name, value in found.items() if name not in _SAYING and value and isinstance(value, list | dict)
    }
    return f": {json.dumps(rest, ensure_ascii=False)}" if rest else ""


def _seen(page: str) -> str:
    """An HTML page without the parts that nobody sees; what opens one and never closes it is left."""
    for name in ("style", "script", "head"):
        kept, place, low = [], 0, page.lower()
        while (start := low.find(f"<{name}", place)) >= 0 and (end := low.find(f"</{name}", start)) >= 0:
            kept.append(page[place:start])
            place = end
        page = " ".join([*kept, page[place:]])
    return page
