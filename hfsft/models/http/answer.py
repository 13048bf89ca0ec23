"""An answer as servers write it, read; nothing here touches a network.

{"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, ...}}
"""

from __future__ import annotations

import json
from typing import Any

from hfsft.errors import unusable
from hfsft.keys import Hide, scrub
from hfsft.models.http import logprobs
from hfsft.models.http.faults import Fault, message_in, of_response
from hfsft.models.http.message import read as message_of
from hfsft.models.http.wire import sendable
from hfsft.models.model import Answer, Request
from hfsft.rows.calls import ShapeError

_MOST_TOKENS = 10**9  # of one exchange; more is no count
# Names for the same end in servers that do not speak quite the same dialect.
_FINISH = {
    "max_tokens": "length",
    "model_length": "length",
    "safety": "content_filter",
    "recitation": "content_filter",
    "refusal": "content_filter",
}


def read(raw: str, hide: Hide = scrub) -> Answer:
    """The answer in a response body, as it is; a Fault, with its message through `hide`, if the body holds none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Fault("heal", "unreadable", f"the body is not JSON: {message_in(raw, hide)[:120]!r}", paid=True) from None
    if not isinstance(found, dict):
        raise Fault("heal", "unreadable", "the body is not a JSON object", paid=True)
    if (error := found.get("error")) and not found.get("choices"):
        code = error.get("code") if isinstance(error, dict) else None
        raise of_response(code if isinstance(code, int) and 400 <= code < 600 else 500, {}, raw, hide=hide)
    choices = found.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        raise Fault("heal", "unreadable", "the body holds no choice", paid=True)
    return _answer(found, first, message)


def _answer(found: dict[str, Any], choice: dict[str, Any], message: dict[str, Any]) -> Answer:
    finish = str(choice.get("finish_reason") or "stop").lower()
    finish = _FINISH.get(finish, finish)
    try:
        said = message_of(message)
    except ShapeError as error:
        raise Fault("heal", "unreadable", f"the answer holds {error}", paid=True) from None
    finish = "content_filter" if said.refused else finish
    usage = found.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    read, written, both = (_count(usage.get(f"{name}_tokens")) for name in ("prompt", "completion", "total"))
    if read is not None and written is not None and both is not None:
        written = max(written, both - read)  # some count what was thought in the total alone
    served = found.get("model")
    return Answer(
        text=said.text,
        reasoning=said.reasoning,
        finish_reason=finish,
        input_tokens=read,
        output_tokens=written,
        model=sendable(served) if isinstance(served, str) else "",
        tool_calls=said.calls,
        logprobs=logprobs.read(choice.get("logprobs")),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS else None


def usable(request: Request, answer: Answer) -> Answer:
    """The answer itself; AnswerError if the row that asked cannot use it, with what would have to change.

    Such an answer was paid for and is kept: no build sends the same request again.
    """
    if answer.finish_reason == "content_filter":
        raise unusable("content_filter", "the model or its provider declined to answer")
    if answer.finish_reason == "length" and not request.accept_cut:
        raise unusable("length", f"cut after {answer.output_tokens or 'its most'} tokens", "raise `max_tokens`")
    if not answer.text.strip() and not (request.tools and answer.tool_calls):
        raise unusable("empty", "the answer holds no text")
    return answer
