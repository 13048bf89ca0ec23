"""How many of the likeliest tokens of each place a server gives: 20 at most at most of them, 5 at some, 8 at others."""

from __future__ import annotations

import re

from hfsft.letters.late_patterns import at_first_use
from hfsft.models.dialects.refused_request import Body, RefusedRequest

LIMITS = (20, 8, 5, 1)
"""The numbers that are asked for instead of a larger one; the largest that the server allows is taken."""

_TOPIC = at_first_use(
    r"top.?log.?prob|log.?probs? of \d|\b\d{1,4} log.?probs|top_n_tokens|(?:max|sample)\w{0,30} log.?prob",
    re.IGNORECASE,
)
_MOST = at_first_use(
    r"(?:<=?|(?:less|smaller|lower) than(?: or equal to)?|at most|up to|no more than|(?:not|cannot|can't) exceed"
    r"|(?:between|from|range)[^.\n\d]{0,10}\d+\W{1,3}(?:and|to)?|max(?:imum)?(?:[ _]?(?:allowed|value|of|is|limit))*)"
    r"[^\w.\n]{0,3}(\d{1,6})\b",
    re.IGNORECASE,
)


def limit_in(refusal: RefusedRequest, body: Body) -> int | None:
    """Which of `LIMITS` a refusal of too many tokens allows; None where it is no such refusal."""
    asked = body.get("top_logprobs")
    about = any(re.fullmatch(r"(?:body\.)?top_logprobs", way) for way in refusal.named) or refusal.says(_TOPIC)
    if not isinstance(asked, int) or not refusal.plain or not about:
        return None
    found = [int(most) for most in _MOST.findall(refusal.text) if 0 < int(most) < asked]
    return next((limit for limit in LIMITS if found and limit <= min(found)), None)


def at_most(limit: int, body: Body) -> Body:
    """The request for so many of them."""
    return {**body, "top_logprobs": limit}


def more_than(limit: int, body: Body) -> bool:
    """Whether a request asks for more."""
    asked = body.get("top_logprobs")
    return isinstance(asked, int) and asked > limit
