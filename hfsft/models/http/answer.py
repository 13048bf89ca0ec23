"""An answer as servers write it, read; nothing here touches a network.

{"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, ...}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from hfsft.keys import Hide, scrub
from hfsft.models.endings import DOUBT, is_cut, named
from hfsft.models.http import logprobs
from hfsft.models.http.faults import Fault, message_in, of_response
from hfsft.models.http.message import read as message_of
from hfsft.models.http.wire import sendable
from hfsft.models.model import Answer
from hfsft.rows.calls import ShapeError

_MOST_TOKENS = 10**9  # of one exchange; more is no count
_MOST_VALUES = 1_500_000  # lists and objects: each takes many times its bytes in memory
_LONGEST_ERROR = 100_000  # characters
# What an error within an answer calls itself, where it has no status: as a response with that status.
_STATUS = (
    (re.compile(r"rate.?limit|too.?many|resource.?exhausted|throttl", re.IGNORECASE), 429),
    (re.compile(r"context|invalid.?request|bad.?request", re.IGNORECASE), 400),
    (re.compile(r"overload|unavailable|capacity", re.IGNORECASE), 503),
)


def read(raw: str, hide: Hide = scrub, *, going_on: bool = False) -> Answer:
    """The answer in a response body, however it ended; a Fault, its message through `hide`, where the body holds none.

    `going_on`: it is what comes behind a raw text, and no message. An error beside what was written so far stands in
    `extra`. Whether it may be kept is asked of `endings.fault_in`.
    """
    found = parsed(raw, hide)
    if not isinstance(found, dict):
        raise Fault("heal", "unreadable", "the body is not a JSON object", paid=True)
    choices = found.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    choice = first if isinstance(first, dict) else {}
    error = _error(found) or _error(choice)
    message = choice.get("message")
    if going_on and message is None and isinstance(choice.get("text"), str):
        message = {"content": choice["text"]}
    if message is None and choice.get("finish_reason"):
        message = {}  # one that was blocked as a whole
    if not isinstance(message, dict):
        if error:
            raise of_response(_status(error), {}, raw, hide=hide)
        told = message_in(raw, hide)[:200] if len(raw) < _LONGEST_ERROR else ""
        raise Fault("heal", "unreadable", f"the body holds no choice{': ' if told else ''}{told}", paid=True)
    answer = _answer(found, choice, message, hide)
    if error:
        said = {"status": _status(error), "body": json.dumps({"error": message_in(json.dumps(error), hide)})}
        return replace(answer, extra={"error": said})
    return answer


def parsed(raw: str, hide: Hide = scrub) -> Any:
    """What a response body says; a Fault where it is not JSON, or would take a hundred times its length in memory."""
    if raw.count("{") + raw.count("[") > _MOST_VALUES:
        said = "its answer holds more lists and objects than any model's: is `base_url` right?"
        raise Fault("row", "too_long", said, paid=True)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        said = f"the body is not JSON: {message_in(raw[:_LONGEST_ERROR], hide)[:120]!r}"
        raise Fault("heal", "unreadable", said, paid=True) from None


def error_instead(found: Any, raw: str, hide: Hide = scrub) -> Fault | None:
    """The fault that a body tells of with the status of an answer; None where it tells of none."""
    error = _error(found) if isinstance(found, dict) else None
    return of_response(_status(error), {}, raw, hide=hide) if error else None


def _error(found: dict[str, Any]) -> Any:
    """What stands in an answer in place of one: an error, or the sentence of a gateway that counts its statuses."""
    if error := found.get("error"):
        return error
    status = found.get("base_resp")
    return status if isinstance(status, dict) and status.get("status_code") else None


def _status(error: Any) -> int:
    """The HTTP status that an error within a body is like; 500 where it says nothing of it."""
    if isinstance(error, dict):
        for name in ("code", "status", "status_code", "http_code"):
            value = str(error.get(name, ""))
            if re.fullmatch(r"[45]\d\d", value):
                return int(value)
    said = json.dumps(error, ensure_ascii=False)
    return next((status for pattern, status in _STATUS if pattern.search(said)), 500)


def _answer(found: dict[str, Any], choice: dict[str, Any], message: dict[str, Any], hide: Hide) -> Answer:
    served = found.get("model")
    try:
        said = message_of(message, served if isinstance(served, str) else "")
    except ShapeError as error:
        raise Fault("heal", "unreadable", f"the answer holds {error}", paid=True) from None
    finish = "content_filter" if said.refused else named(str(choice.get("finish_reason") or ""))
    usage = found.get("usage")
    read, written, thought, cached = tokens(usage if isinstance(usage, dict) else {})
    if not read and not written:  # no exchange takes nothing: such a server counts none
        read = written = None
    return Answer(
        text=said.text,
        reasoning=said.reasoning,
        finish_reason=finish if finish == "stop" else sendable(hide(finish)),
        input_tokens=read,
        output_tokens=written,
        model=sendable(served) if isinstance(served, str) else "",
        # A thought that was cut with its answer is no doubt: the ending tells.
        extra={DOUBT: said.doubt} if said.doubt and not (said.unended and is_cut(finish)) else {},
        tool_calls=said.calls,
        logprobs=logprobs.read(choice.get("logprobs")),
        reasoning_tokens=thought,
        cached_tokens=cached,
    )


class TokenCounts(NamedTuple):
    """What one exchange took, by all that its server says: `None` where it says nothing of it."""

    read: int | None  # those that were cached too
    written: int | None  # those that were thought too
    thought: int | None
    cached: int | None  # of those read, at the price of cached ones


def tokens(usage: Mapping[str, Any]) -> TokenCounts:
    """The counts of a `usage`; where two of its numbers disagree, the larger counts.

    Thoughts are among `completion_tokens` at some servers, beside them at others, or in the total alone; what a cache
    held is among `prompt_tokens` or beside them.
    """
    read, written, both = (
        next((found for name in names if (found := as_count(usage.get(name))) is not None), None)
        for names in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"), ("total_tokens",))
    )
    thought = _beside(
        usage,
        ("completion_tokens_details", "output_tokens_details"),
        ("reasoning_tokens", "thinking_tokens", "thoughts_tokens", "thoughts_token_count"),
    )
    cached = _beside(
        usage,
        ("prompt_tokens_details", "input_tokens_details"),
        ("cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens"),
    )
    made = _beside(usage, ("prompt_tokens_details",), ("cache_creation_input_tokens", "cache_creation_tokens")) or 0
    if read is not None and (beside := (cached or 0) + made):
        # Anthropic counts what its cache held or took apart from `input_tokens`.
        apart = "input_tokens" in usage and "prompt_tokens" not in usage and "cache_read_input_tokens" in usage
        told = both is not None and both - beside - read in ((written or 0), (written or 0) + (thought or 0))
        read += beside if apart or read < beside or told else 0
    if both is not None and written is None and read is not None:
        written = max(0, both - read)
    if written is not None:
        if read is not None and both is not None:
            written = max(written, both - read)  # some count what was thought in the total alone
        if thought is not None and thought > written:
            written += thought
    return TokenCounts(read, written, thought, None if cached is None else min(cached, read or 0))


def _beside(usage: Mapping[str, Any], groups: Sequence[str], names: Sequence[str]) -> int | None:
    """The largest count by one of the names, at the top or in one of the groups; None where there is none."""
    most: int | None = None
    for place in (usage, *map(usage.get, groups)):
        if not isinstance(place, dict):
            continue
        for name in names:
            if name in place and (count := as_count(place[name])) is not None and (most is None or count > most):
                most = count
    return most


def as_count(value: Any) -> int | None:
    """A value as a number of tokens, None where it is none; some servers write it as a text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if value is None or isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST_TOKENS:
        return None
    return int(value) if value == int(value) else None
