"""Answers in pieces: servers that give no others, or none of these."""

from __future__ import annotations

import re

from hfsft.models.dialects.refused_request import Body, RefusedRequest

SILENCE_SECONDS = 25.0
"""So long without a byte, and then cut: a gateway lost patience (those of today after 29 s and more)."""

# A router that waits in vain says 503, a proxy whose server hung up 502 or 520.
_CUT = {0, 408, 502, 503, 504, 520, 522, 524}
# Others say it in words.
_LATE = re.compile(r"time.?d?.?out|took too long|deadline", re.IGNORECASE)


# Nothing was said of streams in a request for a whole answer: where its refusal speaks of them, they are wanted.
_STREAMS = re.compile(r"(?<!up)(?<!down)stream|\bsynchronous|\u6d41\u5f0f", re.IGNORECASE)
_NO_STREAMS = re.compile(
    r"(?<!non-)(?<!non)\bstream(?:ing|s)?\b(?:(?!only)[^.\n]){0,40}"
    r"(?:not|n't|un)[ -]?(?:yet )?(?:support|allow|avail|enabl|implement)\w{0,30}"
    r"|(?:not|n't|un)[ -]?(?:support|allow)\w{0,30}[^.\n]{0,20}(?<!non-)\bstream(?:ing|s)?\b",
    re.IGNORECASE,
)


def unstreamed(body: Body) -> bool:
    """Whether a whole answer is asked for."""
    return not body.get("stream")


def refuses_whole(refusal: RefusedRequest, _: Body) -> bool:
    """Whether the server, or a gateway before it, hands out answers only in pieces."""
    late = refusal.status in _CUT or (refusal.status >= 500 and bool(_LATE.search(refusal.text)))
    cut = late and refusal.waited > SILENCE_SECONDS
    return (
        cut
        or "stream" in refusal.named
        or (refusal.status == 200 and not refusal.text.strip())
        or (refusal.plain and refusal.says(_STREAMS))
    )


def refuses_pieces(refusal: RefusedRequest) -> bool:
    """Whether answers in pieces are not to be had."""
    return refusal.names("stream", unknown=True) or (refusal.plain and refusal.says(_NO_STREAMS))


def streamed(body: Body) -> Body:
    """The request for an answer in pieces, of which the last tells the tokens."""
    return {**body, "stream": True, "stream_options": {"include_usage": True}}
