"""Token probabilities as servers write them, read.

{"content": [{"token": " 4", "logprob": -0.1, "top_logprobs": [{"token": " 4", "logprob": -0.1}, ...]}, ...]}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hfsft.models.http.wire import sendable
from hfsft.models.model import TokenProbability

NONE = -9999.0
"""The log probability of what cannot be, as servers write it for which minus infinity is no JSON."""
_DIGITS = 4  # of a log probability after the point: more take room, and say nothing


def read(found: Any) -> tuple[TokenProbability, ...]:
    """The places of an answer, from the `logprobs` of its choice; none where it holds none, or what is no number."""
    if not isinstance(found, Mapping):
        return ()
    listed = found.get("content")
    if not isinstance(listed, list):
        return _older(found)
    places = []
    for place in listed:
        token = _token(place)
        if token is None:
            return ()
        top = place.get("top_logprobs")
        likeliest = [_token(one) for one in top] if isinstance(top, list) else []
        places.append(TokenProbability(*token, tuple(one for one in likeliest if one is not None)))
    return tuple(places)


def _older(found: Mapping[str, Any]) -> tuple[TokenProbability, ...]:
    """As text completions have them, and chats of some servers: lists side by side, one of objects token -> its own."""
    tokens, logprobs, tops = (found.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not isinstance(tokens, list) or not isinstance(logprobs, list) or len(tokens) != len(logprobs):
        return ()
    tops = tops if isinstance(tops, list) and len(tops) == len(tokens) else [None] * len(tokens)
    places = []
    for token, logprob, top in zip(tokens, logprobs, tops, strict=True):
        pairs = top.items() if isinstance(top, Mapping) else ()
        place = _token({"token": token, "logprob": logprob})
        if place is None:
            return ()
        likeliest = (_token({"token": name, "logprob": value}) for name, value in pairs)
        places.append(TokenProbability(*place, tuple(one for one in likeliest if one is not None)))
    return tuple(places)


def _token(found: Any) -> tuple[str, float] | None:
    """A token and its log probability; None where one of them is missing."""
    token, logprob = (found.get("token"), found.get("logprob")) if isinstance(found, Mapping) else (None, None)
    if not isinstance(token, str) or isinstance(logprob, bool):
        return None
    if logprob is None:  # as JSON has no infinity
        return sendable(token), NONE
    if not isinstance(logprob, int | float) or math.isnan(logprob):
        return None
    return sendable(token), round(min(0.0, max(NONE, float(logprob))), _DIGITS)
