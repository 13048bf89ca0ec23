"""Answers in pieces: servers that give no others, or none of these."""

from __future__ import annotations

import re

from hfsft.models.dialects.refused_request import Body, RefusedRequest

SILENCE_SECONDS = 30.0
"""So long without a byte, and then cut: a gateway lost patience, which it may not where pieces come."""

_CUT = {0, 408, 504, 524}


_ONLY_STREAMS = re.compile(
    r"only (?:be )?(?:support|accept|allow|work|avail|call|used)\w*[^.\n]{0,40}stream|stream\w*[^.\n]{0,20}\bonly\b"
    r"|non.?stream\w*[^.\n]{0,50}(?:not|n't|un)[ -]?(?:support|allow|accept|avail|enabl)\w*|for non.?streaming"
    r"|(?:not|n't|un)[ -]?(?:support|allow)\w*[^.\n]{0,30}non.?stream"
    r"|stream\w*['\"`]?[^.\n]{0,30}(?:must|should|needs? to|has to) be[^.\n]{0,20}(?:true|enabled|set|used|on)\b"
    r"|(?:must|please|need to|requires?)\b[^.\n]{0,30}(?:set|enable|use|pass)?[^.\n]{0,15}['\"`]?stream\w*['\"`]?"
    r"(?:\W{1,3}(?:to )?true| mode|ing (?:mode|request))"
    r"|streaming is (?:\w+ )?(?:required|recommended|mandatory)"
    r"|stream\w*\W{1,4}false[^.\n]{0,30}(?:not|un)[ -]?support",
    re.IGNORECASE,
)
_NO_STREAMS = re.compile(
    r"(?<!non-)(?<!non)\bstream(?:ing|s)?\b(?:(?!only)[^.\n]){0,40}"
    r"(?:not|n't|un)[ -]?(?:yet )?(?:support|allow|avail|enabl|implement)\w*"
    r"|(?:not|n't|un)[ -]?(?:support|allow)\w*[^.\n]{0,20}(?<!non-)\bstream(?:ing|s)?\b",
    re.IGNORECASE,
)


def unstreamed(body: Body) -> bool:
    """Whether a whole answer is asked for."""
    return not body.get("stream")


def refuses_whole(refusal: RefusedRequest, _: Body) -> bool:
    """Whether the server, or a gateway before it, hands out answers only in pieces."""
    cut = refusal.status in _CUT and refusal.waited > SILENCE_SECONDS
    return cut or (refusal.status == 200 and not refusal.text.strip()) or refusal.says(_ONLY_STREAMS)


def refuses_pieces(refusal: RefusedRequest) -> bool:
    """Whether answers in pieces are not to be had."""
    return refusal.names("stream", unknown=True) or (refusal.plain and refusal.says(_NO_STREAMS))


def streamed(body: Body) -> Body:
    """The request for an answer in pieces, of which the last tells the tokens."""
    return {**body, "stream": True, "stream_options": {"include_usage": True}}
